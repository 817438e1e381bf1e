"""Grants, for every kind of principal and every kind of task."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless

from fuota_constructs import FuotaTask, FuotaTaskGrants, FuotaValidationError, MulticastGroup, RfRegion

PRINCIPALS = {
    "role": lambda stack: iam.Role(stack, "Grantee", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
    "imported role": lambda stack: iam.Role.from_role_arn(stack, "Grantee", "arn:aws:iam::123456789012:role/r"),
    "user": lambda stack: iam.User(stack, "Grantee"),
}


def statements(template):
    [policy] = [b for n, b in template.all("AWS::IAM::Policy").items() if n.startswith("Grantee")]
    return policy["Properties"]["PolicyDocument"]["Statement"]


@pytest.fixture
def task(stack, image):
    return FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)


@pytest.mark.parametrize("kind", PRINCIPALS)
def test_read(stack, task, synth, kind):
    task.grants.read(PRINCIPALS[kind](stack)).assert_success()
    arn = stack.resolve(task.fuota_task_arn)
    actions = ["GetFuotaTask", "ListMulticastGroupsByFuotaTask", "ListTagsForResource"]
    on_task, on_groups, on_all = statements(synth(stack))
    assert on_task == {"Action": [f"iotwireless:{name}" for name in actions], "Effect": "Allow", "Resource": arn}
    assert on_groups["Action"] == ["iotwireless:GetMulticastGroup", "iotwireless:GetMulticastGroupSession"]
    assert on_groups["Resource"]["Fn::Join"][1][-1] == ":MulticastGroup/*"
    assert on_all["Action"] == ["iotwireless:ListFuotaTasks", "iotwireless:ListWirelessDevices"]
    assert on_all["Resource"] == "*"


def test_start(stack, task, synth):
    task.grants.start(PRINCIPALS["role"](stack)).assert_success()
    [statement] = statements(synth(stack))
    assert statement["Action"] == "iotwireless:StartFuotaTask"


def test_manage_covers_both_ends_of_attachments_and_the_role(stack, task, synth):
    task.grants.manage(PRINCIPALS["role"](stack)).assert_success()
    on_task, _, _, on_targets, on_role = statements(synth(stack))
    assert len(on_task["Action"]) == 12
    assert {action.split(":")[1][:8] for action in on_targets["Action"]} == {"Associat", "Disassoc"}
    assert [resource["Fn::Join"][1][-1] for resource in on_targets["Resource"]] == [
        ":MulticastGroup/*",
        ":WirelessDevice/*",
    ]
    assert on_role["Action"] == "iam:PassRole"
    assert on_role["Condition"] == {"StringEquals": {"iam:PassedToService": "iotwireless.amazonaws.com"}}


def test_service_principal_cannot_be_granted_by_its_own_policy(task):
    grant = task.grants.read(iam.ServicePrincipal("lambda.amazonaws.com"))
    assert not grant.success


def test_imported_and_l1_tasks(stack, synth):
    imported = FuotaTask.from_fuota_task_id(stack, "Imported", "abc")
    l1 = iotwireless.CfnFuotaTask(
        stack,
        "L1",
        firmware_update_image="s3://b/k",
        firmware_update_role="arn:aws:iam::123456789012:role/r",
        lo_ra_wan=iotwireless.CfnFuotaTask.LoRaWANProperty(rf_region="EU868"),
    )
    role = PRINCIPALS["role"](stack)
    imported.grants.start(role).assert_success()
    FuotaTaskGrants.from_fuota_task(l1).manage(role).assert_success()
    template = synth(stack)
    assert not any("iam:PassRole" in str(statement) for statement in statements(template))


def test_fails_for_what_is_no_task_and_no_grantee(stack, task):
    group = MulticastGroup.from_multicast_group_id(stack, "Group", "g")
    with pytest.raises(
        FuotaValidationError, match=r"task is an ImportedMulticastGroup \(Stack/Group\); give a FuotaTask"
    ):
        FuotaTaskGrants.from_fuota_task(group)
    for grantee, words in (("acme", "grantee is 'acme'; give a role"), (group, "grantee is an ImportedMulticastGroup")):
        for grant in (task.grants.read, task.grants.start, task.grants.manage):
            with pytest.raises(FuotaValidationError, match=words):
                grant(grantee)


def test_grant_in_another_stack(app, task, synth):
    other = cdk.Stack(app, "Other")
    task.grants.read(PRINCIPALS["role"](other))
    on_task, *_ = statements(synth(other))
    assert "Fn::ImportValue" in on_task["Resource"]
