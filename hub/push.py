"""A model folder -> the user's own repository on the hub, as a branch for its revision.

    python run.py --push --model_path models/mine --repo me/pages -rev v1

What will be uploaded is shown first. A revision that is there is left as it is, unless `--overwrite` is given.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from encoders.card import gaps
from encoders.earlier import is_checkpoint, is_model_folder
from hub import client
from hub.command import Push
from hub.convert import described
from hub.pull import SOURCE, SUFFIXES
from utils import UserError, printable

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd

    from settings.schema import Settings

REPO = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
REVISION = re.compile(r"[A-Za-z0-9][\w.-]*")
LEFT = (".gitattributes",)  # the hub's own file in every repository
BINARY = (".safetensors", ".onnx", ".png", ".model")


def run_push(settings: Settings, job: Push) -> int:
    """Upload `--model_path` to `--repo` as the revision `-rev` (main where none is given); 0.

    Raises UserError, before anything is written there: no complete model folder, no login, a revision that is there.
    """
    folder = job.folder
    if not is_model_folder(folder):
        hint = ": make a complete one of it with --convert" if folder.exists() and is_checkpoint(folder) else ""
        raise UserError(f"--push takes a complete model folder, and {printable(str(folder))} is none{hint}")
    repo, revision = target_of(job.repo, job.revision, ("--repo", "-rev"), job.title)
    files = files_of(folder)
    from classifier import PageClassifier

    classifier = PageClassifier.from_pretrained(folder)  # nothing broken is handed on
    repo = push_files(
        folder, files, repo, revision, settings,
        told=described(classifier), card=classifier.card, overwrite=job.overwrite, flag="-rev",
    )  # fmt: skip
    print(f"pull it elsewhere: {job.command_with('--hf', '--repo', repo, '-rev', revision)}")
    return 0


def target_of(repo: str, revision: str, flags: tuple[str, str], what: str) -> tuple[str, str]:
    """Repository and revision. flags: of both; what: the job. UserError: not so written, no login."""
    repo = re.sub(r"^https?://[^/]+/", "", repo.strip()).strip("/")
    revision = revision or "main"
    if not REPO.fullmatch(repo):
        raise UserError(
            f"{flags[0]} {printable(repo)}: a repository on the hub is written owner/name, or name for your own"
        )
    if not REVISION.fullmatch(revision):
        raise UserError(f"{flags[1]} {printable(revision)}: a revision to push is letters, digits, points, - and _")
    if client.token() is None:
        raise UserError(f"{what} needs a login: {client.LOGIN} (to a token that may write)")
    return repo, revision


def push_files(
    folder: Path,
    files: list[Path],
    repo: str,
    revision: str,
    settings: Settings,
    *,
    told: Sequence[str],
    card: str,
    overwrite: bool,
    flag: str,
) -> str:
    """Upload a folder's files as a revision, once it was said what they are; the repository with its owner.

    told: lines about the model; card: its README; flag: that names the revision. UserError: a revision that is there.
    """
    with client.online(), client.explained(f"pushing to {repo}", repo):
        from huggingface_hub.errors import RepositoryNotFoundError

        api = client.api()
        repo = repo if "/" in repo else f"{api.whoami()['name']}/{repo}"
        try:
            refs: dict[str, str] | None = client.revisions(repo)
        except RepositoryNotFoundError:
            refs = None
        total = sum(file.stat().st_size for file in files)
        kind = "" if refs is not None else f", a new {'private' if settings.hf.private else 'public'} repository"
        print(
            f"pushing {printable(str(folder))} to {repo}{kind}, revision {revision}: "
            f"{len(files)} files, {total / 1e6:.1f} MB"
        )
        for file in files:
            print(f"  {file.stat().st_size:>12,}  {printable(file.name)}")
        for line in told:
            print(line)
        if missing := gaps(card):
            print(f"note: its card (README.md) says nothing on: {', '.join(missing)}")
        _may_write(repo, revision, refs, overwrite=overwrite, flag=flag)
        _upload(repo, revision, refs, files, settings)
    print(f"pushed: {client.endpoint()}/{repo}/tree/{revision}")
    return repo


def _may_write(repo: str, revision: str, refs: dict[str, str] | None, *, overwrite: bool, flag: str) -> None:
    """UserError where the revision is there and holds something, and the user has not said --overwrite."""
    if refs is None or revision not in refs:
        return
    if revision in client.tags(repo):
        raise UserError(f"{repo} has a tag {revision}, and tags are not moved: choose another {flag}")
    if overwrite or not [file for file in client.files(repo, refs[revision]) if file.path not in LEFT]:
        return
    existing = ", ".join(sorted(refs))
    raise UserError(
        f"{repo} has a revision {revision} already, and it is left as it is: choose another {flag} (there are: "
        f"{existing}), or replace it with --overwrite"
    )


def _upload(repo: str, revision: str, refs: dict[str, str] | None, files: list[Path], settings: Settings) -> None:
    """Upload in one commit: the revision is the old one or the new one. A branch made for nothing goes again."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    api = client.api()
    if refs is None:
        api.create_repo(repo, private=settings.hf.private, exist_ok=True)
        refs = client.revisions(repo)
    added: list[CommitOperationAdd] = [CommitOperationAdd(file.name, str(file)) for file in files]
    start = refs.get(revision) or refs["main"]
    api.preupload_lfs_files(repo, added, revision=revision if revision in refs else "main", free_memory=False)
    names = {file.name for file in files}
    old = [file.path for file in client.files(repo, start) if file.path not in names and file.path not in LEFT]
    new = revision not in refs
    if new:
        api.create_branch(repo, branch=revision, revision="main")
    try:
        api.create_commit(
            repo,
            [*added, *(CommitOperationDelete(name) for name in old)],
            commit_message=f"Revision {revision}",
            revision=revision,
            parent_commit=start,
        )
    except BaseException:
        if new:
            with suppress(OSError, ValueError, RuntimeError), client.explained("", repo):
                api.delete_branch(repo, branch=revision)
        raise


def files_of(folder: Path) -> list[Path]:
    """The files of the folder that are the model; UserError where one of them holds a token."""
    files = sorted(
        file
        for file in folder.iterdir()
        if file.is_file() and file.name[0] != "." and file.suffix in SUFFIXES and file.name != SOURCE
    )
    for file in files:
        text = file.suffix not in BINARY and file.read_text("utf-8", errors="replace")
        if text and client.TOKEN.search(text):
            raise UserError(
                f"{printable(str(file))} holds an access token: take it out, and revoke it if others could read it"
            )
    return files
