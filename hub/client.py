"""What is said to the Hugging Face hub: revisions and files, a download that goes on where it was cut, one-line errors.

    with online(), told("pulling owner/name", "owner/name"):
        commits = revisions("owner/name")                               # {"main": "3fa9...", "v1.1.3.7": ...}
        download("owner/name", commits["main"], files("owner/name", commits["main"]), Path("models/.pull"))

Only `--hf` and `--push` come here. Nothing else in the project opens a connection: run.py sets HF_HUB_OFFLINE, and
`online` lifts that for as long as one of the two talks. The token comes from HF_TOKEN or the hub client's own login,
and never stands in a line that is printed.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from output.progress import Progress
from utils import UserError, printable

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{8,}")
TRIES = 3  # in a row without a new byte, 1 and 2 seconds apart, before a download gives up
TIMEOUT = 20.0  # seconds without a byte that count as a cut
MEGABYTE = 1_000_000
LOGIN = "log in with `hf auth login`, or set HF_TOKEN"


class HubError(UserError):
    """The hub or the way to it failed; what was loaded so far is kept, and the same command goes on with it."""


@dataclass(frozen=True)
class HubFile:
    """A file of a revision. sha256: of its content, "" for a small file, whose blob (git's SHA-1) tells instead."""

    path: str
    size: int
    blob: str
    sha256: str


def endpoint() -> str:
    """The hub's address: HF_ENDPOINT, else that of huggingface.co."""
    from huggingface_hub import constants

    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def token() -> str | None:
    """The token of HF_TOKEN or of the hub client's login, None where there is neither."""
    from huggingface_hub import get_token

    stored = get_token()
    if stored and not stored.isascii():  # the client would quote a part of it
        raise UserError("the hub's token (HF_TOKEN, or that of `hf auth login`) holds letters that no token has")
    return stored


def api() -> HfApi:
    """The hub client; without a login it asks as anybody."""
    from huggingface_hub import HfApi

    return HfApi(endpoint=endpoint(), token=token() or False)


@contextmanager
def online() -> Iterator[None]:
    """Let the hub client open connections, as only the hub commands do."""
    from huggingface_hub import constants
    from huggingface_hub.utils import logging

    offline, verbosity = constants.HF_HUB_OFFLINE, logging.get_verbosity()
    constants.HF_HUB_OFFLINE = False
    logging.set_verbosity_error()  # each of its attempts would be a line; ours comes at the end
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = offline
        logging.set_verbosity(verbosity)


@contextmanager
def explained(doing: str, repo: str, again: str = "") -> Iterator[None]:
    """Whatever the hub or the network does wrong is one `HubError` line. again: what the user can do then."""
    from huggingface_hub.errors import HTTPError

    try:
        yield
    except UserError:
        raise
    except HTTPError as error:  # HfHubHTTPError too: the hub's answers
        raise HubError(_clean(_line(error, doing, repo, again))) from error
    except (RuntimeError, ValueError) as error:  # the client wraps what an upload met; bad names and metadata
        cause = error.__cause__
        if isinstance(cause, HTTPError):
            raise HubError(_clean(_line(cause, doing, repo, again))) from error
        raise HubError(_clean(f"{doing}: {_first_line(error)}{again}")) from error
    except OSError as error:
        network = isinstance(error, ConnectionError | TimeoutError | socket.gaierror) or error.errno is None
        if not network:
            raise  # a full disk, a folder without permission: not the hub's
        raise HubError(_clean(f"{doing}: {_first_line(error)}{again}")) from error


def revisions(repo: str) -> dict[str, str]:
    """The branches and tags of a repository -> their commits; branches first where both have one name."""
    refs = api().list_repo_refs(repo)
    return {ref.name: ref.target_commit for ref in (*refs.tags, *refs.branches)}


def tags(repo: str) -> set[str]:
    """The names of the tags alone."""
    return {ref.name for ref in api().list_repo_refs(repo).tags}


def files(repo: str, commit: str) -> list[HubFile]:
    """The files at the top of a revision; folders are not looked into."""
    from huggingface_hub.hf_api import RepoFile

    return [
        HubFile(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else "")
        for entry in api().list_repo_tree(repo, revision=commit)
        if isinstance(entry, RepoFile) and "/" not in entry.path and "\\" not in entry.path
    ]


def missing_bytes(wanted: Sequence[HubFile], folder: Path) -> int:
    """How much of the files has still to be loaded into `folder`."""
    return sum(file.size for file in wanted if not _is_whole(folder, file)) - sum(
        min(file.size, _size(_part(folder, file))) for file in wanted if not _is_whole(folder, file)
    )


def download(repo: str, commit: str, wanted: Sequence[HubFile], folder: Path, *, quiet: bool = True) -> None:
    """Load the files into `folder`, each checked against the hub's checksum; what is there already is not loaded again.

    A file grows as `<name>.part` and has its name only when it is whole; a second call goes on with the parts.

    Raises HubError for a file that arrives damaged, else what the client and the disk raise (see `told`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = missing_bytes(wanted, folder)
    with Progress(-(-left // MEGABYTE), unit="megabyte", quiet=quiet, label="loading") as progress:
        tick = _Megabytes(progress)
        for file in wanted:
            if _is_whole(folder, file):
                continue
            part = _part(folder, file)
            _load(f"{endpoint()}/{repo}/resolve/{commit}/{file.path}", part, file.size, tick)
            if not _checks(part, file):
                part.unlink(missing_ok=True)
                raise HubError(f"{repo}: {file.path} arrived damaged: the same command loads it again")
            part.replace(folder / file.path)


def _load(url: str, part: Path, size: int, tick: _Megabytes) -> None:
    """Let `part` grow to `size` bytes; after a cut the rest is asked for, as long as something still arrives."""
    from huggingface_hub import get_session
    from huggingface_hub.errors import HfHubHTTPError, HTTPError
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    headers = build_hf_headers(token=token() or False) | {
        "Accept-Encoding": "identity"
    }  # else there are no byte ranges
    tries = 0
    while True:
        have = _size(part)
        if have > size:
            part.unlink()
            have = 0
        if have == size:
            part.touch()
            return
        ranged = headers | ({"Range": f"bytes={have}-"} if have else {})
        failure: Exception | None = None
        try:
            with get_session().stream("GET", url, headers=ranged, timeout=TIMEOUT) as response:
                hf_raise_for_status(response)
                with part.open("ab" if have and response.status_code == 206 else "wb") as file:
                    for chunk in response.iter_bytes():
                        file.write(chunk)
                        tick.advance(len(chunk))
                        if file.tell() > size:
                            break
        except HfHubHTTPError as error:
            if error.response.status_code < 500:
                raise
            failure = error
        except HTTPError as error:
            failure = error
        tries = 0 if _size(part) > have else tries + 1
        if tries >= TRIES:
            raise failure or HubError(f"{url.rsplit('/', 1)[-1]}: the hub sends less than it announced")
        if failure is not None:
            time.sleep(max(1, tries))


class _Megabytes:
    """Counts bytes towards a bar of whole megabytes."""

    def __init__(self, progress: Progress) -> None:
        self.progress, self.rest = progress, 0

    def advance(self, count: int) -> None:
        whole, self.rest = divmod(self.rest + count, MEGABYTE)
        if whole:
            self.progress.advance(whole)


def _part(folder: Path, file: HubFile) -> Path:
    return folder / f"{file.path}.part"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _is_whole(folder: Path, file: HubFile) -> bool:
    return (folder / file.path).is_file() and _size(folder / file.path) == file.size  # checked when it got its name


def _checks(path: Path, file: HubFile) -> bool:
    """Whether the content is what the hub says: SHA-256 of large files, git's blob hash of small ones."""
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)
    with path.open("rb") as content:
        while block := content.read(1 << 20):
            digest.update(block)
    return digest.hexdigest() == (file.sha256 or file.blob)


