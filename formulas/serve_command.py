"""`formulas serve`: what it is asked. The work is the desk's (desk/serving.py).

python run.py formulas serve
python run.py formulas serve --host 0.0.0.0 --port 9000
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from formulas.flags import FormulasJob, add_model, model_of
from settings.command import Typed
from settings.flags import PROGRAM
from settings.schema import Settings
from utils import UserError, printable

HOST, PORT = "127.0.0.1", 8765


@dataclass(frozen=True, kw_only=True)
class ServeFormulas(FormulasJob):
    """Serve the page. host: the address that it listens at; port: 0 = any that is free."""

    name = "serve"
    about = "a page in the browser: drop a picture, correct the LaTeX, copy it"
    description = (
        "Starts a page for the browser of this machine, and the same as an API: drop, paste or choose pictures; each "
        "comes back as LaTeX to edit beside its preview, with how sure that is and other readings; copy it as LaTeX "
        "or MathML. Nothing leaves this machine, no picture is written to the disk. Another address than 127.0.0.1 "
        "asks for a token, which the printed link holds. Ctrl-C ends it."
    )
    examples = f"""examples:
  {PROGRAM} formulas serve                                       then open the link that is printed
  {PROGRAM} formulas serve --host 0.0.0.0                        for other machines too: who has the link may ask
  curl -F files=@formula.png http://127.0.0.1:8765/api/formulas/read     the API; /openapi.json describes it
"""
    shared = ("--model_dir", "--engine", "--device", "--memory", "--quiet")
    work = "desk.serving:run_formulas"
    needs = ("fastapi", "uvicorn", "python_multipart")
    requirements = "requirements-desk.txt"

    host: str = HOST
    port: int = PORT

    @classmethod
    def add_flags(cls, groups: Mapping[str, argparse._ActionsContainer]) -> None:
        """Add its own flags."""
        add_address(groups["formulas"])
        add_model(groups["formulas"])

    @classmethod
    def read(cls, typed: Typed, settings: Settings) -> tuple[Settings, ServeFormulas]:
        """As `Job` has it."""
        job = cls(
            **typed.command(),
            model=model_of(typed),
            **address_of(typed),
        )
        return settings, job


def add_address(group: argparse._ActionsContainer) -> None:
    """Add `--port` and `--host`."""
    group.add_argument("--port", metavar="N", help=f"the port, 0 = any that is free (default: {PORT})")
    about = f"the address (default: {HOST}, which only this machine reaches)"
    group.add_argument("--host", metavar="ADDRESS", help=about)


def address_of(typed: Typed) -> dict[str, Any]:
    """host, port. UserError for what is no port."""
    return {"host": typed.text("host", "--host") or HOST, "port": _port(typed)}


def _port(typed: Typed) -> int:
    """What `--port` says. UserError for what is no port."""
    given = typed.value("port")
    if given is None:
        return PORT
    if not (given.isascii() and given.isdecimal() and len(given) <= 5 and int(given) <= 65_535):
        raise UserError(f"--port {printable(given)}: must be a port, 0 to 65535")
    return int(given)
