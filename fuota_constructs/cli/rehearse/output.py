"""What the terminal shows of a rehearsal while it goes on, and of what came of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column, Table
from rich.text import Text

from fuota_constructs.cli.banner_view import show_banner
from fuota_constructs.cli.figures import count, duration
from fuota_constructs.cli.rollout.status_view import waves_table
from fuota_constructs.lorawan.fragments import interval_seconds
from fuota_constructs.lorawan.regions import region
from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.status import Status

    from fuota_constructs.cli.rehearse.record import Record
    from fuota_constructs.local.outcome import Outcome
    from fuota_constructs.local.task_outcome import TaskOutcome, TaskProgress

LONGEST_NAME, LONGEST_NARROW = 24, 12
NARROW: Final = 80
UNNAMED: Final = 8
"""How many characters of its id stand for a task without a name."""

_EVENT = re.compile(r"(\S+) \| +(\d+)/(\d+) \| ")
_DONE = re.compile(r"✅ +(\S+)(.*)")
_ASSET = re.compile(r": (start|success): ")
_TRACE = "jsii.errors.JavaScriptError:"
_FINDINGS = re.compile(r"RuntimeError: (?:ValidationFailedWithErrors: )?(Validation failed with the following errors:)")
_REFUSED = re.compile(r"fuota_constructs\.errors\.FuotaValidationError: (.+)")
_NOISE = ("feature flags are not configured", "Synthesis time:")


class Deployment:
    """Hears the CDK CLI: what the app says is shown, the events of CloudFormation only where something failed."""

    def __init__(self, console: Console, status: Status) -> None:
        """Show it there, and how far it is in the status."""
        self._console, self._status = console, status
        self._heard: list[str] = []
        self._trace: list[str] = []
        self._findings_follow = False
        self.reason = ""
        """The first thing that this package refused in `cdk synth`, if it was that."""

    def synth(self, line: str) -> None:
        """A line of `cdk synth`: warnings, and what the app prints.

        Around the findings of a failed synthesis Python and jsii print some 40 lines about themselves, and the findings
        twice: they are shown once, without. The trace of any other error stays, for it says where the app failed.
        """
        if not self.reason:
            refused = _REFUSED.match(line)
            self.reason = refused[1] if refused else line.strip() if self._findings_follow else ""
        if self._trace or line == _TRACE:
            self._trace.append(line)
            if found := _FINDINGS.match(line):
                self._trace.clear()
                self._findings_follow = True
                self._console.print(Text(found[1]))
        elif line and not any(noise in line for noise in _NOISE):
            self._console.print(Text(line))

    def synth_ended(self) -> None:
        """Show a trace that was about something else than findings."""
        for line in self._trace:
            self._console.print(Text(line))
        self._trace.clear()

    def deploy(self, line: str) -> None:
        """A line of `cdk deploy`."""
        self._heard.append(line)
        if event := _EVENT.match(line):
            self._status.update(f"deploying {event[1]}: {event[2]} of {event[3]} resources")
        elif done := _DONE.match(line):
            self._console.print(Text(f"deployed {done[1]}{done[2]}"))

    def failed(self) -> None:
        """Show what `cdk deploy` said, but for its assets."""
        for line in self._heard:
            if not _ASSET.search(line):
                self._console.print(Text(line))


def short_name(task: TaskProgress, longest: int = LONGEST_NAME) -> str:
    """The name of a task, or the begin of its id, so that there is room for what counts."""
    if task.name == task.task_id:
        return f"{task.task_id[:UNNAMED]}…"
    name = visible(task.name)
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


class SessionBars:
    """A line for each task: fragments, what the devices report, and how much of the session is left."""

    def __init__(self, console: Console) -> None:
        """Draw on a console; a log gets the lines once, at the end."""
        narrow = console.width < NARROW
        self._longest = LONGEST_NARROW if narrow else LONGEST_NAME
        bar = 4 if narrow else 10
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            BarColumn(bar_width=bar, table_column=Column(no_wrap=True, width=bar)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[said]}", markup=False, table_column=Column(overflow="fold", ratio=1)),
            console=console,
            expand=True,
        )
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> SessionBars:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the last state, in full."""
        self._progress.stop()

    def show(self, tasks: Iterable[TaskProgress]) -> None:
        """How far they are."""
        for task in tasks:
            if task.task_id not in self._bars:
                self._bars[task.task_id] = self._progress.add_task(short_name(task, self._longest), total=None, said="")
            self._progress.update(
                self._bars[task.task_id],
                total=task.fragments_total,
                completed=task.fragments_sent,
                said=progress_words(task),
            )


