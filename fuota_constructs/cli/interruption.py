"""What ends a command from outside: Ctrl-C, SIGTERM, and SIGHUP when a terminal is closed. All mean the same."""

from __future__ import annotations

import errno
import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

# Windows has no terminal that hangs up.
HANG_UP = getattr(signal, "SIGHUP", None)
SIGNALS = tuple(number for number in (signal.SIGINT, signal.SIGTERM, HANG_UP) if number is not None)
_later: list[bool] = []
"""For each `later` that is entered, whether something came meanwhile."""


class Interruption(KeyboardInterrupt):
    """Somebody ended the command.

    A class of its own: Python ends itself by SIGINT after any KeyboardInterrupt in code that `exec` ran, as that of
    dataclasses and named tuples is, also where it was caught.
    """


def heed() -> None:
    """Let what ends the command raise Interruption, but what `nohup` or a shell's background job has it ignore."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _raise)


def over() -> None:
    """Let the process end in peace: nothing is left to interrupt, and Python would show a traceback."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def later() -> Iterator[None]:
    """Let what comes meanwhile come at the end: what is half drawn or half stopped cannot be taken away again."""
    _later.append(False)
    try:
        yield
    finally:
        came = _later.pop()
    if came:
        _raise()


def _raise(number: int = signal.SIGINT, frame: FrameType | None = None) -> None:
    del frame
    if number == HANG_UP:
        _leave_closed_terminal()
    error = sys.exception()
    while error is not None:
        if isinstance(error, Interruption):
            return  # the second: the first is being cleared away
        error = error.__context__
    if _later:
        _later[-1] = True
    else:
        raise Interruption


def _leave_closed_terminal() -> None:
    """Write elsewhere: the first line to a terminal that is gone would be an error, in the midst of clearing away."""
    import termios  # only Unix has it

    for stream in (1, 2):
        try:
            termios.tcgetattr(stream)
        except termios.error as error:
            if error.args[0] == errno.EIO:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
