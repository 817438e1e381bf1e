"""What a group is given beyond its type: the custom resource below it, and what comes before what."""

import hashlib
import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iotwireless as iotwireless

from fuota_constructs import (
    DeviceList,
    DlClass,
    FuotaTask,
    FuotaValidationError,
    IMulticastGroup,
    MulticastGroup,
    RfRegion,
)

TYPE = "Custom::MulticastGroupSettings"
IDS = [f"{number:08x}-aaaa-4bbb-8ccc-{number:012x}" for number in range(2_001)]


def make(scope, id="Group", **given):
    return MulticastGroup(scope, id, rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, **given)


def imported(scope, id="Imported", group=IDS[0]):
    return MulticastGroup.from_multicast_group_id(scope, id, group)


def resources(stack, kind=TYPE):
    template = json.loads(Path(stack.node.root.synth().directory, stack.template_file).read_text())
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def statements(stack):
    policies = [each["Properties"] for each in resources(stack, "AWS::IAM::Policy").values()]
    of_provider = [each for each in policies if each["PolicyName"].startswith("FuotaConstructsProvider")]
    return {statement["Sid"]: statement for each in of_provider for statement in each["PolicyDocument"]["Statement"]}


@pytest.mark.parametrize(
    "given", [{}, {"downlink_data_rate": 3}, {"wireless_devices": (), "participating_gateways": ()}]
)
def test_a_group_that_is_given_nothing_is_as_it_was(stack, given):
    group = make(stack, **given)
    assert group.findings == ()
    assert [child.node.id for child in stack.node.children] == ["Group"], "no provider either"
    assert [child.node.id for child in group.node.children] == ["Resource"]
    assert resources(stack) == {}


def test_everything(stack):
    group = make(
        stack,
        wireless_devices=IDS[:2],
        participating_gateways=["gateway-2", "gateway-1", "gateway-2"],
        transmission_interval=cdk.Duration.millis(500),
        downlink_data_rate=3,
        downlink_frequency_hz=869_525_000,
    )
    assert isinstance(group, IMulticastGroup)
    assert group.participating_gateways == ("gateway-2", "gateway-1")
    group.add_wireless_device(IDS[2])
    group.add_wireless_device(IDS[2])
    [(name, found)] = resources(stack).items()
    properties = found["Properties"]
    assert "GroupIsImported" not in properties
    assert list(properties.pop("ServiceToken")) == ["Fn::GetAtt"]
    assert properties == {
        "ServiceTimeout": "330",
        "MulticastGroupId": stack.resolve(group.multicast_group_id),
        "WirelessDeviceIds": IDS[:3],
        "ParticipatingGateways": {"GatewayList": ["gateway-2", "gateway-1"], "TransmissionInterval": 500},
        "DefaultSessionParameters": {"DlDr": 3, "DlFreq": 869_525_000},
    }
    assert name.startswith("GroupSettings")
    # What only groups need goes with the last of them, and not before.
    for policy in ("FuotaConstructsProviderPolicy", "FuotaConstructsProviderMembersPolicy"):
        assert [each for each in found["DependsOn"] if each.startswith(policy)], "R30"
    assert resources(stack, "AWS::IoTWireless::MulticastGroup"), "its own type does not change"


@pytest.mark.parametrize(
    "given", [{"transmission_interval": cdk.Duration.millis(0)}, {"downlink_frequency_hz": 869_525_000}]
)
def test_a_setting_alone_is_enough(stack, given):
    make(stack, **given)
    assert len(resources(stack)) == 1


def test_a_list_goes_along_as_an_asset(stack):
    devices = DeviceList.of(IDS)
    group = make(stack, wireless_devices=DeviceList.of(IDS[:1500]))
    group.add_wireless_device(IDS[0])
    group.add_wireless_device(IDS[1500])
    listed = DeviceList.of(IDS[:1500])
    [found] = resources(stack).values()
    assert found["Properties"]["WirelessDeviceIds"] == [IDS[1500]], "what the list has is not added twice"
    assert found["Properties"]["DeviceList"]["Sha256"] == listed.sha256
    assert found["Properties"]["DeviceList"]["Key"] == f"{listed.sha256}.txt"
    [asset] = Path(stack.node.root.outdir).glob(f"asset.{listed.sha256}.txt")
    assert hashlib.sha256(asset.read_bytes()).hexdigest() == listed.sha256
    assert IDS[1] not in json.dumps(found), "never inlined"
    assert {"ReadAssets", "DecryptAssets", "SetUpGroups", "MoveDevices"} <= statements(stack).keys()
    assert [each for each in found["DependsOn"] if each.startswith("FuotaConstructsProviderAssets")], (
        "a Delete reads it"
    )
    assert devices.sha256 != listed.sha256


