"""`fuota local clock`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from fuota_constructs.cli import documents, options
from fuota_constructs.cli.place import Place
from fuota_constructs.cli.quantities import FiniteRange

if TYPE_CHECKING:
    from collections.abc import Mapping

UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
LONGEST_SECONDS = 10 * 366 * UNITS["d"]
FASTEST = 1_000_000
_DURATION = re.compile(r"\+?(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,10})s)?")


class Duration(click.ParamType[int]):
    """A duration such as 45m, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Refuse a number without its unit."""
        match = _DURATION.fullmatch(str(value).strip())
        seconds = (
            sum(int(number) * unit for number, unit in zip(match.groups(0), UNITS.values(), strict=True))
            if match
            else 0
        )
        if match is None or not match.group().strip("+"):
            self.fail(f"{str(value)!r} is no duration: give one such as 90s, 45m, 2h, 1d or 1h30m", param, ctx)
        if not 0 < seconds <= LONGEST_SECONDS:
            self.fail(f"{str(value)!r} is out of range: over 0s, at most {LONGEST_SECONDS // UNITS['d']}d", param, ctx)
        return seconds


@click.command()
@options.port
@click.option("--advance", type=Duration(), metavar="DURATION", help="Move it forward by 90s, 45m, 2h, 1d, 1h30m.")
@click.option(
    "--speed",
    type=FiniteRange(0, FASTEST, min_open=True),
    metavar="TIMES",
    help="Let it run so much faster: at 600 a minute takes 0.1 s. 1 is real time.",
)
@options.as_json
def clock(*, port: int, advance: int | None, speed: float | None, as_json: bool) -> None:
    """Show or move the clock of the local IoT Wireless service: hours of a session take a moment.

    It never goes back. With both options it moves forward, and runs at that speed from there.

    \b
    Examples:
      fuota local clock
      fuota local clock --advance 45m
      fuota local clock --speed 600

    \b
    Exit codes:
      0  done
      1  no local cloud runs on the port
      2  wrong usage
    """
    from fuota_constructs.local import cloud as clouds

    running = clouds.running(port)
    order = {name: given for name, given in (("advance_seconds", advance), ("speed", speed)) if given is not None}
    shown = running.admin("clock", method="POST", content=order) if order else running.admin("clock")
    if as_json:
        content = {"now": documents.moment(shown["now"]), "speed": shown["speed"]}
        ahead = {"advanced_seconds": round(shown["advanced_seconds"], 3)}
        click.echo(documents.as_text("local-clock", {**content, **ahead}))
        return
    click.echo(_sentence(shown, str(Place(running.region, port=running.port))))


def _sentence(shown: Mapping[str, float], place: str) -> str:
    from fuota_constructs.lorawan.durations import hours

    ahead = shown["advanced_seconds"]
    apart = "ahead of" if ahead > 0 else "behind"
    moved = f"{hours(abs(ahead))} {apart} real time" if abs(ahead) >= 1 else "real time"
    pace = "" if shown["speed"] == 1 else f", running {shown['speed']:g} times as fast"
    return f"{documents.moment(shown['now'])}: {moved}{pace} ({place})"
