"""A real Chromium for tests of pages, spoken to over its own debugging protocol: loads files, runs expressions, keeps what it complained about."""

import json
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell")
WITHIN_S = 30.0


def find() -> str | None:
    """The Chromium to test with: SENTINEL_CHROMIUM, else the first known name on PATH; None when there is none."""
    named = os.environ.get("SENTINEL_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Tab:
    """One page. complaints: console errors, warnings, exceptions and refused resources; requests: every address asked for."""

    socket: ClientConnection
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    _number: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = self._next()
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                return dict(message["result"])

    def wait(self, method: str) -> None:
        while self._next().get("method") != method:
            pass

    def open(self, path: Path) -> None:
        self.call("Page.navigate", url=path.absolute().as_uri())
        self.wait("Page.loadEventFired")
        self.settle()

    def settle(self) -> None:
        """Let two frames be drawn, so that what was asked for is on the screen."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def run(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is awaited, an exception fails the test."""
        done = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def key(self, name: str, text: str = "") -> None:
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", **more)

    def look(self, *, width: int, height: int, dark: bool = False, mobile: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.socket.recv(timeout=WITHIN_S))
        told = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(told["args"]))
            case "Log.entryAdded":
                self.complaints.append(told["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(told["request"]["url"])
            case "Page.javascriptDialogOpening":
                self.dialogs.append(told["message"])
                self._number += 1
                accept = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": True}}
                self.socket.send(json.dumps(accept))
        return message


@contextmanager
def browser(folder: Path, path: str) -> Iterator[str]:
    """Start a Chromium whose profile is `folder`; yields the address of its debugging socket."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
    own = [f"--user-data-dir={folder}", "--remote-debugging-port=0", "--no-first-run", "--disable-extensions"]
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-default-browser-check"]
    process = subprocess.Popen(
        [path, *flags, *own, *quiet, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    drained: Thread | None = None
    try:
        line = next((line for line in process.stderr if line.startswith("DevTools listening on ")), "")
        assert line, f"{path} did not start"
        drained = Thread(target=deque, args=(process.stderr, 0))
        drained.start()
        yield line.removeprefix("DevTools listening on ").strip()
    finally:
        process.terminate()
        process.wait(timeout=WITHIN_S)
        if drained:
            drained.join()
        process.stderr.close()


@contextmanager
def tab(address: str) -> Iterator[Tab]:
    """Open an empty page that reports everything."""
    with connect(address, max_size=None, proxy=None) as control:
        opened = Tab(control).call("Target.createTarget", url="about:blank")["targetId"]
        base = address.rsplit("/devtools/", 1)[0]
        with connect(f"{base}/devtools/page/{opened}", max_size=None, proxy=None) as socket:
            page = Tab(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                page.call(f"{domain}.enable")
            yield page
        Tab(control).call("Target.closeTarget", targetId=opened)
