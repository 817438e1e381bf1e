"""What speaks against a planned session: the rules of `cdk synth`, and whether the target of a plan is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs import rules
from fuota_constructs.cli.plan_figures import percent
from fuota_constructs.lorawan.redundancy import smallest_redundancy_percent
from fuota_constructs.rules.radio_session import code_probability

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.lorawan.session_plan import SessionPlan

Findings = list[tuple[str, str, str]]
"""Rule id, level ("error" or "warning") and message, errors first."""


def findings(task: rules.TaskPlan) -> Findings:
    """What the rules say about a task."""
    return [
        (finding.rule, finding.level, finding.message)
        for finding in rules.findings_in(task)
        if finding.rule != "parameters-not-given"  # a plan assumes what is not given, and says so
    ]


def findings_about(task: rules.TaskPlan, plan: SessionPlan | None, target: float) -> Findings:
    """What the rules say, and what they cannot know; errors first.

    A `FuotaTask` names no target: where a plan has one, it is asked for here, under the id of the rule it stands for.
    """
    found = findings(task)
    if plan is None:
        return found
    others = [finding for finding in found if finding[0] != "decode-probability"]
    return sorted([*others, *_target(plan, target)], key=lambda each: each[1])


def _target(plan: SessionPlan, target: float) -> Iterator[tuple[str, str, str]]:
    chance = code_probability(plan)  # whether the session can be sent whole is another finding
    if chance >= target:
        return
    enough = smallest_redundancy_percent(plan.data_fragments, plan.loss, target, version=plan.version)
    remedy = "smaller fragments" if enough is None else f"a redundancy of at least {enough} %"
    message = (
        f"{percent(chance)} of the devices have the image after {plan.data_fragments} data and"
        f" {plan.coded_fragments} coded fragments at {percent(plan.loss)} loss, and the target is {percent(target)}"
        f" (coded fragments are lost too): choose {remedy}, or a lower target"
    )
    yield "decode-probability", "warning", message
