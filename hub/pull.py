"""Models from the hub and to it: `--hf` pulls a revision, whole or not at all; `--push` uploads a model folder.

    python run.py --hf -rev v1.1                        # the newest published v1.1 -> models/ViT-B16_rev_v1.1.3.7
    python run.py --hf -m ViT-L/14 -d pages/            # that base's revision, if it is not there yet; then sort
    python run.py --hf --zero_shot -m ViT-B/32          # the untuned base -> models/ViT-B32_rev_untuned
    python run.py --push --model_path models/mine --repo me/pages -rev v1

Files are loaded into a hidden folder beside the models, made complete and loaded once there, then renamed: a model is
there as a whole or not at all, and whatever is used afterwards needs no network.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoders.choosing import (
    BASES,
    HUB_ID,
    UNKNOWN,
    UNTUNED,
    canonical_base,
    check_revision_fits,
    file_name_of_base,
    list_models,
    revision_begins,
    revision_numbers,
)
from encoders.descriptions import chosen_descriptions
from encoders.earlier import PAGE_CLASSIFIER
from encoders.heads import is_head, plain_folder
from hub import client
from hub.client import HubError, HubFile
from hub.command import Pull
from hub.convert import BESIDE_WEIGHTS, described, licence_beside, ready_base, save_earlier, with_graphs
from output.files import json_if_whole
from output.work import WorkFolder
from settings.command import ModelRequest
from utils import UserError, did_you_mean, printable

if TYPE_CHECKING:
    from classifier import PageClassifier
    from settings.schema import Settings

SOURCE = "hub.json"  # in a pulled folder: repo, revision, commit
GOES_ON = "; the same command goes on with what is there"
SUFFIXES = (".json", ".safetensors", ".txt", ".model", ".md", ".jsonl", ".csv", ".tsv", ".png", ".onnx")
WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json")
TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "special_tokens_map.json",
)
TOKENIZER_MODELS = ("spiece.model", "tokenizer.model")
SPARE = 50_000_000  # bytes that stay free on the disk


@dataclass(frozen=True)
class Wanted:
    """What is pulled. revision: as on the hub; base: its code, "" where only the model itself will tell."""

    repo: str
    revision: str
    commit: str
    base: str
    untuned: bool


def run_pull(settings: Settings, job: Pull) -> int:
    """Pull what `--hf` means, unless it is there; then sort the pages, if there are any. The exit code."""
    folder = pull(settings, job)
    if job.sorting is None:
        return 0
    from sorting.job import run_prediction

    if settings.setup.zero_shot and job.model.path is None:
        return run_prediction(settings, job.sorting)
    return run_prediction(settings, replace(job.sorting, model=ModelRequest(path=folder)))


def pull(settings: Settings, job: Pull) -> Path:
    """Pull what `--hf` means, unless it is there; the model folder. `--model_path` names it, else base and revision.

    Raises UserError: no such revision (with those that there are), one that does not fit `-m`, no network, no room.
    """
    untuned = settings.setup.zero_shot
    repo, base = _untuned_base(settings, job) if untuned else (_repo(settings.hf.repo), canonical_base(job.model.base))
    asked = "" if untuned else _asked(settings, job, base)
    if untuned:
        target = job.model.path or settings.setup.model_dir / f"{file_name_of_base(base)}_rev_{UNTUNED}"
        if (target / "config.json").is_file():
            return _stands(target, job, repo, "", base)
    elif job.model.path is None and (existing := _existing_folder(settings, asked, base, exact=True)):
        return _stands(existing, job, repo, "")
    with client.online():
        with client.explained(f"pulling {repo}", repo):
            refs = client.revisions(repo)
        revision = revision_of(asked or "main", refs, repo)
        if not untuned:
            check_revision_fits(revision, base, settings.hf.revisions)
            if job.model.path is None and (existing := _existing_folder(settings, revision, base)):
                return _stands(existing, job, repo, refs[revision])
        if job.model.path is not None and job.model.path.exists():
            raise UserError(f"{_shown(job.model.path)} exists already; a model folder is never written over")
        return _pull(Wanted(repo, revision, refs[revision], base, untuned), settings, job)


def _pull(wanted: Wanted, settings: Settings, job: Pull) -> Path:
    """Load the files, make the folder, load it once, put it in its place."""
    models = job.model.path.absolute().parent if job.model.path else settings.setup.model_dir
    doing = f"pulling {wanted.revision} of {wanted.repo}"
    with staging_of(models, wanted) as staging:
        with client.explained(doing, wanted.repo, GOES_ON):
            listed = {file.path: file for file in client.files(wanted.repo, wanted.commit)}
        ours = PAGE_CLASSIFIER in listed and not wanted.untuned
        files = _needed(listed, wanted, ours)
        left, whole = client.missing_bytes(files, staging / "files"), sum(file.size for file in files)
        copy = 0 if ours else 2 * whole  # half-precision weights are widened
        free = shutil.disk_usage(staging).free
        if free < left + copy + SPARE:
            raise OSError(errno.ENOSPC, f"{_megabytes(left + copy)} are needed, {_megabytes(free)} are free")
        begun = f", {_megabytes(whole - left)} of it are there" if left < whole else ""
        if not settings.setup.quiet:
            print(f"{doing} (commit {wanted.commit[:8]}): {_megabytes(whole)}{begun}", flush=True)
        with client.explained(doing, wanted.repo, GOES_ON):
            client.download(wanted.repo, wanted.commit, files, staging / "files", quiet=settings.setup.quiet)
        ready, classifier = _complete(staging, wanted, settings, ours, job.model.path.name if job.model.path else "")
        _write_json(ready / SOURCE, {"repo": wanted.repo, "revision": wanted.revision, "commit": wanted.commit})
        base = canonical_base(job.model.base) if job.model.base else ""
        if base and classifier.base != UNKNOWN and canonical_base(classifier.base) != base:
            raise UserError(
                f"revision {wanted.revision} of {wanted.repo} is on {classifier.base}, not on {printable(base)}: "
                "leave -m out"
            )
        target = job.model.path or models / folder_name(classifier.base, wanted)
        if target.exists():
            raise UserError(f"{_shown(target)} exists already; rename it, or pull elsewhere with --model_dir")
        ready.rename(target)
    print(f"pulled {wanted.revision} of {wanted.repo} into {_shown(target)}")
    for line in [f"  base {wanted.base}, untuned"] if wanted.untuned else described(classifier):
        print(line)
    _how_to_use(target, job, wanted.base if wanted.untuned else "")
    return target


def _complete(staging: Path, wanted: Wanted, settings: Settings, ours: bool, name: str) -> tuple[Path, PageClassifier]:
    """Make a complete folder of what was loaded; the folder, and what it holds as it loads from there."""
    from classifier import PageClassifier

    files, ready = staging / "files", staging / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    if ours:
        values = json.loads((files / PAGE_CLASSIFIER).read_text(encoding="utf-8"))
        _write_json(files / PAGE_CLASSIFIER, values | {"revision": wanted.revision})
        return with_graphs(files, PageClassifier.from_pretrained(files))
    config = json.loads((files / "config.json").read_text(encoding="utf-8"))
    if wanted.untuned:
        return ready_base(
            files, ready, None if plain_folder(files) else _tokenizer(files, wanted, settings), wanted.base
        )
    base = wanted.base or _base_of_revision(wanted.revision, settings.hf.revisions)
    source = f"revision `{wanted.revision}` of [{wanted.repo}]({client.endpoint()}/{wanted.repo})"
    if is_head(files):
        classifier = PageClassifier.from_head(files, chosen_descriptions(settings), wanted.base)
    elif "categories" not in config:
        raise UserError(
            f"{wanted.revision} of {wanted.repo} is no page classifier (no categories in its config.json); an untuned "
            f"base is pulled with --hf --zero_shot -m {wanted.repo}"
        )
    else:
        classifier = PageClassifier.from_checkpoint(files, None, _tokenizer(files, wanted, settings), base)
        classifier.base = base if classifier.base == files.name else classifier.base
    named = name or folder_name(classifier.base, wanted)
    licence = licence_beside(files)
    save_earlier(classifier, ready, revision=wanted.revision, source=source, licence=licence, name=named)
    return ready, PageClassifier.from_pretrained(ready)


def _tokenizer(files: Path, wanted: Wanted, settings: Settings) -> Path | None:
    """The tokenizer folder for weights that come without: `--tokenizer`, else its base's, from the hub or its cache."""
    from encoders.towers import STANDARD_TOKENIZERS, STANDARD_VOCABULARY, cached, has_tokenizer

    if has_tokenizer(files):
        return None
    if settings.setup.tokenizer is not None:
        return settings.setup.tokenizer
    if wanted.untuned:
        return None  # a base brings its own: the loader says that it is missing
    if (rows := _vocabulary(files)) not in (0, STANDARD_VOCABULARY):
        raise HubError(  # its files are kept
            f"{wanted.revision} of {wanted.repo} has no tokenizer, and its {rows} token ids are not CLIP's "
            f"{STANDARD_VOCABULARY}: give its own with --tokenizer DIR"
        )
    if any(map(cached, STANDARD_TOKENIZERS)):
        return None
    base = wanted.base or _base_of_revision(wanted.revision, settings.hf.revisions)
    repo, folder = BASES.get(base, STANDARD_TOKENIZERS[0]), files.parent / "tokenizer"
    with client.explained(f"getting the tokenizer of {repo}", repo, f" (or give one with --tokenizer DIR){GOES_ON}"):
        commit = client.revisions(repo)["main"]
        tokenizer_files = [file for file in client.files(repo, commit) if file.path in TOKENIZER]
        client.download(repo, commit, tokenizer_files, folder)
    return folder


