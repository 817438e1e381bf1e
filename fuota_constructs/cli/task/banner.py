"""How good the news of a task are, and what terminal and page say of it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.cli import about
from fuota_constructs.cli.banner import Banner
from fuota_constructs.cli.level import Level
from fuota_constructs.operations.verdict import Outcome

if TYPE_CHECKING:
    from fuota_constructs.cli.place import Place
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def level_of(progress: Progress, verdict: Verdict) -> Level:
    """Failed is what is done without every device, and a status nobody documented; devices may fail before."""
    if verdict.outcome is Outcome.UPDATED:
        return Level.PASSED
    if verdict.is_final or verdict.outcome is Outcome.UNKNOWN:
        return Level.FAILED
    return Level.WARNING if progress.count_of("failed") else Level.OPEN


def banner_of(progress: Progress, verdict: Verdict, place: Place) -> Banner:
    """The banner of a task."""
    summary = f"{verdict.outcome}: {verdict.summary}"
    commands = tuple(place.commands(verdict.next_steps))
    return Banner(level_of(progress, verdict), summary, verdict.causes, verdict.remedies, commands)


def about_task(progress: Progress, stack: str | None) -> list[str]:
    """What a task is, in a few words each."""
    task, image, plan = progress.task, progress.image, progress.plan
    size = image.size_bytes if image else None
    return [
        f"{task.rf_region or 'no RfRegion'}{f' {plan.data_rate_text}' if plan else ''}",
        *about.parameters(task.fragment_size_bytes, task.fragment_interval_ms, task.redundancy_percent),
        about.image(task.image.rpartition("/")[2] or "no image", size, about.digest_in(task.image)),
        *([f"stack {stack}"] if stack else []),
        *about.made(progress.now),
    ]
