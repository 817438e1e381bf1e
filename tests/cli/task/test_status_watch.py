"""fuota status --watch on terminals, large and small: nothing is left behind but one full view."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from ..terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fuota_constructs.local.cloud import LocalCloud

COHORTS = [
    {"name": "near", "count": 5, "loss": 0.02},
    {"name": "far", "count": 2, "loss": 0.9},
    {"name": "small", "count": 1, "loss": 0.05, "memory_bytes": 1000},
]
TITLE = "FUOTA task street"
SHOW_CURSOR = b"\x1b[?25h"


@pytest.fixture
def watch(cloud: LocalCloud, task: str, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Watch a pending task with eight devices in a terminal of some size."""
    cloud.admin("fleet", method="POST", content={"cohorts": COHORTS, "seed": 1})
    terminals: list[Terminal] = []

    def watch(columns: int, rows: int, *more: str, **environment: str) -> Terminal:
        arguments = ("status", "street", "--watch", "--interval", "1", "--port", str(cloud.port), *more)
        terminals.append(Terminal(*arguments, columns=columns, rows=rows, folder=tmp_path, **environment))
        return terminals[-1]

    yield watch
    for terminal in terminals:
        terminal.close()


def _advance(cloud: LocalCloud, seconds: int) -> None:
    cloud.admin("clock", method="POST", content={"advance_seconds": seconds})


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (60, 15), (80, 8), (40, 10)])
def test_draws_in_place_and_leaves_one_full_view(
    columns: int, rows: int, watch: Callable[..., Terminal], cloud: LocalCloud, task: str
) -> None:
    terminal = watch(columns, rows, "--devices")
    terminal.wait_for("pending")
    cloud.client("iotwireless").start_fuota_task(Id=task)
    terminal.wait_for("waiting")
    _advance(cloud, 1860)
    terminal.wait_for("running")
    terminal.wait_for("(88.9 %)  Initial")  # the counts are never cut
    terminal.read_until(lambda: [line for line in terminal.display if TITLE in line] == terminal.display[:1])
    assert TITLE in terminal.display[0]
    assert terminal.scrollback == []
    _advance(cloud, 200_000)
    assert terminal.finish() == 3
    assert [line for line in terminal.lines if TITLE in line] == terminal.lines[:1]
    assert "What to do" in terminal.lines
    assert sum("looked" in line or "Ctrl-C leaves" in line for line in terminal.lines) == 0
    assert "far-" in "".join(terminal.lines)  # every device is in the full view


def test_ctrl_c_leaves_the_last_view_and_says_that_the_task_goes_on(
    watch: Callable[..., Terminal], cloud: LocalCloud, task: str
) -> None:
    terminal = watch(80, 24)
    terminal.wait_for("Ctrl-C leaves")
    terminal.type(b"\x03")
    assert terminal.finish() == 130
    assert [line for line in terminal.lines if TITLE in line] == terminal.lines[:1]
    assert "pending: no session is scheduled" in "\n".join(terminal.lines)
    assert f"  fuota start {task} --local --port {cloud.port}" in terminal.lines
    assert "the watch ended before the task; it goes on" in terminal.lines


def test_begins_anew_where_the_window_changes_its_size(watch: Callable[..., Terminal]) -> None:
    terminal = watch(100, 24)
    terminal.wait_for("Ctrl-C leaves")
    terminal.resize(60, 12)
    terminal.wait_for("Ctrl-C leaves")
    drawn = terminal.output.count(b"Ctrl-C leaves")
    terminal.read_until(
        lambda: (
            terminal.output.count(b"Ctrl-C leaves") > drawn + 1
            and sum(TITLE in line for line in terminal.display) == 1  # what was read may end amid a view
        )
    )
    terminal.type(b"\x03")
    assert terminal.finish() == 130


def test_gives_the_cursor_back_when_it_is_ended(watch: Callable[..., Terminal]) -> None:
    terminal = watch(80, 24)
    terminal.wait_for("Ctrl-C leaves")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.finish() == 130
    assert SHOW_CURSOR in terminal.output


def test_a_terminal_that_cannot_draw_gets_lines(watch: Callable[..., Terminal], cloud: LocalCloud, task: str) -> None:
    terminal = watch(80, 40, TERM="dumb")
    terminal.wait_for("pending: 9 Initial")
    cloud.client("iotwireless").start_fuota_task(Id=task)
    terminal.wait_for("waiting: 9 Initial")
    _advance(cloud, 200_000)
    assert terminal.finish() == 3
    assert b"\x1b[" not in terminal.output
