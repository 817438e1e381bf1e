"""`fuota local cdk` at a terminal, whose Ctrl-C also everything it started gets."""

import os
import re
import time
from pathlib import Path

import pytest

from fuota_constructs.local import cdk_cli
from fuota_constructs.local.cloud import LocalCloud

from ..terminal import Terminal

APP = "import os, time; print('app', os.getpid(), flush=True); time.sleep(600)"


def test_ctrl_c_ends_it_with_a_line_and_the_app_too(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "cdk.json").write_text('{"app": "python3 app.py"}')
    cdk_cli.ensure()
    command = ("local", "cdk", "--port", str(cloud.port), "--", "list")
    terminal = Terminal(*command, columns=80, rows=24, folder=tmp_path)
    try:
        terminal.read_until(lambda: re.search(r"app (\d+)\n", "\n".join(terminal.display)) is not None)
        terminal.type(b"\x03")
        assert terminal.finish() == 130
        said = [line for line in terminal.lines if line]
    finally:
        terminal.close()
    assert said[1:] in (["fuota: interrupted"], ["^Cfuota: interrupted"]), said
    deadline = time.monotonic() + 60  # a machine that is busy takes its time to bury it
    while time.monotonic() < deadline:
        try:
            os.kill(int(said[0].removeprefix("app ")), 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("the app runs on")
