"""What rules find, by the id of one of them."""

from typing import Any

from fuota_constructs.rules import Finding, GroupPlan, TaskPlan, findings_in

GOOD: dict[str, Any] = {
    "rf_region": "EU868",
    "image_bytes": 22_856,
    "fragment_size_bytes": 112,
    "fragment_interval_ms": 7000,
    "redundancy_percent": 30,
    "multicast_groups": (GroupPlan("Group", "EU868", "ClassC"),),
}
"""A task about which no rule has anything to say."""


def found(rule: str, **plan: Any) -> list[tuple[str, str]]:
    """Level and message of what one rule finds."""
    return [(f.level, f.message) for f in findings_in(TaskPlan(**plan)) if f.rule == rule]


def levels(rule: str, **plan: Any) -> list[str]:
    """The levels of that."""
    return [level for level, _ in found(rule, **plan)]


def all_found_with(**changes: Any) -> tuple[Finding, ...]:
    """What all rules find in the good task, changed."""
    return findings_in(TaskPlan(**{**GOOD, **changes}))


def found_with(rule: str, **changes: Any) -> list[tuple[str, str]]:
    """Level and message of what one rule finds in it."""
    return found(rule, **{**GOOD, **changes})


def levels_with(rule: str, **changes: Any) -> list[str]:
    """The levels of that."""
    return levels(rule, **{**GOOD, **changes})


def group(rf_region: str, dl_class: str = "ClassC", data_rate: int | None = None) -> dict[str, object]:
    """A change: another region, and a group of it."""
    return {"rf_region": rf_region, "multicast_groups": (GroupPlan("Group", rf_region, dl_class, data_rate),)}
