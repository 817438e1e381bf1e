"""The page of `fuota rollout report`, in a real browser: on paper nothing can be scrolled to."""

from datetime import UTC, datetime

import pytest

from fuota_constructs.cli.place import Place
from fuota_constructs.cli.rollout.access import FoundRollout
from fuota_constructs.cli.rollout.report_page import page_of
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_status import RolloutStatus
from fuota_constructs.operations.rollout_waves import wave_statuses
from fuota_constructs.operations.rollouts import Rollout

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)
A4_BETWEEN_MARGINS = 718
"""CSS pixels."""
SETTINGS = {
    "applied": {"version": "2.4.0", "withinSeconds": 3600},
    "waves": [{"name": "canary"}, {"name": "the-meters-of-the-old-town"}],
    "session": {"redundancyPercent": 36},
    "gate": {"success": 0.95, "confidence": 0.8},
}
GATE = {
    "attempt": 0,
    "outcome": "INCONCLUSIVE",
    "reason": "of 30 devices",
    "tally": {"delivered": 1200, "lost": 3, "failed": 0, "silent": 2},
    "statuses": {"Successful": 1200, "MissingFrag": 3},
    "lowerBound": 0.9912,
    "upperBound": 0.9987,
}


def page_with(**evidence) -> str:
    evidence = Evidence(sizes=[1203, 98_797], gates={0: [GATE], 1: [GATE]}, **evidence)
    waves = wave_statuses(SETTINGS, evidence, {"Wave": "1"}, "SUCCEEDED")
    rollout = Rollout("Fleet/Meters", "arn:aws:states:eu-west-1:123456789012:stateMachine:Meters", "table", "bucket")
    control = {"Wave": "1"}
    status = RolloutStatus(rollout, "one", "SUCCEEDED", "", waves, SETTINGS, evidence, control, NOW, NOW, NOW)
    return page_of(status, FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1"), rollout), again="fuota report it")


def test_a_long_arn_of_who_said_something_fits_a_narrow_screen(browser) -> None:
    who = f"arn:aws:sts::123456789012:assumed-role/{'Operators' * 7}/somebody@example.com"
    page = page_with(decisions={0: [{"attempt": 0, "Word": "approve", "Who": who, "When": "2026-12-01"}]})
    script = "const root = document.documentElement; return [root.scrollWidth - root.clientWidth, root.textContent];"
    over, text = browser.ask(page, script, width=320)
    assert who in text
    assert over <= 0


def test_the_table_of_waves_is_whole_on_paper(browser) -> None:
    seen = browser.ask(
        page_with(),
        """const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
          .filter(rule => rule.media && rule.media.mediaText === "print")
          .flatMap(rule => [...rule.cssRules]).map(rule => rule.cssText);
        document.head.insertAdjacentHTML("beforeend", `<style>${rules.join("\\n")}</style>`);
        const table = document.querySelector(".waves"), section = table.closest("section");
        return {rules: rules.length, headings: table.querySelectorAll("thead th").length,
                over: table.getBoundingClientRect().right - section.getBoundingClientRect().right};""",
        width=A4_BETWEEN_MARGINS,
    )
    assert seen["rules"] > 10
    assert seen["headings"] == 11
    assert seen["over"] <= 0
