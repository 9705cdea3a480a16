"""A real browser for tests: headless Chromium, driven over its DevTools pipe. Nothing to install but Chromium itself.

with Browser() as browser:
    tab = browser.open((folder / "index.html").as_uri(), width=1200, height=800)
    tab.until("window.ready === true")
    tab.move(600, 400); tab.click(600, 400); tab.key("ArrowLeft"); tab.write("CTX1946")
    assert tab.value("document.title") == "Map" and not tab.problems and not tab.foreign
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 120.0  # seconds for an answer; a busy machine is slow, not broken
KEYS = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}


def chromium() -> str | None:
    """Where Chromium is; None where there is none, or where pipes cannot be handed on (Windows)."""
    if sys.platform == "win32":
        return None
    return next((binary for name in NAMES if (binary := shutil.which(name))), None)


needs_browser = pytest.mark.skipif(chromium() is None, reason="no Chromium here (Debian: apt-get install chromium)")


class Browser:
    """One headless Chromium with an empty profile of its own; ended with everything that it started."""

    def __enter__(self) -> Self:
        program = chromium()
        if program is None:
            raise RuntimeError("no Chromium here")
        self._profile = tempfile.mkdtemp(prefix="browser-")
        reads, self._out = os.pipe()
        self._in, writes = os.pipe()
        # the browser reads commands from descriptor 3 and answers on 4
        shell = f'exec {program} "$@" 3<&{reads} 4>&{writes}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", shell, "browser", *FLAGS, f"--user-data-dir={self._profile}", "about:blank"],
            pass_fds=(reads, writes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reads)
        os.close(writes)
        os.set_blocking(self._in, False)
        self._count = 0
        self._buffer = b""
        self._tabs: dict[str, Tab] = {}
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._out)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, address: str, width: int = 1200, height: int = 800) -> Tab:
        """A new tab at `address`; problems and requests are recorded from the first moment."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.ask(f"{domain}.enable")
        tab.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        tab.ask("Page.navigate", url=address)
        return tab

    def windows(self) -> list[str]:
        """The addresses of all tabs."""
        infos = self.ask("Target.getTargets")["targetInfos"]
        return [info["url"] for info in infos if info["type"] == "page"]

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict:
        """One command and its answer."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for answer in self._read():
                if answer.get("id") == self._count:
                    if "error" in answer:
                        raise AssertionError(f"{method}: {answer['error']}")
                    return answer["result"]
            time.sleep(0.003)
        raise AssertionError(f"{method}: no answer")

    def _read(self) -> list[dict]:
        with contextlib.suppress(BlockingIOError):
            while part := os.read(self._in, 1 << 20):
                self._buffer += part
        *whole, self._buffer = self._buffer.split(b"\0")
        answers = [json.loads(part) for part in whole]
        for answer in answers:
            tab = self._tabs.get(answer.get("sessionId", ""))
            if tab is not None and "method" in answer:
                tab.note(answer["method"], answer["params"])
        return answers


class Tab:
    """One page. problems: console errors, exceptions, failed requests. requests: every address that was asked for.
    held: requests that `hold` holds back.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.held: list[str] = []

    @property
    def foreign(self) -> list[str]:
        """Requests that are not for files, data or blobs: there must be none."""
        return [address for address in self.requests if not address.startswith(("file:", "data:", "blob:", "about:"))]

    def ask(self, method: str, **parameters: Any) -> dict:
        return self._browser.ask(method, self._session, **parameters)

    def note(self, method: str, said: dict) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Fetch.requestPaused":
            self.held.append(said["requestId"])
        elif method == "Network.loadingFailed" and not said.get("canceled"):
            self.problems.append(f"failed request: {said.get('errorText')}")
        elif method == "Runtime.exceptionThrown":
            details = said["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "warning", "assert"):
            self.problems.append(" ".join(str(part.get("value", part)) for part in said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.problems.append(f"{said['entry']['text']} {said['entry'].get('url', '')}")
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(said["message"])

    def value(self, expression: str) -> Any:
        """What a JavaScript expression is (JSON values; promises are waited for)."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"].get("exception", {}).get("description", expression))
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until the expression is true; its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if held := self.value(expression):
                return held
            time.sleep(0.05)
        raise AssertionError(f"never came true: {expression}; problems: {self.problems}")

    def hold(self, pattern: str) -> None:
        """Hold requests back from now on whose address is like `*this*`."""
        self.ask("Fetch.enable", patterns=[{"urlPattern": pattern}])

    def until_held(self) -> None:
        """Wait until a request is held back."""
        while not self.held:
            self.value("new Promise(requestAnimationFrame)")

    def let_go(self) -> None:
        """Let all go that are held back."""
        for request in self.held:
            self.ask("Fetch.continueRequest", requestId=request)
        self.held.clear()
        self.ask("Fetch.disable")

    def move(self, x: float, y: float) -> None:
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def press(self, x: float, y: float, kind: str) -> None:
        self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def click(self, x: float, y: float) -> None:
        self.move(x, y)
        self.press(x, y, "mousePressed")
        self.press(x, y, "mouseReleased")

    def click_on(self, selector: str) -> None:
        """Click the middle of an element."""
        self.click(*self.value(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({_element(selector)})"))

    def drag(self, start: tuple[float, float], stop: tuple[float, float]) -> None:
        self.move(*start)
        self.press(*start, "mousePressed")
        for part in (0.3, 0.7, 1.0):
            point = [a + part * (b - a) for a, b in zip(start, stop, strict=True)]
            self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=point[0], y=point[1], button="left", buttons=1)
        self.press(*stop, "mouseReleased")

    def wheel(self, x: float, y: float, delta: float) -> None:
        self.ask("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=delta)

    def key(self, name: str, modifiers: int = 0, **more: Any) -> None:
        """One key. modifiers: 1 Alt, 2 Ctrl, 4 Meta, 8 Shift. more: `commands=["paste"]` is what Ctrl+V does."""
        if modifiers & 7:
            code = ord(name.upper()[0])
            self.ask("Input.dispatchKeyEvent", type="rawKeyDown", key=name, modifiers=modifiers,
                     windowsVirtualKeyCode=code, **more)  # fmt: skip
            self.ask("Input.dispatchKeyEvent", type="keyUp", key=name, modifiers=modifiers, windowsVirtualKeyCode=code)
            return
        text = {"text": "\r"} if name == "Enter" else {"text": name} if len(name) == 1 else {}
        code = KEYS.get(name, ord(name.upper()[0]))
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=name, modifiers=modifiers,
                 windowsVirtualKeyCode=code, **text)  # fmt: skip
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=name, modifiers=modifiers, windowsVirtualKeyCode=code)

    def choose(self, selector: str, files: Sequence[Path]) -> None:
        """Choose files in a field for files."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def drop(self, x: float, y: float, files: Sequence[Path]) -> None:
        """Drag files from elsewhere over the page, and let go."""
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.ask("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def write(self, text: str) -> None:
        self.ask("Input.insertText", text=text)

    def picture(self, file: Path) -> Path:
        file.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
        return file


def _element(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
