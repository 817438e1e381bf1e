"""MulticastGroup: the L1 it makes, imports, refusals."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iotwireless as iotwireless

from fuota_constructs import DlClass, FuotaValidationError, IMulticastGroup, MulticastGroup, RfRegion


def test_template(stack, synth):
    group = MulticastGroup(
        stack,
        "Group",
        rf_region=RfRegion.AS923_1,
        dl_class=DlClass.CLASS_B,
        multicast_group_name="meters",
        description="Meters",
    )
    assert isinstance(group, IMulticastGroup)
    assert [child.node.id for child in group.node.children] == ["Resource"]
    reference = iotwireless.CfnMulticastGroup.arn_for_multicast_group(group)
    assert stack.resolve(reference) == stack.resolve(group.multicast_group_arn)
    assert synth(stack).properties("AWS::IoTWireless::MulticastGroup") == {
        "LoRaWAN": {"RfRegion": "AS923-1", "DlClass": "ClassB"},
        "Name": "meters",
        "Description": "Meters",
    }


def test_imports(stack):
    arn = "arn:aws:iotwireless:eu-west-1:123456789012:MulticastGroup/abc"
    by_id = MulticastGroup.from_multicast_group_id(stack, "Id", "abc")
    by_arn = MulticastGroup.from_multicast_group_arn(stack, "Arn", arn)
    known = MulticastGroup.from_multicast_group_attributes(
        stack, "Known", multicast_group_id="abc", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C
    )
    for group in (by_id, by_arn, known):
        assert isinstance(group, IMulticastGroup)
        assert group.multicast_group_ref.multicast_group_id == group.multicast_group_id == "abc"
    assert by_arn.multicast_group_arn == arn
    assert by_id.rf_region is None
    assert (known.rf_region, known.dl_class) == (RfRegion.EU868, DlClass.CLASS_C)


@pytest.mark.parametrize(
    ("given", "rule"),
    [({"rf_region": "EU868"}, "rf-region"), ({"dl_class": "ClassC"}, "dl-class"), ({"dl_class": None}, "dl-class")],
)
def test_fails_when_region_or_class_is_of_a_wrong_kind(stack, given, rule):
    with pytest.raises(FuotaValidationError) as raised:
        MulticastGroup(stack, "Group", **{"rf_region": RfRegion.EU868, "dl_class": DlClass.CLASS_C, **given})
    assert raised.value.rule == rule
    assert raised.value.construct_path == "Stack/Group"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"multicast_group_name": "n" * 257},
            "multicast_group_name is 257 characters long; choose a text of at most 256",
        ),
        ({"description": "d" * 2049}, "description is 2049 characters long; choose a text of at most 2048"),
        ({"multicast_group_name": 7}, "multicast_group_name is 7; choose"),
        ({"description": cdk.Token.as_number(cdk.Fn.ref("N"))}, "description is a value known only at deployment;"),
    ],
)
def test_fails_when_a_text_is_too_long_or_none(stack, given, words):
    with pytest.raises(FuotaValidationError, match=words):
        MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, **given)


@pytest.mark.parametrize("index", [-1, 16, "3", True, 3.0])
def test_fails_when_the_data_rate_is_no_number_of_one(stack, index):
    with pytest.raises(FuotaValidationError, match="give the number of a data rate, 0 to 15") as raised:
        MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, downlink_data_rate=index)
    assert raised.value.rule == "data-rate"


def test_data_rate_stays_out_of_the_template(stack, synth):
    MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, downlink_data_rate=3)
    known = MulticastGroup.from_multicast_group_attributes(
        stack, "Known", multicast_group_id="abc", downlink_data_rate=5
    )
    assert known.downlink_data_rate == 5
    lorawan = synth(stack).properties("AWS::IoTWireless::MulticastGroup")["LoRaWAN"]
    assert lorawan == {"RfRegion": "EU868", "DlClass": "ClassC"}


def test_a_data_rate_known_only_at_deployment_is_not_checked(stack):
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number
    group = MulticastGroup(
        stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, downlink_data_rate=number
    )
    assert group.downlink_data_rate is None
    with pytest.raises(FuotaValidationError, match="downlink_data_rate is a value known only at deployment; give"):
        MulticastGroup(
            stack, "Twice", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C, downlink_data_rate=2 * number
        )


@pytest.mark.parametrize(
    ("given", "rule"), [({"rf_region": "EU868"}, "rf-region"), ({"dl_class": "ClassC"}, "dl-class")]
)
def test_fails_when_what_is_known_of_an_import_is_of_a_wrong_kind(stack, given, rule):
    with pytest.raises(FuotaValidationError) as raised:
        MulticastGroup.from_multicast_group_attributes(stack, "Known", multicast_group_id="abc", **given)
    assert raised.value.rule == rule


def test_tags_reach_the_group(stack, synth):
    MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    cdk.Tags.of(stack).add("fleet", "meters")
    tags = synth(stack).properties("AWS::IoTWireless::MulticastGroup")["Tags"]
    assert tags == [{"Key": "fleet", "Value": "meters"}]
