"""`fuota status --watch`: looks again until a task is done, in place on a terminal and line by line in a log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from fuota_constructs.cli import interruption
from fuota_constructs.cli.task.status_view import Room, compact_view, show
from fuota_constructs.operations.look import look
from fuota_constructs.operations.start import show as moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.live import Live

    from fuota_constructs.cli.aws_access import Found
    from fuota_constructs.lorawan.device_stack import DeviceStack
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict

    Seen = tuple[Progress, Verdict]

RESIZE_SECONDS = 0.5


def watch(
    found: Found,
    interval: float,
    console: Console,
    stacks: Sequence[DeviceStack] = (),
    *,
    quiet: bool,
    all_devices: bool,
) -> Seen:
    """Look every `interval` seconds until the task is done; one full view is left behind, also when interrupted."""
    last: list[Seen] = []

    def look_again() -> Seen:
        last[:] = [look(found.aws, found.task.id, stacks)]
        return last[0]

    try:
        if quiet:
            while not look_again()[1].is_final:
                time.sleep(interval)
        elif console.is_terminal and not console.is_dumb_terminal:
            _in_place(found, interval, console, look_again)
        else:
            _in_a_log(interval, look_again)
    finally:
        if last and not quiet:
            show(*last[0], found.place, console, all_devices=all_devices)
            if not last[0][1].is_final:
                click.echo("\nthe watch ended before the task; it goes on")
    return last[0]


def _in_a_log(interval: float, look_again: Callable[[], Seen]) -> None:
    """A log wants a line for what is new, not the same screen again and again."""
    said = ""
    while True:
        progress, verdict = look_again()
        counts = ", ".join(f"{number} {name}" for name, number in progress.counts.items())
        news = f"{verdict.outcome}: {counts or 'no devices'}"
        if news != said:
            click.echo(f"{moment(progress.now)}  {news}")
        if verdict.is_final:
            return
        said = news
        time.sleep(interval)


def _in_place(found: Found, interval: float, console: Console, look_again: Callable[[], Seen]) -> None:
    counts, changed = None, time.monotonic()
    with Screen(console) as screen:
        while True:
            progress, verdict = look_again()
            looked = time.monotonic()
            if verdict.is_final:
                return
            if progress.counts != counts:
                counts, changed = progress.counts, looked
            while (left := looked + interval - time.monotonic()) > 0:
                since = looked - changed
                screen.draw(
                    compact_view(
                        progress, verdict, found.place, room=screen.room, unchanged_seconds=since, every=interval
                    )
                )
                screen.sleep(left)


class Screen:
    """Draws over what it drew before, and takes it away in the end.

    Never draw more lines than there is `room` for: what has left a terminal at the top cannot be drawn over any more.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._size = console.size

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    @property
    def room(self) -> Room:
        """What there is room for; the last line is the cursor's."""
        return Room(self._console.size.width, self._console.size.height - 1)

    def draw(self, view: RenderableType) -> None:
        """Draw it in the place of the one before."""
        with interruption.later():
            self._draw(view)

    def _draw(self, view: RenderableType) -> None:
        from rich.control import Control
        from rich.live import Live

        if self._live is not None and self._console.size != self._size:
            # Terminals differ in how they fold old lines at a new width: begin on an empty screen.
            self._stop()
            self._console.control(Control.clear(), Control.home())
        self._size = self._console.size
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
            self._live.start()
        self._live.update(view, refresh=True)

    def sleep(self, seconds: float) -> None:
        """Wait, or until the terminal has another size."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self._console.size == self._size:
            time.sleep(min(left, RESIZE_SECONDS))

    def _stop(self) -> None:
        with interruption.later():
            if self._live is not None:
                self._live.stop()
                self._live = None
