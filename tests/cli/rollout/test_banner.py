"""What a page or a terminal says first of a rollout, where the local cloud cannot bring it about."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fuota_constructs.cli.place import Place
from fuota_constructs.cli.rollout.access import FoundRollout
from fuota_constructs.cli.rollout.banner import banner_of, commands
from fuota_constructs.cli.rollout.report_page import page_of
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_status import FAILED, HELD, SUCCEEDED, RolloutStatus
from fuota_constructs.operations.rollout_waves import WaveStatus
from fuota_constructs.operations.rollout_word import say
from fuota_constructs.operations.rollouts import Rollout

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def test_on_aws_a_rollout_that_failed_is_redriven_by_step_functions() -> None:
    rollout = Rollout("Fleet/Rollout", "arn:aws:states:eu-west-1:123456789012:stateMachine:Meters", "table", "bucket")
    status = RolloutStatus(rollout, "one", FAILED, "its execution failed", (), {}, Evidence(), {}, NOW, NOW, NOW)
    found = FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1", profile="ops"), rollout)
    assert commands(status, found)[0] == (
        "aws stepfunctions redrive-execution --execution-arn"
        " arn:aws:states:eu-west-1:123456789012:execution:Meters:one --region eu-west-1 --profile ops"
    )
    there = FoundRollout(Aws(region="eu-west-1", endpoint_url="http://127.0.0.1:4566"), found.place, rollout)
    assert [each for each in commands(status, there) if each.startswith("aws ")] == []


def test_where_somebody_is_left_it_says_how_to_list_them() -> None:
    rollout = Rollout("Fleet/Rollout", "arn:aws:states:eu-west-1:123456789012:stateMachine:Meters", "table", "bucket")
    waves = (WaveStatus("all", "PASSED", 10, attempted=10, delivered=9, failed=1),)
    status = RolloutStatus(rollout, "one", SUCCEEDED, "", waves, {}, Evidence(), {}, NOW, NOW, NOW)
    found = FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1"), rollout)
    report = "fuota rollout report Fleet/Rollout --html rollout.html --region eu-west-1"
    left = "fuota rollout devices Fleet/Rollout --status failed --status open --region eu-west-1"
    assert banner_of(status, found).commands == (left, report)
    assert commands(replace(status, waves=(replace(waves[0], delivered=10, failed=0),)), found) == (report,)
    page = page_of(status, found, again=f"{report} --execution one")
    assert left in re.sub(r"</?(span|wbr)[^>]*>", "", page)
    assert page.count("rollout report") == 1  # who reads it has it: only how to do it again


def test_a_rollout_that_waits_for_its_image_is_answered_by_an_abort_only() -> None:
    rollout = Rollout("Fleet/Rollout", "arn:aws:states:eu-west-1:123456789012:stateMachine:Meters", "table", "bucket")
    control = {"Held": "one/0/0/before", "Step": "check"}
    status = RolloutStatus(rollout, "one", HELD, "there is no image", (), {}, Evidence(), control, NOW, NOW, None)
    found = FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1"), rollout)
    assert commands(status, found) == ("fuota rollout abort Fleet/Rollout --region eu-west-1",)
    for word in ("resume", "approve", "skip"):
        with pytest.raises(OperationError, match="holds until the image can be read, and goes on by itself then"):
            say(found.aws, status, word)
