"""Models of formulas to the hub and back, against a hub of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="requirements.txt is not installed")

import huggingface_hub  # noqa: E402
from fake_hub import OWNER, FakeHub  # noqa: E402

import run  # noqa: E402
from formulas.model_folder import Parts, load_network, model_hash, save_folder  # noqa: E402
from formulas.network import new_model  # noqa: E402
from formulas.pictures import Canvas  # noqa: E402
from formulas.vocabulary import make_tokenizer  # noqa: E402


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", OWNER)
    with FakeHub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "mine"
    folder.mkdir(parents=True)
    words = make_tokenizer(["x ^ { 2 }", "\\alpha + y"])
    torch.manual_seed(0)
    network = new_model("micro", len(words))
    save_folder(folder, network, words, Parts(Canvas(), "latex", 60), "---\nlicense: mit\n---\n# mine\n")
    return folder


def test_there_and_back(hub: FakeHub, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    push = ["formulas", "push", str(model), "--repo", "owner/formulas", "--revision", "v1"]
    assert run.main(push) == 0
    assert "formulas pull owner/formulas --revision v1" in capsys.readouterr().out
    assert run.main(push) == 2
    assert "choose another --revision" in capsys.readouterr().err
    pull = ["formulas", "pull", "owner/formulas", "--revision", "v1", "--name", "back"]
    assert run.main([*pull, "--model_dir", str(tmp_path / "models"), "--quiet"]) == 0
    back = tmp_path / "models" / "back"
    assert model_hash(back) == model_hash(model)
    for one, other in zip(load_network(model)[0].parameters(), load_network(back)[0].parameters(), strict=True):
        assert torch.equal(one, other)
    assert run.main([*pull, "--model_dir", str(tmp_path / "models")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_what_is_no_model_of_formulas_is_refused_on_both_ways(
    hub: FakeHub, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add("owner/other", {"main": {"config.json": b"{}"}})
    models = ["--model_dir", str(tmp_path / "models")]
    assert run.main(["formulas", "pull", "owner/other", *models]) == 2
    assert "is no model of formulas" in capsys.readouterr().err
    (model / "tokenizer.json").write_text("{}", "utf-8")
    assert run.main(["formulas", "push", str(model), "--repo", "owner/formulas"]) == 2
    assert "tokenizer.json is not the one" in capsys.readouterr().err
    files = {file.name: file.read_bytes() for file in model.iterdir()}
    hub.add("owner/broken", {"main": files})
    assert run.main(["formulas", "pull", "owner/broken", *models]) == 2
    assert "tokenizer.json is not the one" in capsys.readouterr().err
    assert sorted(at.name for at in (tmp_path / "models").iterdir()) == ["mine"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("push",), "name one model folder and where to"),
        (("push", "nowhere", "--repo", "a/b"), "nowhere is no model of formulas"),
        (("pull",), "name one repository"),
        (("pull", "a b"), "is written owner/name"),
        (("pull", "a/b", "--name", "../x"), "a plain folder name is wanted"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["formulas", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert reason in said
    assert "\n" not in said