def test_r31_the_policy_does_not_grow_with_the_groups(stack):
    for number in range(4):
        make(stack, f"Group{number}", wireless_devices=DeviceList.of(IDS[number : number + 2]))
    found = statements(stack)
    assert {sid for sid, each in found.items() if len(each["Resource"]) != 1} == {"AttachTargets"}
    assert "PassFirmwareUpdateRole" not in found, "no task, no bucket, no role"


def test_least_privilege(stack, image):
    make(stack)
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868)
    assert not {"SetUpGroups", "MoveDevices"} & statements(stack).keys(), "only when used"


def test_an_imported_group_gets_devices_too(stack):
    group = imported(stack)
    assert isinstance(group, IMulticastGroup)
    device = iotwireless.CfnWirelessDevice(stack, "Device", type="LoRaWAN", destination_name="d")
    group.add_wireless_device(device)
    group.add_wireless_device(cdk.Fn.import_value("device"))
    [found] = resources(stack).values()
    assert found["Properties"]["MulticastGroupId"] == IDS[0]
    assert found["Properties"]["GroupIsImported"] == "true"
    assert found["Properties"]["WirelessDeviceIds"] == [
        stack.resolve(device.wireless_device_ref.wireless_device_id),
        {"Fn::ImportValue": "device"},
    ]


def test_a_task_comes_after_the_devices_of_its_groups(stack, image):
    early, late, other = make(stack, "Early", wireless_devices=IDS[:1]), make(stack, "Late"), imported(stack)
    elsewhere = imported(cdk.Stack(stack.node.root, "Elsewhere"), group=IDS[1])
    elsewhere.add_wireless_device(IDS[5])
    task = FuotaTask(
        stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[early, late, elsewhere]
    )
    late.add_wireless_device(IDS[1])
    task.add_multicast_group(other)
    other.add_wireless_device(IDS[2])
    [found] = resources(stack, "Custom::FuotaTask").values()
    assert sorted(resources(stack)) == sorted(each for each in found["DependsOn"] if "Settings" in each)


@pytest.mark.parametrize("first", [True, False])
def test_a_group_that_is_kept_keeps_its_devices(stack, first):
    group = make(stack)
    if first:
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    group.add_wireless_device(IDS[0])
    if not first:
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    [settings], [resource] = resources(stack).values(), resources(stack, "AWS::IoTWireless::MulticastGroup").values()
    assert settings["DeletionPolicy"] == resource["DeletionPolicy"] == "Retain"


def test_groups_of_more_devices_than_a_deployment_has_time_for_take_turns(stack):
    for number in range(3):
        make(stack, f"Group{number}", wireless_devices=DeviceList.of(IDS[:700]))
    turns = [len([name for name in each["DependsOn"] if "Settings" in name]) for each in resources(stack).values()]
    assert sorted(turns) == [0, 1, 1]


def test_groups_of_few_devices_do_not_wait_for_each_other(stack):
    for number in range(3):
        make(stack, f"Group{number}", wireless_devices=DeviceList.of(IDS[:600]))
    assert not any("Settings" in name for each in resources(stack).values() for name in each["DependsOn"])


def test_values_known_only_at_deployment_are_written_and_not_checked(stack):
    def number(name):
        return cdk.CfnParameter(stack, name, type="Number").value_as_number

    group = make(
        stack,
        wireless_devices=cdk.CfnParameter(stack, "Devices", type="CommaDelimitedList").value_as_list,
        transmission_interval=cdk.Duration.millis(number("Interval")),
        downlink_data_rate=number("Rate"),
        downlink_frequency_hz=number("Frequency"),
    )
    assert group.findings == ()
    assert group.downlink_data_rate is None
    [found] = resources(stack).values()
    properties = found["Properties"]
    assert properties["WirelessDeviceIds"] == {"Ref": "Devices"}
    assert properties["ParticipatingGateways"] == {"TransmissionInterval": {"Ref": "Interval"}}
    assert properties["DefaultSessionParameters"] == {"DlDr": {"Ref": "Rate"}, "DlFreq": {"Ref": "Frequency"}}
    with pytest.raises(FuotaValidationError, match="a list known only at deployment, to which CloudFormation can add"):
        group.add_wireless_device(IDS[0])


