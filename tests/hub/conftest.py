"""A hub of our own on 127.0.0.1, commands that talk to it, and the moment from which no connection is opened."""

from __future__ import annotations

import socket
import time
from types import SimpleNamespace

import pytest
from fake_hub import FakeHub
from huggingface_hub import constants

import run
from hub.client import TOKEN


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # as the variable of that name: uploads go by plain HTTP
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # nobody waits between two attempts
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with FakeHub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def command(tmp_path, capsys):
    """Run one command on `models` in tmp_path; its exit code, and what it said. No token is ever said."""

    def call(*arguments: object, models: str = "models") -> SimpleNamespace:
        code = run.main([str(argument) for argument in arguments] + ["--model_dir", str(tmp_path / models)])
        out, err = capsys.readouterr()
        assert not TOKEN.search(out + err)
        return SimpleNamespace(code=code, out=out, err=err, line=err.strip())

    return call


@pytest.fixture
def refuse(monkeypatch):
    def refused(*_: object) -> None:
        raise OSError("a test opened a connection")

    def start() -> None:
        monkeypatch.setattr(socket.socket, "connect", refused)
        monkeypatch.setattr(socket.socket, "connect_ex", refused)

    return start
