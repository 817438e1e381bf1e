"""Grants on a group, for every kind of group."""

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless

from fuota_constructs import DlClass, FuotaValidationError, MulticastGroup, MulticastGroupGrants, RfRegion

ARN = "arn:aws:iotwireless:eu-west-1:123456789012:MulticastGroup/g"


@pytest.fixture
def role(stack):
    return iam.Role(stack, "Grantee", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


@pytest.fixture
def group(stack):
    return MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)


def granted(stack, synth):
    [policy] = [b for n, b in synth(stack).all("AWS::IAM::Policy").items() if n.startswith("Grantee")]
    return [
        ([name.removeprefix("iotwireless:") for name in actions], statement["Resource"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for actions in [[statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]]
    ]


READ = ["GetMulticastGroup", "GetMulticastGroupSession", "ListTagsForResource"]


def test_read_names_the_group_and_lists_what_has_no_resource(stack, synth, group, role):
    group.grants.read(role).assert_success()
    arn = stack.resolve(group.multicast_group_arn)
    assert granted(stack, synth) == [(READ, arn), (["ListMulticastGroups", "ListWirelessDevices"], "*")]


def test_members_are_allowed_at_both_ends(stack, synth, group, role):
    group.grants.manage_members(role).assert_success()
    _, _, on_group, on_devices = granted(stack, synth)
    single = ["AssociateWirelessDeviceWithMulticastGroup", "DisassociateWirelessDeviceFromMulticastGroup"]
    assert on_group[0][:2] == single
    assert len(on_group[0]) == 4
    assert on_group[1] == stack.resolve(group.multicast_group_arn)
    assert on_devices[0] == single
    assert on_devices[1]["Fn::Join"][1][-1] == ":WirelessDevice/*"


def test_session(stack, synth, group, role):
    group.grants.manage_session(role).assert_success()
    *_, session = granted(stack, synth)
    assert session[0] == ["CancelMulticastGroupSession", "StartMulticastGroupSession"]


def test_imported_group(stack, synth, role):
    MulticastGroup.from_multicast_group_arn(stack, "Group", ARN).grants.read(role).assert_success()
    assert granted(stack, synth)[0] == (READ, ARN)


def test_l1_group(stack, synth, role):
    radio = iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC")
    group = iotwireless.CfnMulticastGroup(stack, "Group", lo_ra_wan=radio)
    MulticastGroupGrants.from_multicast_group(group).read(role).assert_success()
    assert granted(stack, synth)[0] == (READ, {"Fn::GetAtt": ["Group", "Arn"]})


def test_fails_for_what_is_no_group(stack):
    with pytest.raises(FuotaValidationError, match="group is 'g'; give a MulticastGroup, or"):
        MulticastGroupGrants.from_multicast_group("g")


def test_fails_for_what_is_no_grantee(group):
    with pytest.raises(FuotaValidationError, match="grantee is 'ops'; give a role, a user or"):
        group.grants.read("ops")


def test_service_principal_cannot_be_granted_by_its_own_policy(group):
    with pytest.raises(RuntimeError, match="could not be added on either identity or resource policy"):
        group.grants.read(iam.ServicePrincipal("lambda.amazonaws.com")).assert_success()
