"""What is known at synth, and how a message shows what is not."""

import math
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ssm as ssm

from fuota_constructs import (
    DeviceList,
    DlClass,
    FirmwareImage,
    FuotaTask,
    FuotaValidationError,
    MulticastGroup,
    RfRegion,
    RolloutWave,
)
from fuota_constructs.template.tokens import is_known, is_list_token, is_stand_in, known_text, shown


@pytest.fixture
def stack(tmp_path: Path) -> cdk.Stack:
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    return cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))


def synthesised(stack: cdk.Stack) -> Any:
    return cast("cdk.App", stack.node.root).synth()


@pytest.mark.parametrize("value", ["", "text", "${AWS::Region}", 0, 7, 1.5, math.inf, math.nan, None, object(), b"x"])
def test_plain_values_are_known(value: object) -> None:
    assert is_known(value)


def test_tokens_are_not_known(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "P", type="Number")
    devices = cdk.CfnParameter(stack, "L", type="CommaDelimitedList")
    for token in (
        parameter.value_as_string,
        f"prefix-{parameter.value_as_string}",
        parameter.value_as_number,
        cdk.Aws.ACCOUNT_ID,
        cdk.Fn.ref("X"),
        cdk.Fn.condition_if("C", 1, 2),
        *devices.value_as_list,
    ):
        assert not is_known(token), token
        assert known_text(token) is None
        assert shown(token) == "a value known only at deployment"
    [element] = devices.value_as_list
    assert is_list_token(element)
    assert not is_list_token(parameter.value_as_string)


def test_what_context_lookups_answer_at_first_is_not_known(stack: cdk.Stack) -> None:
    name = ssm.StringParameter.value_from_lookup(stack, "/fleet/task name")
    role = iam.Role.from_lookup(stack, "Role", role_name="acme")
    assert (is_stand_in(name), is_stand_in(role.role_arn)) == (True, True)
    assert not is_known(name)
    assert not is_known(f"task-{name}")
    assert known_text(role.role_arn) is None


@pytest.mark.parametrize(
    "text", ["vpc-12345", "sg-12345678", "ami-1234", "dummy1a", "DUMMY", "key/1234abcd-12ab-34cd-56ef-1234567890ab"]
)
def test_other_stand_ins_are_not_known(text: str) -> None:
    assert not is_known(text)


@pytest.mark.parametrize("text", ["dummy", "vpc-123456", "ami-12345678", "sg-1234567890", "DUMMY-task", "my-dummy1ab"])
def test_names_that_only_look_like_stand_ins_are_known(text: str) -> None:
    assert known_text(text) == text


def test_values_are_shown_as_their_user_knows_them(stack: cdk.Stack) -> None:
    parameter = cdk.CfnParameter(stack, "P", type="Number").value_as_number
    assert shown("acme") == "'acme'"
    assert shown(3) == "3"
    assert shown(None) == "None"
    assert shown(uuid.UUID(int=7)).startswith("UUID(")
    assert shown(s3.Bucket) == "<class 'aws_cdk.aws_s3.Bucket'>"
    assert shown(cdk.Duration.seconds(90)) == "Duration PT1M30S"
    assert shown(cdk.Duration.seconds(parameter)) == "a Duration known only at deployment"
    assert shown(parameter) == shown(parameter * 2) == shown(int(parameter)) == "a value known only at deployment"
    assert shown(s3.CfnBucket(stack, "B")) == "a CfnBucket (Stack/B)"
    assert shown(iam.User(stack, "U")) == "a User (Stack/U)"
    assert shown(iam.Role.from_role_name(stack, "R", "acme")) == "a Construct (Stack/R)"
    managed = iam.ManagedPolicy.from_aws_managed_policy_name("ReadOnlyAccess")
    assert shown(managed) == "a Construct (in no stack)"
    assert shown(iam.AccountRootPrincipal()) == "an AccountRootPrincipal"
    assert shown(object()) == "an object"
    assert shown(RfRegion.EU868) == "RfRegion(value='EU868')"
    assert shown(["acme", s3.CfnBucket(stack, "C"), object()]) == "['acme', a CfnBucket (Stack/C), an object]"
    assert shown([[cdk.Fn.import_value("Later")]]) == "[a list with values known only at deployment]"
    assert shown("x" * 500) == f"'{'x' * 119}..."