def progress_words(task: TaskProgress) -> str:
    """What the devices of a task report, then how much session time is left."""
    reported = [f"{number} {status}" for status, number in task.devices.items() if status != "Initial"]
    left = f"{duration(task.seconds_left)} of session left" if task.seconds_left else task.status
    return "; ".join([", ".join(reported), left] if reported else [left])


def task_words(task: TaskOutcome) -> str:
    """How a task was sent, and what."""
    given, image = task.parameters, task.image
    facts = region(given.rf_region) if given.rf_region else None
    rate = facts.data_rate(given.data_rate) if facts and given.data_rate is not None else None
    size, redundancy = given.fragment_size_bytes, given.redundancy_percent
    every = given.fragment_interval_ms
    words = [
        f"{given.rf_region or 'no RfRegion'}{f' {rate}' if rate else ''}",
        f"{size} bytes" if size else "fragment size not given",
        f"every {max(1, interval_seconds(every))} s" if every else "interval not given",
        "redundancy not given" if redundancy is None else f"{redundancy} % redundancy",
        f"{count(task.fragments_sent)} fragments in {duration(task.session_seconds)}",
        image_words(task) if image.sha256 else f"{image.uri}: not read",
    ]
    return ", ".join(words)


def image_words(task: TaskOutcome) -> str:
    """The image of a task: its file, size and digest."""
    image = task.image
    if image.sha256 is None or image.size_bytes is None:
        return image.uri
    ends = (image.delta.base_sha256, image.delta.target_sha256) if image.delta else ()
    delta = f", a delta from {' to '.join(end[:16] if end else 'unknown' for end in ends)}" if ends else ""
    firmware = f", {visible(image.firmware)}" if image.firmware else ""
    return (
        f"{image.uri.rpartition('/')[2]} ({count(image.size_bytes)} bytes, sha256 {image.sha256[:16]}{delta}{firmware})"
    )


def show(record: Record, console: Console) -> None:
    """What came of it: the banner, tasks, cohorts and losses. The last line is printed by the command."""
    outcome, verdict = record.outcome, record.verdict
    show_banner(record.banner, console, about=record.about)
    for status in record.rollouts:
        console.print(waves_table(status, console.width))
    if outcome is not None and verdict is not None:
        for task in outcome.tasks:
            devices = outcome.devices_of(task)
            done = sum(device.has_image for device in devices)
            console.print(_shown(f"{task.name}: {done}/{len(devices)} devices have the image; {task_words(task)}"))
        console.print(_cohorts(outcome))
        for line in loss_lines(outcome):
            console.print(Text(line))
    elif not record.rollouts:
        return
    console.print(Text(f"do it again: {record.request.command}"), soft_wrap=True)


def _shown(line: str) -> Text:
    return Text(visible(line))


def _cohorts(outcome: Outcome) -> Table:
    table = Table()
    table.add_column("cohort", overflow="fold")
    for heading in ("devices", "have the image"):
        table.add_column(heading, justify="right")
    table.add_column("the others", overflow="fold")
    for cohort in outcome.cohorts:
        done = f"{cohort.succeeded} ({_percent(cohort.succeeded, cohort.devices)})"
        table.add_row(_shown(cohort.name), count(cohort.devices), done, _shown(cohort.explained or "-"))
    return table


def loss_lines(outcome: Outcome) -> list[str]:
    """What devices lost, and after how many fragments they were done."""
    losses = sorted(device.loss for device in outcome.devices if device.loss is not None)
    after = sorted(device.completed_after_fragments for device in outcome.devices if device.completed_after_fragments)
    lines = []
    if losses:
        lines.append(
            f"fragments lost by a device: {losses[0]:.1%} at least, {losses[len(losses) // 2]:.1%} in the middle,"
            f" {losses[-1]:.1%} at most"
        )
    if after:
        lines.append(f"image complete, byte for byte: first after {after[0]} fragments, last after {after[-1]}")
    return lines


def _percent(part: int, whole: int) -> str:
    from fuota_constructs.local.gate import percent

    return percent(part, whole)