def _vocabulary(files: Path) -> int:
    """Rows of an earlier checkpoint's token embedding, 0 where it has none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(files / "model.safetensors", "pt") as weights:
            return weights.get_slice("model.token_embedding.weight").get_shape()[0]
    except (OSError, SafetensorError):
        return 0


def _needed(listed: Mapping[str, HubFile], wanted: Wanted, ours: bool) -> list[HubFile]:
    """The files of a revision that make the model; no code and no pickle, except a base's only weights."""
    if ours:
        names = [name for name in listed if name.endswith(SUFFIXES) and name[0] != "." and name != SOURCE]
    else:
        weights = [name for name in listed if WEIGHTS.fullmatch(name)]
        if not weights and wanted.untuned and "pytorch_model.bin" in listed:
            weights = ["pytorch_model.bin"]
        names = [name for name in (*BESIDE_WEIGHTS, *TOKENIZER, *TOKENIZER_MODELS) if name in listed] + weights
        if "config.json" not in listed or not weights:
            held = ", ".join(sorted(listed)[:8]) or "nothing"
            raise UserError(f"{wanted.revision} of {wanted.repo} holds no model (there: {printable(held)})")
    return sorted((listed[name] for name in names), key=lambda file: (file.size, file.path))


@contextmanager
def staging_of(models: Path, wanted: Wanted) -> Iterator[Path]:
    """The hidden folder of one pull: kept where the network failed or the user interrupted, else removed at the end."""
    start = f".pull_{re.sub(r'[^A-Za-z0-9.-]+', '-', f'{wanted.repo}_{wanted.revision}')}_"
    work = WorkFolder(models / f"{start}{wanted.commit[:12]}")
    keep = False
    try:
        work.folder.mkdir(parents=True, exist_ok=True)
        if not work.take():
            keep = True
            raise UserError(f"another process is pulling {wanted.revision} of {wanted.repo} just now")
        for other in models.glob(f"{start}*"):  # of a commit that the revision no longer is
            if other != work.folder:
                shutil.rmtree(other, ignore_errors=True)
        try:
            yield work.folder
        except (HubError, KeyboardInterrupt):
            keep = True
            raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UserError(f"no room in {_shown(models)}: {error.strerror}; nothing was left there") from error
        why = error.strerror or str(error)
        raise UserError(f"{_shown(models)} cannot be written ({why}): give another --model_dir") from error
    finally:
        if keep:
            work.release()
        else:
            work.remove()


