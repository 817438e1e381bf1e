"""The events of a rollout in the template: who may put them, who hears of an execution that died, rules for them."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns

from fuota_constructs import (
    DlClass,
    FirmwareImage,
    FuotaRollout,
    FuotaValidationError,
    RfRegion,
    RolloutTargets,
)
from fuota_constructs.rollout.event_schema import DETAILS, ROLLOUT_CHANGE, WAVE_CHANGE


def rules(template) -> dict:
    found = template.all("AWS::Events::Rule")
    return {name: body["Properties"] for name, body in found.items()}


def publishes_to(template):
    statements = [
        each
        for body in template.all("AWS::IAM::Policy").values()
        for each in template.statements(body["Properties"])
        if each.get("Sid") == "PublishEvents"
    ]
    [statement] = statements
    assert statement["Action"] == ["events:PutEvents"]
    [resource] = statement["Resource"]
    return resource


def environment(template) -> dict:
    [found] = [
        body["Properties"]["Environment"]["Variables"]
        for name, body in template.all("AWS::Lambda::Function").items()
        if name.startswith("Rollout")
    ]
    return found


def test_events_go_to_the_default_bus_and_to_nobody_elses(stack, rollout_of, synth) -> None:
    rollout_of()
    template = synth(stack)
    bus = publishes_to(template)
    assert bus["Fn::Join"][1][-1] == ":event-bus/default"
    assert environment(template)["EVENT_BUS"] == bus


def test_events_may_go_to_a_bus_of_ones_own_and_so_do_the_rules(stack, rollout_of, synth) -> None:
    bus = events.EventBus(stack, "Bus")
    rollout_of(event_bus=bus).on_event("Changes")
    template = synth(stack)
    [name] = template.all("AWS::Events::EventBus")
    assert publishes_to(template) == {"Fn::GetAtt": [name, "Arn"]}
    [rule] = [each for each in rules(template).values() if "EventBusName" in each]
    assert rule["EventBusName"] == {"Ref": name}
    assert rule["EventPattern"]["detail-type"] == [ROLLOUT_CHANGE, WAVE_CHANGE]


def test_a_rule_calls_the_function_when_an_execution_died(stack, rollout_of, synth) -> None:
    rollout_of()
    template = synth(stack)
    [(name, rule)] = rules(template).items()
    [machine] = rule["EventPattern"]["detail"]["stateMachineArn"]
    assert "MachinesRollout" in machine["Ref"] if "Ref" in machine else machine["Fn::GetAtt"][0]
    assert rule["EventPattern"]["detail"]["status"] == ["ABORTED", "FAILED", "TIMED_OUT"]
    permission = template.properties("AWS::Lambda::Permission")
    assert permission["Principal"] == "events.amazonaws.com"
    assert permission["SourceArn"] == {"Fn::GetAtt": [name, "Arn"]}
    assert rule["Targets"] == [{"Arn": permission["FunctionName"], "Id": "Function"}]


def test_rules_are_about_this_rollout_and_what_was_asked_for(stack, rollout_of, synth) -> None:
    rollout = rollout_of()
    rollout.on_status_change("Held", statuses=["HELD", "FAILED"])
    rollout.on_status_change("Any")
    rollout.on_wave_status_change("Waves", outcomes=("ABORTED",))
    patterns = {
        name.removeprefix("Rollout")[:-8]: each["EventPattern"]
        for name, each in rules(synth(stack)).items()
        if each["EventPattern"]["source"] == ["fuota-constructs"]
    }
    assert {name: (each["detail-type"], each.get("detail")) for name, each in patterns.items()} == {
        "Held": ([ROLLOUT_CHANGE], {"status": ["HELD", "FAILED"]}),
        "Any": ([ROLLOUT_CHANGE], None),
        "Waves": ([WAVE_CHANGE], {"outcome": ["ABORTED"]}),
    }
    [resources] = {str(each["resources"]) for each in patterns.values()}
    assert "MachinesRollout" in resources


@pytest.mark.parametrize("statuses", [["STARTED"], "HELD", 3, ["PASSED"], [], [["HELD"]]])
def test_fails_for_a_status_that_no_rollout_has(rollout_of, statuses) -> None:
    with pytest.raises(FuotaValidationError, match="give a list of RUNNING, HELD, SUCCEEDED, ABORTED, FAILED"):
        rollout_of().on_status_change("Rule", statuses=statuses)


def test_none_is_all(stack, rollout_of, synth) -> None:
    rollout_of().on_status_change("Rule", statuses=None)
    patterns = [body["Properties"].get("EventPattern", {}) for body in synth(stack).all("AWS::Events::Rule").values()]
    [pattern] = [each for each in patterns if each.get("detail-type") == [ROLLOUT_CHANGE]]
    assert "detail" not in pattern


def test_fails_for_an_outcome_that_no_wave_has(rollout_of) -> None:
    with pytest.raises(FuotaValidationError, match=r"outcomes is .*; give a list of RUNNING, PASSED, INCONCLUSIVE"):
        rollout_of().on_wave_status_change("Rule", outcomes=["PENDING"])


@pytest.mark.parametrize("target", ["arn:aws:sns:eu-west-1:111122223333:operators", [], "", sns.Topic, float("nan")])
@pytest.mark.parametrize("rule", ["on_event", "on_status_change", "on_wave_status_change"])
def test_fails_for_what_is_no_target(rollout_of, rule, target) -> None:
    with pytest.raises(FuotaValidationError, match=r"target is .*; give one of aws_events_targets") as refused:
        getattr(rollout_of(), rule)("Rule", target=target)
    assert refused.value.rule == "rollout-event-target"


def test_fails_for_what_is_no_bus(rollout_of) -> None:
    with pytest.raises(FuotaValidationError, match="event_bus is 'default'; give a bus") as refused:
        rollout_of(event_bus="default")
    assert refused.value.rule == "rollout-event-bus"


def test_fails_for_a_rule_on_a_bus_of_another_account(app, tmp_path) -> None:
    """CloudFormation would make it on a bus of that name of its own account, or find none."""
    here = cdk.Stack(app, "Here", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    (tmp_path / "meter.bin").write_bytes(b"firmware" * 2500)
    arn = "arn:aws:events:eu-west-1:444455556666:event-bus/fleet"
    rollout = FuotaRollout(
        here,
        "Rollout",
        firmware_image=FirmwareImage.from_asset(tmp_path / "meter.bin"),
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.seconds(30),
        targets=RolloutTargets.device_profile("profile"),
        event_bus=events.EventBus.from_event_bus_arn(here, "Bus", arn),
    )
    with pytest.raises(FuotaValidationError, match=r"event_bus is in account 444455556666 and .* a rule is made where"):
        rollout.on_event("Rule")


def test_the_schemas_are_of_what_is_told() -> None:
    assert [schema["title"] for schema in DETAILS.values()] == list(DETAILS)
    for schema in DETAILS.values():
        assert set(schema["required"]) <= set(schema["properties"])