IMAGE = Path(__file__).parents[2] / "firmware/sensor-1.1.0.bin"
TASK: dict[str, Any] = {"firmware_image": FirmwareImage.from_asset(IMAGE), "rf_region": RfRegion.EU868}
GROUP: dict[str, Any] = {"rf_region": RfRegion.EU868, "dl_class": DlClass.CLASS_C}
LATER: Any = cdk.Fn.import_value("Later")


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (lambda _: FirmwareImage.from_asset(LATER), "the file is read at synth: give a path that is known then, or Fi"),
        (lambda _: FirmwareImage.from_asset(IMAGE, replaces=LATER), "give the version that devices have"),
        (lambda _: FirmwareImage.from_asset(IMAGE, signed_by=LATER), "give the path of the key that signs the image"),
        (lambda _: FirmwareImage.from_asset(IMAGE, max_image_bytes=LATER), "a whole number known now"),
        (lambda _: FirmwareImage.delta(base=LATER, target=IMAGE), "the file is read at synth"),
        (lambda _: DeviceList.from_file(LATER), "the file is read at synth: give a path known then"),
        (lambda _: DeviceList.of([LATER]), "which is no id yet: give it to the group, wireless_devices=[...]"),
        (lambda _: RolloutWave.devices(LATER), "give a whole number from 1 to 100,000,000, known at synth"),
        (lambda _: RolloutWave.percent(LATER), "give percent above 0, up to 100, known at synth"),
        (lambda at: FuotaTask(at, "T", **TASK, device_stack=LATER), "give DeviceStack.of('loramac-node') or the name"),
        (lambda at: MulticastGroup(at, "G", **GROUP, device_stack=LATER), "the name alone, known at synth"),
    ],
)
def test_fails_naming_what_has_to_be_known_at_synth(give: Callable[[cdk.Stack], object], said: str) -> None:
    with pytest.raises(FuotaValidationError) as refused:
        give(cdk.Stack())
    assert "a value known only at deployment" in str(refused.value)
    assert said in str(refused.value)
    assert "Token[" not in str(refused.value)


def test_a_stack_that_is_being_looked_up_is_none_yet() -> None:
    MulticastGroup(cdk.Stack(), "G", **GROUP, device_stack="dummy-value-for-/fleet/stack")


@pytest.mark.parametrize(
    "parameter", ["redundancy_percent", "fragment_size_bytes", "planned_loss_percent", "description"]
)
def test_fails_with_a_stack_that_is_given_for_a_value(parameter: str, stack: cdk.Stack) -> None:
    """The CDK says that a stack is a token, and ends in a RangeError when it resolves it."""
    assert is_known(stack)
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "B", "acme-b"), "k", size_bytes=9000)
    given: dict[str, Any] = {parameter: stack}
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)
    with pytest.raises(RuntimeError, match=rf"{parameter} is .*Stack"):
        synthesised(stack)


def test_a_parameter_of_the_template_is_a_token_itself(stack: cdk.Stack) -> None:
    text, number = cdk.CfnParameter(stack, "Text"), cdk.CfnParameter(stack, "Number", type="Number")
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "B", "acme-b"), "k", size_bytes=9000)
    given: dict[str, Any] = {"description": text, "redundancy_percent": number}
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)
    assembly = synthesised(stack)
    resources = assembly.get_stack_by_name(stack.stack_name).template["Resources"]
    [task] = [each["Properties"] for each in resources.values() if each["Type"] == "Custom::FuotaTask"]
    assert (task["Description"], task["RedundancyPercent"]) == ({"Ref": "Text"}, {"Ref": "Number"})


@pytest.mark.parametrize("parameter", ["firmware_image", "firmware_update_role", "rf_region", "access_per_image"])
def test_messages_never_show_the_encoding_of_a_token(parameter: str, stack: cdk.Stack) -> None:
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "B", "acme-b"), "k", size_bytes=9000)
    text = cdk.CfnParameter(stack, "P").value_as_string
    devices = cdk.CfnParameter(stack, "L", type="CommaDelimitedList").value_as_list
    for number, token in enumerate((text, devices)):
        given: dict[str, Any] = {"firmware_image": image, "rf_region": RfRegion.EU868, parameter: token}
        with pytest.raises(FuotaValidationError, match="known only at deployment") as refused:
            FuotaTask(stack, f"Task{number}", **given)
        assert "Token[" not in str(refused.value)


@pytest.mark.parametrize("parameter", ["redundancy_percent", "descriptor", "adopt_fuota_task_id", "fuota_task_name"])
def test_a_dynamic_reference_that_is_written_out_is_known_only_at_deployment(parameter: str, stack: cdk.Stack) -> None:
    image = FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "B", "acme-b"), "k", size_bytes=9000)
    given: dict[str, Any] = {parameter: "{{resolve:ssm:/fleet/value}}"}
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, **given)
    artifact = synthesised(stack).get_stack_by_name("Stack")
    assert "{{resolve:ssm:/fleet/value}}" in str(artifact.template["Resources"])
    assert "resolve" not in str([message.entry.data for message in artifact.messages])


def test_fails_for_an_arn_that_is_a_dynamic_reference(stack: cdk.Stack) -> None:
    """Its id would have to be split off, which CloudFormation does before it resolves the reference."""
    for make in (FuotaTask.from_fuota_task_arn, MulticastGroup.from_multicast_group_arn):
        with pytest.raises(FuotaValidationError, match=r"import the (FUOTA task|multicast group) by its id"):
            make(stack, make.__name__, "{{resolve:ssm:/fleet/arn}}")
