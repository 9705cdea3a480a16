"""What starts the workers of a run, by what `--cluster` was given.

launcher = launcher_of(plan, Place("local", 4), settings)
"""

from __future__ import annotations

from cluster.command import Place
from cluster.driver import Launcher
from cluster.local import Local
from cluster.plan import Plan
from cluster.ray_launcher import Ray
from cluster.ray_launcher import check as check_ray
from cluster.slurm import Slurm
from cluster.slurm import check as check_slurm
from settings.schema import Settings
from utils import cores


def launcher_of(plan: Plan, place: Place, settings: Settings) -> Launcher:
    """The launcher of a place. UserError, before any work, where it cannot be had."""
    check_place(place)
    if place.kind == "ray":
        return Ray(plan, place.count, settings)
    if place.kind == "slurm":
        return Slurm(plan, place.count, card=settings.setup.device.startswith("cuda"))
    return Local(plan, place.count or cores())


def check_place(place: Place) -> None:
    """UserError, before any work, where workers cannot be started from here."""
    if place.kind == "ray":
        check_ray()
    if place.kind == "slurm":
        check_slurm()