def folder_name(base: str, wanted: Wanted) -> str:
    """`ViT-B16_rev_v1.1.3.7`."""
    revision = UNTUNED if wanted.untuned else re.sub(r"[^A-Za-z0-9.-]+", "-", wanted.revision)
    return f"{file_name_of_base(base)}_rev_{revision}"


def _asked(settings: Settings, job: Pull, base: str) -> str:
    """The revision that is meant: `-rev`, else that of `-m` in `[hf] latest`, else `[hf] revision`."""
    if job.model.revision:
        check_revision_fits(job.model.revision, base, settings.hf.revisions)
        return job.model.revision
    if not job.model.base:
        return settings.hf.revision
    if base not in settings.hf.latest:
        known = ", ".join(settings.hf.latest)
        hint = did_you_mean(job.model.base, settings.hf.latest)
        raise UserError(
            f"-m {printable(job.model.base)}: [hf] latest names no revision of that base (it has {known}){hint}; give "
            "one with -rev, or pull the untuned base with --zero_shot"
        )
    return settings.hf.latest[base]


def revision_of(asked: str, refs: Mapping[str, str], repo: str) -> str:
    """The name on the hub: as asked, written otherwise (v1137), the newest that begins so; main by its number."""
    if asked in refs:
        numbered = [name for name, commit in refs.items() if commit == refs[asked] and revision_numbers(name)[1:]]
        return max(numbered, key=_order) if asked == "main" and numbered else asked
    same = [name for name in refs if revision_numbers(name) == revision_numbers(asked)]
    newer = [name for name in refs if revision_numbers(name)[1:] and revision_begins(name, asked)]
    if same or newer:
        return max(same or newer, key=_order)
    if not refs:
        raise UserError(f"{repo} is empty: nothing was pushed there yet")
    existing = sorted(refs, key=lambda name: (name != "main", _order(name), name))
    shown = ", ".join(printable(name) for name in existing[:40]) + (", ..." if len(existing) > 40 else "")
    raise UserError(
        f"-rev {printable(asked)}: no such revision in {repo}; there are: {shown}{did_you_mean(asked, existing)}"
    )


