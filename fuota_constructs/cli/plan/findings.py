"""What speaks against a planned session: the rules of `cdk synth`."""

from __future__ import annotations

from fuota_constructs import rules
from fuota_constructs.rules.wording import as_flags

Findings = list[tuple[str, str, str]]
"""Rule id, level ("error" or "warning") and message, errors first."""


def findings(task: rules.TaskPlan) -> Findings:
    """What the rules say about a task."""
    return [
        (finding.rule, finding.level, as_flags(finding.message))
        for finding in rules.findings_in(task)
        if finding.rule != "parameters-not-given"  # a plan assumes what is not given, and says so
    ]
