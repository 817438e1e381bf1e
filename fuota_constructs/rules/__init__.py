"""The rules a FUOTA task is held to at synth, as data.

`RULES` is all of them, `findings_in(plan)` what they say about one task, `markdown_page()` the page of the documents
(also printed by `python -m fuota_constructs.rules`). Standard library only: no AWS, no CDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.session_plan import SessionPlan
from fuota_constructs.rules.delta_rules import DELTA_RULES
from fuota_constructs.rules.fragment_rules import FRAGMENT_RULES, encoded_fragments
from fuota_constructs.rules.image_demand_rules import IMAGE_DEMAND_RULES
from fuota_constructs.rules.image_file_rules import IMAGE_FILE_RULES
from fuota_constructs.rules.image_rules import IMAGE_RULES
from fuota_constructs.rules.member_rules import MEMBER_RULES
from fuota_constructs.rules.monitor_rules import MONITOR_RULES
from fuota_constructs.rules.place_rules import PLACE_RULES
from fuota_constructs.rules.radio_rules import RADIO_RULES
from fuota_constructs.rules.radio_session import session_plan
from fuota_constructs.rules.rollout_rules import MOST_RETRIES, ROLLOUT_RULES, devices_that_prove
from fuota_constructs.rules.rule import (
    UNKNOWN,
    EarlierStart,
    Finding,
    GroupPlan,
    Level,
    MembersPlan,
    MonitorPlan,
    Place,
    RolloutPlan,
    Rule,
    StartPlan,
    TaskPlan,
    WavePlan,
)
from fuota_constructs.rules.stack_rules import STACK_RULES
from fuota_constructs.rules.start_rules import CALL_LEAD_SECONDS, SERVICE_LEAD_SECONDS, START_RULES
from fuota_constructs.rules.task_rules import TASK_RULES
from fuota_constructs.rules.text_rules import TEXT_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

RULES: tuple[Rule, ...] = (
    *FRAGMENT_RULES,
    *RADIO_RULES,
    *STACK_RULES,
    *IMAGE_RULES,
    *IMAGE_FILE_RULES,
    *DELTA_RULES,
    *IMAGE_DEMAND_RULES,
    *TASK_RULES,
    *TEXT_RULES,
    *PLACE_RULES,
    *START_RULES,
    *MONITOR_RULES,
    *MEMBER_RULES,
    *ROLLOUT_RULES,
)

__all__ = [
    "CALL_LEAD_SECONDS",
    "MOST_RETRIES",
    "RULES",
    "SERVICE_LEAD_SECONDS",
    "UNKNOWN",
    "DeviceStack",
    "EarlierStart",
    "Finding",
    "GroupPlan",
    "Level",
    "MembersPlan",
    "MonitorPlan",
    "Place",
    "RolloutPlan",
    "Rule",
    "SessionPlan",
    "StartPlan",
    "TaskPlan",
    "WavePlan",
    "devices_that_prove",
    "encoded_fragments",
    "findings_in",
    "markdown_page",
    "session_plan",
]

_PAGE_HEAD = """# Rules

Checked at `cdk synth`, on every value that is known then; all findings of all tasks are reported in one run (of all
tasks of a `Stage`: the CDK ends with the first stage that fails). An **error** ends the synth, which then fails.
A **warning** is acknowledged under its id, on the task or on whatever it is in, up to the app:

```py
cdk.Annotations.of(task).acknowledge_warning("fragment-interval-rounding", "measured: fine")
```

What is known only at deployment is not checked: tokens, and what a context lookup answers before the CLI has looked it
up. `fuota plan` and `fuota preflight` ask the same rules.

What nothing can be made of is [refused at once](#refused-at-once), where it is given.

This page is printed by `python -m fuota_constructs.rules`.
"""

_REFUSALS_HEAD = """## Refused at once

A value of a wrong kind raises `FuotaValidationError` in the constructor or method that it is given to; its `rule` is
one of these. A few of the warnings here are said at once, too, and acknowledged like any other.
"""


def findings_in(plan: TaskPlan) -> tuple[Finding, ...]:
    """Everything the rules find in one task, errors first, each group in the order of the table."""
    found = [Finding(rule.id, level, message) for rule in RULES for level, message in rule.check(plan)]
    return tuple(sorted(found, key=lambda finding: finding.level))


def markdown_page() -> str:
    """All rules as the page of the documents: a table, and a heading, so an anchor, for each."""
    from fuota_constructs.rules.refusals import REFUSALS  # no synth asks for them

    checked, refused = ([_index(each), *map(_section, each)] for each in (RULES, REFUSALS))
    return "\n".join([_PAGE_HEAD, *checked, _REFUSALS_HEAD, *refused])


def _index(rules: Iterable[Rule]) -> str:
    rows = [f"| [`{rule.id}`](#{rule.id}) | {' / '.join(rule.levels)} | {rule.what} |" for rule in rules]
    return "\n".join(["| rule | level | fires when |", "|---|---|---|", *rows, ""])


def _section(rule: Rule) -> str:
    return f"""## {rule.id}

*{" / ".join(rule.levels)}*: {rule.what}.

- **Why:** {rule.why}.
- **Remedy:** {rule.remedy}.
- **Source:** {rule.source}.
"""
