"""ARNs and ids of tasks and groups, as imports take them."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_ssm as ssm
from aws_cdk.interfaces.aws_iotwireless import FuotaTaskReference

from fuota_constructs import FuotaMonitor, FuotaTask, FuotaValidationError, MulticastGroup
from fuota_constructs.template.service_arns import parts_of

TASK = "arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/t"
GROUP = "arn:aws:iotwireless:eu-west-1:111122223333:MulticastGroup/g"


@pytest.mark.parametrize(
    "arn",
    [
        TASK,
        "arn:aws:iotwireless:eu-west-1:111122223333:MulticastGroup/",
        "arn:aws:iotwireless:eu-west-1:111122223333:MulticastGroup",
        "arn:aws:iot:eu-west-1:111122223333:MulticastGroup/g",
        "arn:aws:iotwireless:MulticastGroup/g",
        "MulticastGroup/g",
        "8c3c6d0e-1f5b-4f0b-9b43-2f1b6f7f6a10",
        "",
        None,
        7,
    ],
)
def test_fails_when_it_is_no_arn_of_a_group(stack, arn):
    with pytest.raises(
        FuotaValidationError, match=r"is no ARN of a multicast group; give arn:aws:iotwireless:"
    ) as raised:
        MulticastGroup.from_multicast_group_arn(stack, "Group", arn)
    assert raised.value.rule == "multicast-groups"
    assert stack.node.children == []


@pytest.mark.parametrize("arn", [GROUP, "t", "", None, "arn:aws:iotwireless:eu-west-1:111122223333:FuotaTask/"])
def test_fails_when_it_is_no_arn_of_a_task(stack, arn):
    with pytest.raises(FuotaValidationError, match=r"is no ARN of a FUOTA task; give .*:FuotaTask/<id>, or import"):
        FuotaTask.from_fuota_task_arn(stack, "Task", arn)


@pytest.mark.parametrize(
    ("given", "words"), [(TASK, "is an ARN; give the id alone"), ("", "give the id"), (7, "is no")]
)
def test_fails_when_it_is_no_id(stack, given, words):
    with pytest.raises(FuotaValidationError, match=words):
        FuotaTask.from_fuota_task_id(stack, "Task", given)
    with pytest.raises(FuotaValidationError, match=words):
        MulticastGroup.from_multicast_group_id(stack, "Group", given)


def test_fails_when_a_task_is_given_as_a_group_or_a_group_as_a_task(stack):
    class Disguised(cdk.Resource):
        """A reference whose ARN is of something else."""

        def __init__(self, name, reference):
            super().__init__(stack, name)
            self.fuota_task_ref = self.multicast_group_ref = reference

    wrong = Disguised("Wrong", FuotaTaskReference(fuota_task_arn=GROUP, fuota_task_id="g"))
    with pytest.raises(FuotaValidationError, match="is no ARN of a FUOTA task"):
        FuotaMonitor(stack, "Monitor", task=wrong)


@pytest.mark.parametrize("partition", [cdk.Aws.PARTITION, "aws-cn", "aws-us-gov"])
def test_arns_with_tokens_are_taken_and_read_as_far_as_they_are_known(stack, partition):
    arn = f"arn:{partition}:iotwireless:us-east-1:{cdk.Aws.ACCOUNT_ID}:MulticastGroup/g"
    assert parts_of(arn)[2:] == ["iotwireless", "us-east-1", None, "MulticastGroup/g"]
    MulticastGroup.from_multicast_group_arn(stack, "Group", arn)
    with pytest.raises(FuotaValidationError, match="is no ARN of a FUOTA task"):
        FuotaTask.from_fuota_task_arn(stack, "Task", arn)


def test_an_arn_that_is_all_token_is_taken(stack):
    parameter = cdk.CfnParameter(stack, "Arn").value_as_string
    l1 = iotwireless.CfnMulticastGroup(
        stack,
        "L1",
        lo_ra_wan=iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC"),
    )
    assert parts_of(parameter) == [None] * 6
    for number, arn in enumerate((parameter, l1.attr_arn)):
        group = MulticastGroup.from_multicast_group_arn(stack, f"Group{number}", arn)
        assert "Fn::Select" in stack.resolve(group.multicast_group_id)


def test_an_arn_that_is_still_to_be_looked_up_is_taken(app):
    stack = cdk.Stack(app, "Stack", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    looked_up = ssm.StringParameter.value_from_lookup(stack, "/fleet/group")
    assert MulticastGroup.from_multicast_group_arn(stack, "Group", looked_up).multicast_group_id == looked_up
    assert FuotaTask.from_fuota_task_arn(stack, "Task", looked_up).fuota_task_id == looked_up


@pytest.mark.parametrize("scope", [None, "Stack", cdk.Stack, (), cdk.Duration.seconds(1)])
def test_fails_for_a_scope_that_is_none_as_the_constructs_of_the_cdk_do(scope):
    for make in (FuotaTask.from_fuota_task_id, MulticastGroup.from_multicast_group_id):
        with pytest.raises(TypeError, match=r"type of argument scope must be constructs.Construct; got "):
            make(scope, "Imported", "id")
