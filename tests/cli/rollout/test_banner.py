"""What a page or a terminal says first of a rollout, where the local cloud cannot bring it about."""

from datetime import UTC, datetime

import pytest

from fuota_constructs.cli.place import Place
from fuota_constructs.cli.rollout.access import FoundRollout
from fuota_constructs.cli.rollout.banner import commands
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.errors import OperationError
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_status import FAILED, HELD, RolloutStatus
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


def test_a_rollout_that_waits_for_its_image_is_answered_by_an_abort_only() -> None:
    rollout = Rollout("Fleet/Rollout", "arn:aws:states:eu-west-1:123456789012:stateMachine:Meters", "table", "bucket")
    control = {"Held": "one/0/0/before", "Step": "check"}
    status = RolloutStatus(rollout, "one", HELD, "there is no image", (), {}, Evidence(), control, NOW, NOW, None)
    found = FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1"), rollout)
    assert commands(status, found) == ("fuota rollout abort Fleet/Rollout --region eu-west-1",)
    for word in ("resume", "approve", "skip"):
        with pytest.raises(OperationError, match="holds until the image can be read, and goes on by itself then"):
            say(found.aws, status, word)