def _line(error: Exception, doing: str, repo: str, again: str) -> str:
    """One line for an answer of the hub, or for none."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if status is None:
        return f"{doing}: no answer from {endpoint()} ({_first_line(error)}): is there a network?{again}"
    who = "your login may read" if token() else f"can be read without a login ({LOGIN} if it is private)"
    if isinstance(error, GatedRepoError):
        why = f"{repo} is gated: accept its terms on {endpoint()}/{repo}, and {LOGIN}"
    elif isinstance(error, RepositoryNotFoundError):
        why = f"{endpoint()} has no repository {repo} that {who}: check the name"
    elif status == 401:
        why = f"the hub does not accept the token (401): {LOGIN} anew"
    elif status == 403:
        why = f"the login may not do that (403): it needs a token that may write to {repo}"
    elif status in (409, 412):
        why = f"{repo} was changed by somebody else meanwhile ({status}): look at it, then start again"
    elif status == 429:
        why = "the hub wants fewer requests (429): wait some minutes"
    elif status >= 500:
        why = f"the hub has a fault of its own ({status}): try again later"
    else:
        said = getattr(error, "server_message", None) or response.headers.get("X-Error-Message") or _first_line(error)
        why = f"the hub answers {status}: {said}"
    return f"{doing}: {why}{again}"


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


def _clean(text: str) -> str:
    """The text without any token."""
    secret = token()
    if secret:
        text = text.replace(secret, "<token>")
    return printable(TOKEN.sub("<token>", " ".join(text.split())))
