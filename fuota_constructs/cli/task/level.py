"""How good the news of a task are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.cli.level import Level
from fuota_constructs.operations.verdict import Outcome

if TYPE_CHECKING:
    from fuota_constructs.operations.progress import Progress
    from fuota_constructs.operations.verdict import Verdict


def level_of(progress: Progress, verdict: Verdict) -> Level:
    """Failed is what is done without every device, and a status nobody documented; devices may fail before."""
    if verdict.outcome is Outcome.UPDATED:
        return Level.PASSED
    if verdict.is_final or verdict.outcome is Outcome.UNKNOWN:
        return Level.FAILED
    return Level.WARNING if progress.count_of("failed") else Level.OPEN
