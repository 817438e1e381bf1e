"""A terminal with a program in it, whose screen and scrollback can be read."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST_WAIT = 300.0
# A session gets its terminal by asking for it: then what is typed there, Ctrl-C for one, reaches the program.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """Runs `fuota` with some arguments."""

    def __init__(self, *arguments: str, columns: int, rows: int, folder: Path, **environment: str) -> None:
        self._master, slave = pty.openpty()
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000)
        self._stream = pyte.ByteStream(self._screen)
        self.output = b""
        self._size(columns, rows)
        inherited = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, sys.executable, "-m", "fuota_constructs.cli", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            cwd=folder,
            env={**inherited, "TERM": "xterm-256color", **environment},
        )
        os.close(slave)

    @property
    def display(self) -> list[str]:
        """What is on the screen."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def scrollback(self) -> list[str]:
        """What has left the screen at its top."""
        columns = range(self._screen.columns)
        return ["".join(line[column].data for column in columns).rstrip() for line in self._screen.history.top]

    @property
    def lines(self) -> list[str]:
        """All there is to see."""
        return [*self.scrollback, *self.display]

    def wait_for(self, text: str) -> None:
        """Read until a text is on the screen."""
        self.read_until(lambda: text in "\n".join(self.display))

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        self._screen.resize(rows, columns)
        self._size(columns, rows)

    def finish(self) -> int:
        """Read until the program has ended; its exit code."""
        self.read_until(lambda: False)
        return self.process.wait(LONGEST_WAIT)

    def interrupt_a_question(self) -> int:
        """Press Ctrl-C until the program has ended; its exit code. One may be lost as a prompt begins to read."""
        deadline = time.monotonic() + LONGEST_WAIT
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "\n".join(self.lines)
            self.type(b"\x03")
            before = time.monotonic()
            self.read_until(lambda before=before: self.process.poll() is not None or time.monotonic() > before + 1)
        return self.finish()

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self) -> None:
        """End the program, whatever it does."""
        self.process.kill()
        self.process.wait(LONGEST_WAIT)
        os.close(self._master)

    def read_until(self, enough: Callable[[], bool]) -> None:
        """Read until something is true of the screen, or the program has ended."""
        deadline = time.monotonic() + LONGEST_WAIT
        while not enough():
            assert time.monotonic() < deadline, "\n".join(self.lines)
            if not select.select([self._master], [], [], 1.0)[0]:
                continue
            try:
                data = os.read(self._master, 65536)
            except OSError:  # Linux: nobody has the other end open any more
                return
            if not data:
                return
            self.output += data
            self._stream.feed(data)
