"""A real browser, driven by the DevTools protocol over a loopback socket."""

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    "--window-size=1200,1000",
)
_START_S, _WAIT_S = 60.0, 40.0
_EVERY_S = 0.1
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def at(value: Json, *path: str | int) -> Json:
    """What stands at `path` within `value`; None where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


class Tab:
    """One page. `complaints`: errors of console and policy; `hosts`: whom it asked for anything."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.complaints: list[str] = []
        self.hosts: set[str] = set()

    async def call(self, method: str, **parameters: Json) -> Json:
        self._last += 1
        number = self._last
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message: Json = json.loads(await asyncio.wait_for(self._socket.recv(), _WAIT_S))
            if at(message, "id") == number:
                assert at(message, "error") is None, f"{method}: {at(message, 'error')}"
                return at(message, "result")
            self._note(message)

    def _note(self, message: Json) -> None:
        match at(message, "method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {at(message, 'params', 'exceptionDetails')}")
            case "Runtime.consoleAPICalled" if at(message, "params", "type") in ("error", "warning", "assert"):
                self.complaints.append(f"console: {at(message, 'params', 'args')}")
            case "Log.entryAdded" if at(message, "params", "entry", "level") in ("error", "warning"):
                self.complaints.append(f"log: {at(message, 'params', 'entry', 'text')}")
            case "Audits.issueAdded" if at(message, "params", "issue", "code") == "ContentSecurityPolicyIssue":
                self.complaints.append(f"policy: {at(message, 'params', 'issue', 'details')}")
            case "Network.requestWillBeSent":
                url = at(message, "params", "request", "url")
                if isinstance(url, str) and not url.startswith(("data:", "blob:")):
                    self.hosts.add(url.split("/")[2])

    def expect(self, words: str) -> None:
        """One complaint with these words was meant to come; it is forgiven."""
        [forgiven] = [complaint for complaint in self.complaints if words in complaint]
        self.complaints.remove(forgiven)

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def value(self, expression: str) -> Json:
        """What a JavaScript expression gives."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return at(result, "result", "value")

    async def until(self, expression: str) -> Json:
        """Wait until the expression gives something true; say what the page shows if it never does."""
        deadline = asyncio.get_running_loop().time() + _WAIT_S
        while True:
            found = await self.value(expression)
            if found:
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(
                    f"{expression} stayed {found!r}\n{self.complaints}\n{await self.value('document.body.innerText')}"
                )
            await asyncio.sleep(_EVERY_S)

    async def click(self, words: str) -> None:
        """Press the button that says `words`."""
        found = f"[...document.querySelectorAll('button')].find(b => b.textContent.trim() === {json.dumps(words)})"
        await self.until(f"!!({found}) && !({found}).disabled")
        await self.value(f"({found}).click()")

    async def press(self, key: str, code: int, before: str) -> None:
        """A key of the keyboard, after the expression `before`."""
        await self.value(before)
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    async def type(self, selector: str, words: str) -> None:
        field = f"document.querySelector({json.dumps(selector)})"
        await self.until(f"!!{field}")
        event = "field.tagName === 'SELECT' ? 'change' : 'input'"
        await self.value(
            f"(field => {{ field.value = {json.dumps(words)};"
            f" field.dispatchEvent(new Event({event}, {{bubbles: true}})); }})({field})"
        )

    async def choose_files(self, selector: str, files: list[Path]) -> None:
        await self.until(f"!!document.querySelector({json.dumps(selector)})")
        document = await self.call("DOM.getDocument")
        root = at(document, "root", "nodeId")
        node = at(await self.call("DOM.querySelector", nodeId=root, selector=selector), "nodeId")
        await self.call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    async def picture(self, target: Path) -> None:
        """The whole page as PNG."""
        shot = at(await self.call("Page.captureScreenshot", captureBeyondViewport=True), "data")
        assert isinstance(shot, str)
        target.write_bytes(base64.b64decode(shot))

    async def dark(self) -> None:
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])

    async def narrow(self, width: int) -> None:
        """As on a telephone."""
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=True)


@asynccontextmanager
async def browser_tab() -> AsyncIterator[Tab]:
    """A browser of its own, with a profile of its own, gone afterwards."""
    assert CHROMIUM is not None, "Chromium is missing: run `make browser`"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            CHROMIUM,
            *_FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with connect(await _page_url(Path(profile)), max_size=None, proxy=None) as socket:
                tab = Tab(socket)
                for domain in ("Page", "Runtime", "Log", "Network", "Audits", "DOM"):
                    await tab.call(f"{domain}.enable")
                yield tab
        finally:
            process.terminate()
            await process.wait()


async def _page_url(profile: Path) -> str:
    """The socket of the one page; Chromium writes its port and the browser's own path once it listens."""
    written = profile / "DevToolsActivePort"
    deadline = asyncio.get_running_loop().time() + _START_S
    while not (written.exists() and written.read_text().count("\n") >= 1):
        assert asyncio.get_running_loop().time() < deadline, "the browser did not start"
        await asyncio.sleep(_EVERY_S)
    port, path = written.read_text().split("\n")[:2]
    async with connect(f"ws://127.0.0.1:{port}{path}", proxy=None) as socket:
        await socket.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
        while at(answer := json.loads(await socket.recv()), "id") != 1:
            pass
    targets = at(answer, "result", "targetInfos")
    assert isinstance(targets, list)
    page = next(target for target in targets if at(target, "type") == "page")
    return f"ws://127.0.0.1:{port}/devtools/page/{at(page, 'targetId')}"
