"""A real browser for the pages we make: headless Chromium, without a network and with a profile of its own."""

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
INSTALL = (
    "no Chromium on PATH: install one, such as `apt-get install chromium`; FUOTA_REQUIRE_BROWSER=1 makes this fail"
)

# The page runs in a frame as wide as the screen to be tried: a window of headless Chromium is never below 500 px.
# What it is asked stands before the frame: a script behind it may come too late to hear that it has loaded.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0"><pre id="answer"></pre><script>
function loaded(frame) {{
  const window = frame.contentWindow, document = frame.contentDocument;
  let answer;
  try {{ answer = (function () {{ {script} }})(); }} catch (error) {{ answer = "failed: " + error; }}
  globalThis.document.getElementById("answer").textContent = JSON.stringify(answer);
}}
</script><iframe style="border:0;width:{width}px;height:{height}px" onload="loaded(this)" srcdoc="{page}"></iframe>"""


class Browser:
    """Chromium. `folder` takes its profile and what is made for it."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program = program
        self.folder = folder

    def ask(self, page: str, script: str, *, width: int, height: int = 900) -> Any:
        """What a function body of JavaScript returns in a page (its HTML) shown so many CSS pixels wide.

        `document` and `window` are those of the page; the answer comes as JSON has it.
        """
        wrapper = self.folder / "frame.html"
        text = FRAME.format(width=width, height=height, page=html.escape(page), script=script)
        wrapper.write_text(text, encoding="utf-8")
        shown = self._run("--dump-dom", f"--window-size={max(width, 500)},{height}", wrapper.as_uri())
        answer = re.search(r'<pre id="answer">(.*?)</pre>', shown, re.DOTALL)
        assert answer is not None, shown
        return json.loads(html.unescape(answer[1]))

    def visit(self, url: str, names: str) -> str:
        """The page at a URL of this machine when it has loaded, as HTML; `names` are rules of the resolver.

        Certificates count for nothing: what is tried must not be stopped by one.
        """
        rules = f"{names}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
        flags = (f"--host-resolver-rules={rules}", "--ignore-certificate-errors", "--timeout=300000")
        return self._run(*flags, "--dump-dom", url)

    def _run(self, *arguments: str) -> str:
        command = [self.program, *FLAGS, f"--user-data-dir={self.folder / 'profile'}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=400, check=True).stdout


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Chromium from PATH."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        if os.environ.get("FUOTA_REQUIRE_BROWSER") == "1":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)
    return Browser(program, tmp_path_factory.mktemp("browser"))
