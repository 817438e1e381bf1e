"""The JSON of `fuota rehearse`: shares of 1, moments in ISO 8601, units in the names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.cli import documents
from fuota_constructs.cli.rollout.document import rollout_content

if TYPE_CHECKING:
    from fuota_constructs.cli.rehearse.record import Record


def as_text(record: Record) -> str:
    """Everything, indented. What was not reached is null, or not there."""
    request, verdict = record.request, record.verdict
    cohorts = request.fleet.cohorts
    losses = [cohort.loss.as_document() for cohort in cohorts]
    content: dict[str, Any] = {
        "verdict": {
            "level": record.level,
            "outcome": record.end,
            "summary": record.line,
            "exit_code": record.exit_code,
            "succeeded": verdict.succeeded if verdict else None,
            "devices": verdict.devices if verdict else None,
            "causes": list(verdict.causes) if verdict else [],
            "remedies": list(verdict.remedies) if verdict else [],
            "reached": list(record.reached),
        },
        "require": request.require,
        "seed": request.fleet.seed,
        "loss": losses[0] if all(loss == losses[0] for loss in losses) else None,
        "rehearsed_at": request.at,
        "command": request.command,
        "versions": record.versions,
        "fleet": request.fleet.as_dict(),
        "stacks": list(record.stacks),
        "findings": [finding.as_dict() for finding in record.findings],
        "stand_ins": list(record.stand_ins),
    }
    if record.rollouts:
        content["rollouts"] = [rollout_content(status) for status in record.rollouts]
    if record.outcome is not None:
        content |= record.outcome.as_dict()
        lost = {cohort.name: cohort.loss.as_document() for cohort in cohorts}
        content["cohorts"] = [{**cohort, "loss": lost[cohort["name"]]} for cohort in content["cohorts"]]
    return documents.as_text("rehearsal", content)