@pytest.mark.parametrize(
    ("given", "rule", "words"),
    [
        ({"wireless_devices": IDS[0]}, "wireless-devices", r"give a list: .*\['0000.*'\], or DeviceList.from_file"),
        (
            {"wireless_devices": "d/lamps.csv"},
            "wireless-devices",
            r"read the file: .*=DeviceList.from_file\('d/lamps.csv'\)",
        ),
        ({"wireless_devices": [7]}, "wireless-devices", "7 is no wireless device id"),
        ({"wireless_devices": ["arn:aws:x"]}, "wireless-devices", "is an ARN; give the id alone"),
        ({"participating_gateways": "g"}, "participating-gateways", r"give a list: participating_gateways=\['g'\] .at"),
        ({"participating_gateways": [None]}, "participating-gateways", "None is no wireless gateway id"),
        ({"transmission_interval": 500}, "transmission-interval", "is 500; write a Duration"),
    ],
)
def test_fails_when_what_a_group_is_given_is_of_a_wrong_kind(stack, given, rule, words):
    with pytest.raises(FuotaValidationError, match=words) as raised:
        make(stack, **given)
    assert (raised.value.rule, raised.value.construct_path) == (rule, "Stack/Group")


def test_fails_when_an_interval_is_a_token_in_another_unit(stack):
    seconds = cdk.CfnParameter(stack, "Seconds", type="Number").value_as_number
    with pytest.raises(
        FuotaValidationError, match="is a token in seconds, and CloudFormation cannot multiply; give it"
    ):
        make(stack, transmission_interval=cdk.Duration.seconds(seconds))


def test_fails_when_two_places_give_devices_to_the_same_group(stack):
    imported(stack, "One").add_wireless_device(IDS[1])
    with pytest.raises(FuotaValidationError, match="gets its devices at Stack/One/Settings already, and two places"):
        imported(stack, "Two").add_wireless_device(IDS[2])


def test_fails_when_an_imported_group_is_elsewhere(app):
    stack = cdk.Stack(app, "Here", env=cdk.Environment(account="111122223333", region="eu-west-1"))
    arn = "arn:aws:iotwireless:us-east-1:111122223333:MulticastGroup/abc"
    group = MulticastGroup.from_multicast_group_arn(stack, "There", arn)
    with pytest.raises(
        FuotaValidationError, match="is in us-east-1 and this stack in eu-west-1; a stack gives devices"
    ):
        group.add_wireless_device(IDS[0])
    MulticastGroup.from_multicast_group_arn(stack, "Near", arn.replace("us-east", "eu-west")).add_wireless_device(
        IDS[0]
    )


def test_none_is_not_given(stack, synth):
    make(stack, "Devices", wireless_devices=[IDS[0]], participating_gateways=None)
    make(stack, "Gateways", wireless_devices=None, participating_gateways=["a"])
    given = [body["Properties"] for body in synth(stack).all("Custom::MulticastGroupSettings").values()]
    assert ["WirelessDeviceIds" in each for each in given] == ["ParticipatingGateways" not in each for each in given]


def test_fails_at_synth_with_what_the_rules_find(stack):
    group = make(
        stack,
        wireless_devices=DeviceList.of(IDS),
        participating_gateways=[f"gateway-{number}" for number in range(21)],
        transmission_interval=cdk.Duration.minutes(2),
        downlink_data_rate=12,
        downlink_frequency_hz=923_300_000,
    )
    group.add_wireless_device("meter-7")
    assert [each.rule for each in group.findings] == [
        "group-size",
        "gateway-count",
        "transmission-interval",
        "group-data-rate",
        "group-frequency",
        "device-list",
        "gateway-ids",
    ]
    with pytest.raises(RuntimeError) as raised:
        stack.node.root.synth()
    for finding in group.findings:
        assert finding.rule in str(raised.value)
    assert "[Stack/Group]" in str(raised.value)


def test_the_session_is_planned_as_the_group_sends_it(stack, image):
    group = make(
        stack,
        participating_gateways=["a", "b", "c"],
        transmission_interval=cdk.Duration.millis(2_000),
        downlink_data_rate=3,
        downlink_frequency_hz=868_100_000,
    )
    task = FuotaTask(
        stack,
        "Task",
        firmware_image=image,
        rf_region=RfRegion.EU868,
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval=cdk.Duration.seconds(4),
        multicast_groups=[group],
    )
    assert task.plan is not None
    assert (task.plan.data_rate, task.plan.frequency_hz) == (3, 868_100_000)
    assert (task.plan.gateways, task.plan.gateway_spacing_seconds) == (3, 2.0)
    messages = {each.rule: each.message for each in task.findings}
    assert "3 gateways, 2 s apart (TransmissionInterval), need 4.677 s" in messages["fragment-interval-airtime"]
    assert "on 868.1 MHz a gateway may send 0.01 of it" in messages["duty-cycle"]


def test_a_gateway_that_is_not_looked_up_yet_is_no_finding(stack) -> None:
    """The CDK's CLI looks up what is missing, and runs the app again."""
    group = MulticastGroup(
        stack,
        "Group",
        rf_region=RfRegion.EU868,
        dl_class=DlClass.CLASS_C,
        participating_gateways=["dummy-value-for-/fleet/gateway"],
    )
    assert group.findings == ()
