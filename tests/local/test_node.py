"""Node.js of the wheel, and the tools beside it."""

import os
import subprocess
from pathlib import Path

import pytest

from fuota_constructs.local import node


def _run(*command: str, path: str) -> str:
    done = subprocess.run(command, env={"PATH": path, "HOME": "/"}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.usefixtures("state_dir")
def test_node_npm_and_npx_work_with_nothing_else_on_path() -> None:
    folder = node.tools()
    assert sorted(path.name for path in folder.iterdir()) == ["node", "npm", "npx"]
    path = f"{folder}:/bin:/usr/bin"
    for tool in ("node", "npm", "npx"):
        assert _run(str(folder / tool), "--version", path=path).lstrip("v")[0].isdigit()
    executable = _run(str(folder / "node"), "-p", "process.execPath", path=path)
    assert Path(executable) == node.node().resolve()


@pytest.mark.usefixtures("state_dir")
def test_tools_are_written_once_and_mended_when_they_differ() -> None:
    npx = node.tools() / "npx"
    before = npx.stat().st_mtime_ns
    assert (node.tools() / "npx").stat().st_mtime_ns == before
    npx.write_text("#!/bin/sh\nexit 1\n")
    assert "npx-cli.js" in (node.tools() / "npx").read_text()
    assert os.access(npx, os.X_OK)