def _order(name: str) -> tuple[int, ...]:
    """v1.1.3.10 comes after v1.1.3.9."""
    return tuple(int(part) if part.isdigit() else 0 for part in revision_numbers(name))


def _existing_folder(settings: Settings, revision: str, base: str, exact: bool = False) -> Path | None:
    """The folder in models/ that is this revision; exact: only one whose name cannot stand for a newer one."""
    numbers = revision_numbers(revision)
    if exact and len(numbers) < 3:
        return None
    folders = [
        model.path
        for model in list_models(settings.setup.model_dir, settings.hf.revisions)
        if model.revision and revision_numbers(model.revision) == numbers and not model.fold
        and (not base or model.base == base)
    ]  # fmt: skip
    return folders[-1] if folders else None


def _stands(folder: Path, job: Pull, repo: str, commit: str, untuned: str = "") -> Path:
    """What is said of a revision that was pulled before."""
    source = _source(folder)
    if source.get("repo", repo) != repo:
        raise UserError(
            f"{_shown(folder)} is a revision of that name from {printable(source['repo'])}: rename it, or pull "
            "elsewhere with --model_dir"
        )
    print(f"{_shown(folder)} is there already")
    if commit and source.get("commit", commit) != commit:
        print(f"note: {repo} has changed since: to get what is there now, rename or delete that folder, and pull again")
    _how_to_use(folder, job, untuned)
    return folder


def _how_to_use(folder: Path, job: Pull, untuned: str) -> None:
    if job.sorting is not None:
        return
    which = ("--zero_shot", "-m", untuned) if untuned else ("--model_path", str(folder))
    print(f"use it: {job.command_with(*which, '-d', 'pages/')}")


def _untuned_base(settings: Settings, job: Pull) -> tuple[str, str]:
    """Hub id and base of `--zero_shot -m X`."""
    name = job.model.base or settings.setup.base
    base = canonical_base(name)
    repo = BASES.get(base, base)
    if Path(name).is_dir():
        raise UserError(f"-m {printable(name)} is a folder here: nothing is to be pulled")
    if not HUB_ID.fullmatch(repo):
        known = f"{', '.join(BASES)}, hub ids"
        raise UserError(f"-m {printable(name)}: no base of that name (there are {known}){did_you_mean(name, BASES)}")
    return repo, base


def _repo(name: str) -> str:
    name = re.sub(r"^https?://[^/]+/", "", name.strip()).strip("/")
    if not HUB_ID.fullmatch(name):
        raise UserError(f"--repo {printable(name)}: a repository on the hub is written owner/name")
    return name


def _base_of_revision(revision: str, starts: Mapping[str, str]) -> str:
    return next((base for base, start in starts.items() if revision_begins(revision, start)), UNKNOWN)


def _source(folder: Path) -> dict[str, Any]:
    return json_if_whole(folder / SOURCE)


def _write_json(file: Path, values: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _shown(path: Path) -> str:
    return printable(str(path))
