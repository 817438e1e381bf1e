"""What is shown of a rollout that asks for a version: who reports it, who another one, and who had it before."""

import dataclasses
import io

import pytest
from rich.console import Console

from fuota_constructs.cli.level import Level
from fuota_constructs.cli.rollout.banner import level_of, summary_of
from fuota_constructs.cli.rollout.report_page import gates_section, waves_section
from fuota_constructs.cli.rollout.status_view import not_sent, waves_table
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_next import next_of
from fuota_constructs.operations.rollout_status import RolloutStatus
from fuota_constructs.operations.rollout_waves import WaveStatus, wave_statuses

from .conftest import status_of

APPLIED = {"version": "2.4.0", "withinSeconds": 3600, "table": "versions"}
SETTINGS = {"applied": APPLIED, "waves": [{"name": "canary"}, {"name": "rest"}]}
TALLY = {"delivered": 16, "lost": 1, "failed": 0, "other_version": 3, "unreported": 2}
GATE = {
    "attempt": 0,
    "outcome": "ABORTED",
    "reason": "11 of 17 devices report version 2.4.0",
    "tally": TALLY,
    "statuses": {"Successful": 16, "MissingFrag": 1},
    "versions": {"2.3.9": 3},
    "checked": ["could not tell whether the role can read the image: IAM does not answer"],
    "lowerBound": 0.5,
    "upperBound": 0.8,
}


def status(*waves: WaveStatus, state: str = "SUCCEEDED", **control: str) -> RolloutStatus:
    return dataclasses.replace(status_of(state, waves, Evidence(), **control), settings=SETTINGS)


@pytest.fixture
def aborted() -> RolloutStatus:
    check = {"attempted": 17, "already": 3, "conflicting": 0, "unknown": []}
    evidence = Evidence(sizes=[20, 80], checks={0: [check]}, gates={0: [GATE]})
    waves = wave_statuses(SETTINGS, evidence, {"Wave": "0"}, "ABORTED")
    return status(*waves, state="ABORTED", Wave="0")


def test_counts_of_versions_are_of_the_evidence(aborted) -> None:
    canary, rest = aborted.waves
    assert (canary.attempted, canary.delivered, canary.failed) == (17, 16, 1)
    assert (canary.already, canary.applied, canary.other_version, canary.unreported) == (3, 11, 3, 2)
    assert (canary.successful, rest.applied) == (14, None)
    assert summary_of(aborted) == "ABORTED: 14 of 100 devices report version 2.4.0"


def test_the_table_of_waves_has_a_column_for_them_in_80_columns_and_only_then(aborted) -> None:
    def text(of: RolloutStatus) -> str:
        console = Console(file=io.StringIO(), width=80)
        console.print(waves_table(of))
        return console.file.getvalue()

    assert "run it" in text(aborted)
    assert "…" not in text(aborted)
    assert "11" in text(aborted).splitlines()[1].split()
    assert "run it" not in text(dataclasses.replace(aborted, settings={}))
    for width in (40, 50, 60):
        narrow = Console(file=io.StringIO(), width=width)
        narrow.print(waves_table(aborted, width))
        assert "…" not in narrow.file.getvalue()
        assert {"canary", "have", "failed"} < set(narrow.file.getvalue().split())
    assert "applied" in waves_section(aborted)
    assert "applied" not in waves_section(dataclasses.replace(aborted, settings={}))


def test_the_page_says_what_they_report_instead_and_whom_nothing_was_sent(aborted) -> None:
    page = gates_section(aborted)
    assert "other versions that are reported: 2.3.9 (3)" in page
    assert "3 of its devices had the version already: not attempted" in page
    assert "IAM does not answer" in page


NEEDLESS = WaveStatus("canary", "SKIPPED", 10, already=10, reason="all 10 devices of the wave report version 2.4.0")
PASSED = WaveStatus("rest", "PASSED", 90, attempted=90, delivered=90, applied=90, attempts=1)


def test_a_wave_that_nobody_needed_takes_nothing_from_a_rollout_that_passed() -> None:
    assert level_of(status(NEEDLESS, PASSED)) == Level.PASSED
    assert summary_of(status(NEEDLESS, PASSED)) == "SUCCEEDED: 100 of 100 devices report version 2.4.0"
    assert not_sent(NEEDLESS) == []


def test_a_rollout_that_nobody_needed_proved_nothing() -> None:
    assert level_of(status(NEEDLESS)) == Level.WARNING


@pytest.mark.parametrize(
    ("state", "control", "text"),
    [
        ("RUNNING", {"Step": "settle", "Until": "1800000000", "VersionsBy": "1800003600"}, "report the version they"),
        ("RUNNING", {"Step": "settle", "Until": "1800000000"}, "its gate judges it"),
        ("RUNNING", {"Step": "check"}, "join a group of their own"),
        ("HELD", {"Step": "check", "Held": "one/0/0/before", "Until": "1800000000"}, "once the image can be read"),
    ],
)
def test_what_comes_next(state, control, text) -> None:
    assert text in next_of(status(PASSED, state=state, Wave="0", **control)).text
