"""FirmwareUpdateRole: who may assume it."""

import pytest
from aws_cdk import aws_iam as iam

from fuota_constructs import FirmwareUpdateRole, FuotaTask, RfRegion


def test_only_iot_wireless_of_this_account_may_assume_it(stack, synth):
    FirmwareUpdateRole(stack, "Role")
    properties = synth(stack).properties("AWS::IAM::Role")
    assert properties["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": "iotwireless.amazonaws.com"},
            "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]
    assert "Policies" not in properties
    assert "IoT Wireless" in properties["Description"]


def test_options(stack, synth):
    FirmwareUpdateRole(
        stack,
        "Role",
        role_name="reader",
        path="/firmware/",
        description="Reads",
        permissions_boundary=iam.ManagedPolicy.from_managed_policy_arn(stack, "B", "arn:aws:iam::1:policy/b"),
    )
    properties = synth(stack).properties("AWS::IAM::Role")
    assert properties["RoleName"] == "reader"
    assert properties["Path"] == "/firmware/"
    assert properties["Description"] == "Reads"
    assert properties["PermissionsBoundary"] == "arn:aws:iam::1:policy/b"


@pytest.mark.parametrize(
    ("role", "policies"),
    [
        (lambda stack: FirmwareUpdateRole.from_role_arn(stack, "Role", "arn:aws:iam::123456789012:role/r"), 3),
        (lambda stack: FirmwareUpdateRole.from_role_name(stack, "Role", "r"), 3),
        (lambda stack: FirmwareUpdateRole.from_role_name(stack, "Role", "r", mutable=False), 1),
    ],
)
def test_imported_roles_are_taken(stack, image, synth, role, policies):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=role(stack))
    template = synth(stack)
    assert len(template.all("AWS::IAM::Policy")) == policies
    assert len(template.all("AWS::IAM::Role")) == 1


def test_permissions_boundary_of_the_stack_reaches_all_roles(stack, image, synth):
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    boundary = iam.ManagedPolicy.from_managed_policy_arn(stack, "B", "arn:aws:iam::1:policy/b")
    iam.PermissionsBoundary.of(stack).apply(boundary)
    roles = synth(stack).all("AWS::IAM::Role")
    assert len(roles) == 2
    assert all(role["Properties"]["PermissionsBoundary"] == "arn:aws:iam::1:policy/b" for role in roles.values())
