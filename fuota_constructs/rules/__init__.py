"""The rules a FUOTA task is held to at synth, as data.

`RULES` is all of them, `findings_in(plan)` what they say about one task, `markdown_table()` the table of the README
(also printed by `python -m fuota_constructs.rules`). Standard library only: no AWS, no CDK.
"""

from __future__ import annotations

from fuota_constructs.lorawan.session_plan import SessionPlan
from fuota_constructs.rules.fragment_rules import FRAGMENT_RULES, encoded_fragments
from fuota_constructs.rules.image_rules import IMAGE_RULES
from fuota_constructs.rules.monitor_rules import MONITOR_RULES
from fuota_constructs.rules.place_rules import PLACE_RULES
from fuota_constructs.rules.radio_rules import RADIO_RULES
from fuota_constructs.rules.radio_session import session_plan
from fuota_constructs.rules.rule import (
    UNKNOWN,
    Finding,
    GroupPlan,
    Level,
    MonitorPlan,
    Place,
    Rule,
    StartPlan,
    TaskPlan,
)
from fuota_constructs.rules.start_rules import CALL_LEAD_SECONDS, SERVICE_LEAD_SECONDS, START_RULES
from fuota_constructs.rules.task_rules import TASK_RULES

RULES: tuple[Rule, ...] = (
    *FRAGMENT_RULES,
    *RADIO_RULES,
    *IMAGE_RULES,
    *TASK_RULES,
    *PLACE_RULES,
    *START_RULES,
    *MONITOR_RULES,
)

__all__ = [
    "CALL_LEAD_SECONDS",
    "RULES",
    "SERVICE_LEAD_SECONDS",
    "UNKNOWN",
    "Finding",
    "GroupPlan",
    "Level",
    "MonitorPlan",
    "Place",
    "Rule",
    "SessionPlan",
    "StartPlan",
    "TaskPlan",
    "encoded_fragments",
    "findings_in",
    "markdown_table",
    "session_plan",
]


def findings_in(plan: TaskPlan) -> tuple[Finding, ...]:
    """Everything the rules find in one task, errors first, each group in the order of the table."""
    found = [finding for rule in RULES for finding in rule.findings(plan)]
    return tuple(sorted(found, key=lambda finding: finding.level))


def markdown_table() -> str:
    """The table of all rules, as Markdown."""
    rows = [
        f"| `{rule.id}` | {' / '.join(rule.levels)} | {rule.what} | {rule.why} | {rule.remedy} | {rule.source} |"
        for rule in RULES
    ]
    return "\n".join(["| rule | level | fires when | why | remedy | source |", "|---|---|---|---|---|---|", *rows, ""])
