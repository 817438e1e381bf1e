"""RfRegion: the 13 members, and others by name."""

import re

import aws_cdk as cdk
import pytest

from fuota_constructs import DlClass, FuotaValidationError, MulticastGroup, RfRegion


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("eu868", "write RfRegion.EU868"),
        ("EU-868", "write RfRegion.EU868"),
        ("as923_2", "write RfRegion.AS923_2"),
        ("AS923-1", "write RfRegion.AS923_1"),
        ("EU", "write RfRegion.EU868 or another RfRegion"),
        (cdk.Aws.REGION, "write RfRegion.of(...) of it"),
    ],
)
def test_fails_with_the_spelling_that_was_meant(stack, wrong, words):
    with pytest.raises(FuotaValidationError, match=re.escape(words)):
        MulticastGroup(stack, "Group", rf_region=wrong, dl_class=DlClass.CLASS_B)


def test_members():
    assert RfRegion.AS923_1.value == "AS923-1"
    assert str(RfRegion.EU868) == "EU868"
    assert len([region for region in vars(RfRegion).values() if isinstance(region, RfRegion)]) == 13


def test_of_is_equal_to_the_member_and_takes_new_ones():
    assert RfRegion.of("EU868") == RfRegion.EU868
    assert RfRegion.of("XX123").value == "XX123"
    assert RfRegion.of("x" * 64)


@pytest.mark.parametrize(
    ("text", "words"), [("eu868", "RfRegion.EU868"), ("AS923_1", "RfRegion.AS923_1"), ("us-915 ", "RfRegion.US915")]
)
def test_fails_for_a_region_that_aws_spells_in_another_way(text, words):
    with pytest.raises(FuotaValidationError, match=re.escape(f"write {words}")):
        RfRegion.of(text)


@pytest.mark.parametrize("value", ["", "x" * 65, None, 868])
def test_fails_when_it_is_no_name(value):
    with pytest.raises(FuotaValidationError, match="rf-region"):
        RfRegion.of(value)
