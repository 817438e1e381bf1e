"""The rules as data: their ids are public, their page is the documents', their findings come out together."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuota_constructs.rules import RULES, UNKNOWN, Finding, TaskPlan, findings_in, markdown_page
from fuota_constructs.rules.refusals import REFUSALS

IDS = {
    "parameters-not-given": ("warning",),
    "redundancy-range": ("error",),
    "fragment-size-range": ("error",),
    "fragment-size-needs-multicast": ("error", "warning"),
    "fragment-interval-range": ("error",),
    "fragment-interval-rounding": ("warning",),
    "fragment-count": ("error",),
    "session-duration": ("warning",),
    "data-rate-range": ("error",),
    "planned-loss-range": ("error",),
    "fragment-interval-airtime": ("error",),
    "gateway-spacing": ("warning",),
    "ping-slot-interval": ("warning",),
    "duty-cycle": ("warning",),
    "dwell-time": ("error", "warning"),
    "decode-probability": ("warning",),
    "few-fragments": ("warning",),
    "redundancy-useless": ("warning",),
    "repeater-size": ("warning",),
    "class-window": ("warning",),
    "stack-fragment-count": ("error",),
    "stack-fragment-size": ("error",),
    "stack-fragment-multiple": ("warning",),
    "stack-lost-fragments": ("warning",),
    "stack-hang": ("error",),
    "stack-never-done": ("error",),
    "stack-frag-index": ("error",),
    "stack-class-b": ("warning",),
    "stack-one-session": ("warning",),
    "fragment-count-2040": ("warning",),
    "image-empty": ("error",),
    "image-size": ("error", "warning"),
    "image-region": ("error",),
    "image-encryption": ("warning",),
    "firmware-lifecycle": ("warning",),
    "image-container": ("error",),
    "image-padded": ("error", "warning"),
    "image-truncated": ("error",),
    "image-digest": ("error",),
    "image-unsigned": ("error", "warning"),
    "image-development-key": ("warning",),
    "delta-files": ("error", "warning"),
    "delta-ratio": ("error", "warning"),
    "image-signing-key": ("error", "warning"),
    "image-version": ("error", "warning"),
    "image-too-large": ("error", "warning"),
    "role-trust": ("error",),
    "role-policy-size": ("error", "warning"),
    "targets-exclusive": ("error",),
    "target-count": ("error", "warning"),
    "rf-region-mismatch": ("error",),
    "rf-region-unknown": ("warning",),
    "descriptor-format": ("error",),
    "descriptor-length": ("warning",),
    "name-length": ("error",),
    "name-characters": ("warning",),
    "description-length": ("error",),
    "tag-limits": ("error",),
    "aws-region": ("warning",),
    "text-characters": ("error",),
    "secret-reference": ("error", "warning"),
    "group-region": ("error",),
    "role-account": ("error",),
    "image-account": ("warning",),
    "start-time-past": ("warning",),
    "start-time-lead": ("warning",),
    "start-without-target": ("warning",),
    "schedule-region": ("error",),
    "start-window": ("error",),
    "start-overlap": ("error", "warning"),
    "monitor-region": ("error",),
    "monitor-account": ("error",),
    "monitor-policy-size": ("error",),
    "group-size": ("error",),
    "device-list": ("error", "warning"),
    "gateway-count": ("error",),
    "gateway-ids": ("warning",),
    "transmission-interval": ("error", "warning"),
    "group-data-rate": ("error",),
    "group-frequency": ("error",),
    "rollout-waves": ("error", "warning"),
    "rollout-window": ("error", "warning"),
    "wave-cannot-prove": ("warning",),
    "applied-version": ("warning",),
}


def test_ids_and_levels_are_contract() -> None:
    assert {rule.id: rule.levels for rule in RULES} == IDS


def test_every_rule_says_what_why_remedy_and_source() -> None:
    for rule in RULES:
        assert all((rule.what, rule.why, rule.remedy, rule.source)), rule.id


def test_page_has_a_row_and_a_heading_for_each_rule() -> None:
    ids = [rule.id for rule in (*RULES, *REFUSALS)]
    assert re.findall(r"^\| \[`([a-z0-9-]+)`\]\(#\1\) \|", markdown_page(), re.MULTILINE) == ids
    headings = re.findall(r"^## (.+)$", markdown_page(), re.MULTILINE)
    assert [heading for heading in headings if heading != "Refused at once"] == ids


def test_module_prints_the_page_that_is_in_the_documents() -> None:
    command = [sys.executable, "-m", "fuota_constructs.rules"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert printed == markdown_page()
    page = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
    assert page.read_text(encoding="utf-8") == printed, f"run: python -m fuota_constructs.rules > {page}"


def test_findings_come_together_errors_first() -> None:
    plan = TaskPlan(redundancy_percent=150, fragment_interval_ms=1500, name="a b", aws_region="eu-north-1")
    assert [(f.level, f.rule) for f in findings_in(plan)] == [
        ("error", "redundancy-range"),
        ("warning", "fragment-interval-rounding"),
        ("warning", "name-characters"),
        ("warning", "aws-region"),
    ]


def test_finding_reads_as_rule_and_message() -> None:
    assert str(Finding("a-rule", "error", "x is 1; choose 2")) == "a-rule: x is 1; choose 2"


def test_a_plan_of_unknown_values_has_no_findings() -> None:
    plan = TaskPlan(
        name=UNKNOWN,
        description=UNKNOWN,
        redundancy_percent=UNKNOWN,
        fragment_interval_ms=UNKNOWN,
        descriptor=UNKNOWN,
        image_bytes=UNKNOWN,
    )
    assert findings_in(plan) == ()
    assert repr(UNKNOWN) == "UNKNOWN"


ANYTHING = st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.booleans(), st.just(UNKNOWN), st.binary())


@given(st.tuples(*[ANYTHING] * 6))
def test_no_input_crashes_a_rule(values: tuple[object, ...]) -> None:
    size, percent, milliseconds, image, text, descriptor = values
    plan = TaskPlan(
        name=text,
        description=text,
        rf_region="EU868",
        fragment_size_bytes=size,
        redundancy_percent=percent,
        fragment_interval_ms=milliseconds,
        image_bytes=image,
        descriptor=descriptor,
    )
    for finding in findings_in(plan):
        assert finding.message
        assert finding.level in IDS[finding.rule]


@pytest.mark.parametrize(("characters", "shown"), [(60, '"' + 60 * "!" + '"'), (61, '"' + 60 * "!" + '..."')])
def test_a_long_text_is_shown_by_its_begin(characters: int, shown: str) -> None:
    [message] = [f.message for f in findings_in(TaskPlan(descriptor="!" * characters)) if f.rule == "descriptor-format"]
    assert shown in message
