"""The container recipe takes along all that the program is made of, and tells it which image it is of."""

import re
from pathlib import Path

from output.runs import IMAGE

HOME = Path(__file__).resolve().parents[1]
RECIPE = (HOME / "Containerfile").read_text(encoding="utf-8")


def test_every_room_and_all_that_it_reads_is_copied():
    copied = {word for line in re.findall(r"^COPY (?!--)(.+) \S+$", RECIPE, re.MULTILINE) for word in line.split()}
    rooms = {file.parent.name for file in HOME.glob("*/__init__.py")} - {"data_scripts", "benchmarks", "tests"}
    modules = {file.name for file in HOME.glob("*.py")}
    assert copied >= rooms | modules | {"config.toml", "models", "category_descriptions", "LICENSE"}
    named = {word.partition("/")[0] for word in re.findall(r'"/app/([^".][^"]*)"', RECIPE)}
    assert named <= copied
    left_out = (HOME / ".containerignore").read_text(encoding="utf-8").splitlines()
    assert not copied & set(left_out)


def test_nobody_is_root_and_the_image_has_a_name():
    assert re.search(rf"^ENV {IMAGE}=\S+", RECIPE, re.MULTILINE)
    users = re.findall(r"^USER (\S+)", RECIPE, re.MULTILINE)
    assert users and all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)
    sample = re.search(r'"/app/(category_samples/[^"]+)"', RECIPE)
    assert sample and (HOME / sample[1]).is_file()
