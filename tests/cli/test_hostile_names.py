"""Names that would colour, clear or break a terminal or a page: they are shown, and do nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]
NAMES = {
    "\x1b[31mred\x1b[2J": "\\x1b[31mred\\x1b[2J",
    "\x9b31m c1": "\\x9b31m c1",
    "bell\x07\x08back": "bell\\x07\\x08back",
    "two\nlines\rover": "two\\nlines\\rover",
    "\u202eright to left": "\\u202eright to left",
    "zero\u200bwidth": "zero\\u200bwidth",
    "[bold red]markup[/] [/red]": "[bold red]markup[/] [/red]",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "\x1b]8;;http://x": "\\x1b]8;;http://x",
}
HOSTILE, SHOWN = " ".join(NAMES), " ".join(NAMES.values())


@pytest.fixture
def hostile(cloud: LocalCloud, task: str) -> str:
    """The id of a task that has such a name, as its group and device have."""
    service = cloud.client("iotwireless")
    service.update_fuota_task(Id=task, Name=HOSTILE, Description=HOSTILE)
    [group] = service.list_multicast_groups()["MulticastGroupList"]
    service.update_multicast_group(Id=group["Id"], Name=HOSTILE)
    [device] = service.list_wireless_devices()["WirelessDeviceList"]
    service.update_wireless_device(Id=device["Id"], Name=HOSTILE)
    return task


@pytest.mark.parametrize(
    "command",
    [
        ("status", "--devices"),
        ("preflight",),
        ("start", "--no-preflight"),
        ("devices",),
        ("list",),
        ("local", "status"),
    ],
    ids=" ".join,
)
def test_are_shown_in_the_terminal(command: tuple[str, ...], hostile: str, cloud: LocalCloud, tmp_path: Path) -> None:
    wanted = () if command[0] in {"local", "list"} else (hostile,)
    terminal = Terminal(*command, *wanted, "--port", str(cloud.port), columns=800, rows=60, folder=tmp_path)
    try:
        assert terminal.finish() == 0, terminal.lines
        assert SHOWN in "\n".join(terminal.lines)
        own = {"\x1b", "\r", "\n"}  # colours and lines are ours
        assert not {each for each in terminal.output.decode() if not each.isprintable()} - own
        assert b"\x1b[31mred" not in terminal.output
    finally:
        terminal.close()


def test_break_no_page_and_stay_whole_in_json(hostile: str, cloud: LocalCloud, fuota: Fuota, tmp_path: Path) -> None:
    done = fuota("report", hostile, "--html", "page.html", "--json-file", "data.json", "--port", str(cloud.port))
    assert done.returncode == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert not {each for each in page if not each.isprintable()} - {"\n"}
    assert page.count("<script") == 1  # ours
    content = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert content["task"]["name"] == HOSTILE
    assert content["multicast_groups"][0]["name"] == content["devices"][0]["name"] == HOSTILE


def test_find_their_task(hostile: str, cloud: LocalCloud, fuota: Fuota) -> None:
    assert fuota("status", HOSTILE, "--port", str(cloud.port)).returncode == 0
    missing = fuota("status", f"{HOSTILE}?", "--port", str(cloud.port))
    assert missing.returncode == 1
    assert "\x1b" not in missing.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_what_a_stream_cannot_encode_ends_nothing(cloud: LocalCloud, task: str, fuota: Fuota, encoding: str) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, Name="\u6771 \U0001f4a1")
    done = fuota("status", task, "--port", str(cloud.port), PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, "")
    assert ("\u6771" if encoding == "utf-8" else "\\u6771 \\U0001f4a1") in done.stdout


def test_arguments_that_are_no_text_are_shown(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("status", "\udcff", "--port", str(cloud.port))
    assert done.returncode == 1
    assert "has the name '\\udcff'" in done.stderr
    report = fuota("report", task, "--html", "\udcff.html", "--port", str(cloud.port))
    assert (report.returncode, report.stderr) == (0, "")
