"""The regions' downlink facts against the figures of RP002 and the AWS enum."""

import boto3
import pytest

from fuota_constructs import RfRegion
from fuota_constructs.lorawan.regions import region, regions


def test_regions_are_those_of_aws() -> None:
    shapes = boto3.client("iotwireless", region_name="eu-west-1").meta.service_model
    enum = shapes.shape_for("SupportedRfRegion").enum
    assert set(regions()) == set(enum)
    assert {value.value for value in vars(RfRegion).values() if isinstance(value, RfRegion)} == set(enum)


@pytest.mark.parametrize(
    ("name", "fragments"),
    [
        ("EU868", {0: 48, 1: 48, 2: 48, 3: 112, 4: 239, 5: 239, 6: 239, 7: 239}),
        ("KR920", {0: 48, 1: 48, 2: 48, 3: 112, 4: 239, 5: 239}),
        ("US915", {8: 50, 9: 126, 10: 239, 11: 239, 12: 239, 13: 239}),
        ("AU915", {8: 50, 9: 126, 10: 239, 11: 239, 12: 239, 13: 239}),
        ("AS923-4", {0: 48, 1: 48, 2: 112, 3: 112, 4: 239, 5: 239, 6: 239, 7: 239}),
        ("CN470", {1: 20, 2: 83, 3: 181, 4: 239, 5: 239, 6: 239, 7: 239}),
    ],
)
def test_largest_fragment_of_each_downlink_data_rate(name: str, fragments: dict[int, int]) -> None:
    facts = region(name)
    assert facts is not None
    assert {rate.index: rate.max_fragment_bytes for rate in facts.data_rates} == fragments


def test_no_region_carries_more_than_239_bytes() -> None:
    assert {facts.max_fragment_bytes for facts in regions().values()} == {239}


def test_a_repeater_never_carries_more() -> None:
    for facts in regions().values():
        assert all(rate.max_payload_bytes_repeater <= rate.max_payload_bytes for rate in facts.data_rates)


def test_what_is_not_known_is_none() -> None:
    europe = region("EU868")
    assert europe is not None
    assert europe.data_rate(8) is None
    assert region("XX999") is None
