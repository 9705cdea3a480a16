"""What `formulas push` and `formulas pull` do.

A pulled folder is checked as it is read (parts that belong together, weights that fit the network) before it gets its
place; a folder that fails is never uploaded.
"""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from formulas.model_folder import RECORD, Parts, load_network, model_hash, read_parts
from hub import client
from hub.pull import GOES_ON, SOURCE, SPARE, SUFFIXES, Wanted, revision_of, staging_of
from hub.push import files_of, push_files, target_of
from output.files import write_json
from utils import UserError, printable

if TYPE_CHECKING:
    from formulas.hub_command import PullFormulas, PushFormulas
    from settings.schema import Settings

REPO = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


def run_push(settings: Settings, job: PushFormulas) -> int:
    """Upload a model of formulas; 0. UserError, before anything is written there."""
    folder = job.folder
    if not (folder / RECORD).is_file():
        raise UserError(f"{printable(str(folder))} is no model of formulas: it has no {RECORD}")
    repo, revision = target_of(job.repo, job.revision, ("--repo", "--revision"), job.title)
    parts = read_parts(folder)
    load_network(folder)  # nothing broken is handed on
    card = (folder / "README.md").read_text("utf-8", errors="replace")
    repo = push_files(
        folder, files_of(folder), repo, revision, settings,
        told=_told(folder, parts), card=card, overwrite=job.overwrite, flag="--revision",
    )  # fmt: skip
    print(f"pull it elsewhere: {job.command_with('formulas', 'pull', repo, '--revision', revision)}")
    return 0


def run_pull(settings: Settings, job: PullFormulas) -> int:
    """Load a model of formulas; 0. UserError: no such revision, no model of formulas, no network, no room."""
    repo = re.sub(r"^https?://[^/]+/", "", job.repo.strip()).strip("/")
    if not REPO.fullmatch(repo):
        raise UserError(f"{printable(job.repo)}: a repository on the hub is written owner/name")
    target = settings.setup.model_dir / (job.name_of_model or repo.rpartition("/")[2])
    shown = printable(str(target))
    if target.exists():
        raise UserError(f"{shown} exists already; a model folder is never written over: choose another --name")
    with client.online():
        with client.explained(f"pulling {repo}", repo):
            refs = client.revisions(repo)
        revision = revision_of(job.revision or "main", refs, repo)
        wanted = Wanted(repo, revision, refs[revision], "", untuned=False)
        doing = f"pulling {revision} of {repo}"
        with staging_of(settings.setup.model_dir, wanted) as staging:
            with client.explained(doing, repo, GOES_ON):
                listed = client.files(repo, wanted.commit)
                files = [file for file in listed if file.path.endswith(SUFFIXES) and file.path not in (".", SOURCE)]
                if RECORD not in {file.path for file in files}:
                    raise UserError(f"{revision} of {repo} is no model of formulas: it has no {RECORD}")
                left, free = client.missing_bytes(files, staging / "files"), shutil.disk_usage(staging).free
                if free < left + SPARE:
                    raise OSError(errno.ENOSPC, f"{left / 1e6:.1f} MB are needed, {free / 1e6:.1f} MB are free")
                client.download(repo, wanted.commit, files, staging / "files", quiet=settings.setup.quiet)
            parts = read_parts(staging / "files")
            load_network(staging / "files")
            write_json(staging / "files" / SOURCE, {"repo": repo, "revision": revision, "commit": wanted.commit})
            (staging / "files").rename(target)
    print(f"pulled {revision} of {repo} into {shown}")
    for line in _told(target, parts):
        print(line)
    print(f"read with it: {job.command_with('formulas', 'read', 'formula.png', '--model', str(target))}")
    return 0


def _told(folder: Path, parts: Parts) -> list[str]:
    """A line or two about a model."""
    learned = parts.training.get("formulas", 0)
    return [
        f"  reads formulas on a {parts.canvas.mode} canvas of {parts.canvas.height} x {parts.canvas.width} pixels, "
        f"learned from {learned:,} of them; model {model_hash(folder)[:12]}"
    ]
