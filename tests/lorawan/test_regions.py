"""The regions' downlink facts against the figures of RP002 and the AWS enum."""

import json
from pathlib import Path

import boto3
import pytest

from fuota_constructs import RfRegion
from fuota_constructs.lorawan import regions as regions_module
from fuota_constructs.lorawan.regions import has_slower, region, regions


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


@pytest.mark.parametrize(
    ("name", "data_rate", "slower"),
    [
        ("EU868", 0, False),
        ("EU868", 1, True),
        ("US915", 8, False),
        ("CN470", 1, False),
        ("XX999", 0, True),
        (None, 0, True),
    ],
)
def test_whether_there_is_a_slower_data_rate(name: str | None, data_rate: int, slower: bool) -> None:
    assert has_slower(name, data_rate) is slower


FACTS = json.loads((Path(regions_module.__file__).with_name("regions.json")).read_text())


@pytest.mark.parametrize("name", sorted(FACTS["regions"]))
def test_payload_tables(name):
    facts = {row["dr"]: row for row in FACTS["regions"][name]["data_rates"] if row["downlink"]}
    rates = {rate.index: rate for rate in region(name).data_rates}
    assert rates.keys() == facts.keys()
    for index, rate in rates.items():
        row = facts[index]
        assert (rate.spreading_factor, rate.bandwidth_hz) == (row["sf"], row["bw_hz"])
        assert rate.max_payload_bytes == row["max_app_payload_n"] == row["max_mac_payload_m"] - 8
        assert rate.max_fragment_bytes == row["max_frag_size"]
        older = row.get("max_app_payload_n_repeater_until_rp002_1_0_1")
        assert rate.max_payload_bytes_repeater == (older or row["max_app_payload_n_repeater"])
        assert rate.max_fragment_bytes_repeater == rate.max_payload_bytes_repeater - 3


def test_payloads_of_the_fact_sheet():
    sheet = {
        "EU868": {0: 51, 1: 51, 2: 51, 3: 115, 4: 242, 5: 242, 6: 242, 7: 242},
        "IN865": {0: 51, 1: 51, 2: 51, 3: 115, 4: 242, 5: 242, 7: 242},
        "KR920": {0: 51, 1: 51, 2: 51, 3: 115, 4: 242, 5: 242},
        "AS923-1": {0: 51, 1: 51, 2: 115, 3: 115, 4: 242, 5: 242, 6: 242, 7: 242},
        "US915": {8: 53, 9: 129, 10: 242, 11: 242, 12: 242, 13: 242},
        "CN470": {1: 23, 2: 86, 3: 184, 4: 242, 5: 242, 6: 242, 7: 242},
    }
    same = {"EU433": "EU868", "CN779": "EU868", "RU864": "EU868", "AU915": "US915"}
    same |= {f"AS923-{plan}": "AS923-1" for plan in (2, 3, 4)}
    for name, facts in regions().items():
        assert {rate.index: rate.max_payload_bytes for rate in facts.data_rates} == sheet[same.get(name, name)], name


@pytest.mark.parametrize(
    ("name", "rx2", "frequency", "ping", "ping_frequency"),
    [
        ("EU868", 0, 869_525_000, 3, 869_525_000),
        ("EU433", 0, 434_665_000, 3, 434_665_000),
        ("CN779", 0, 786_000_000, 3, 785_000_000),
        ("RU864", 0, 869_100_000, 3, 868_900_000),
        ("IN865", 2, 866_550_000, 4, 866_550_000),
        ("KR920", 0, 921_900_000, 3, 923_100_000),
        ("AS923-1", 2, 923_200_000, 3, 923_400_000),
        ("AS923-2", 2, 921_400_000, 3, 921_600_000),
        ("AS923-3", 2, 916_600_000, 3, 916_800_000),
        ("AS923-4", 2, 917_300_000, 3, 917_500_000),
        ("US915", 8, 923_300_000, 8, 923_300_000),
        ("AU915", 8, 923_300_000, 8, 923_300_000),
        ("CN470", 1, None, 2, None),
    ],
)
def test_where_a_session_is_sent(name, rx2, frequency, ping, ping_frequency):
    facts = region(name)
    assert (facts.class_c_data_rate, facts.class_c_frequency_hz) == (rx2, frequency)
    assert (facts.class_b_data_rate, facts.class_b_frequency_hz) == (ping, ping_frequency)


@pytest.mark.parametrize(
    ("name", "frequency", "share"),
    [
        ("EU868", 863_000_000, 0.001),
        ("EU868", 865_000_000, 0.001),  # an edge: the first band that holds it
        ("EU868", 868_300_000, 0.01),
        ("EU868", 869_000_000, 0.001),
        ("EU868", 869_525_000, 0.1),
        ("EU868", 869_850_000, 0.01),
        ("EU868", 868_650_000, 0.001),  # between the bands
        ("US915", 923_300_000, None),
        ("EU868", None, None),
    ],
)
def test_duty_cycle_bands(name, frequency, share):
    band = region(name).duty_cycle_band(frequency)
    assert (band.share if band else None) == share


def test_as923_duty_cycle_depends_on_the_country():
    assert not region("AS923-1").duty_cycle_band(923_200_000).certain
    assert region("EU868").duty_cycle_band(869_525_000).certain


def test_limits_of_a_single_downlink():
    limits = {name: (facts.transmission_limit_ms, facts.dwell_time_ms) for name, facts in regions().items()}
    assert limits.pop("CN470") == (1000, None)
    assert limits.pop("KR920") == (4000, None)
    assert {limits.pop(f"AS923-{plan}") for plan in (1, 2, 3, 4)} == {(None, 400)}
    assert set(limits.values()) == {(None, None)}


def test_dwell_time_payloads():
    rates = region("AS923-3").data_rates
    assert [rate.max_fragment_bytes_under_dwell for rate in rates] == [0, 0, 8, 50, 122, 239, 239, 239]
    assert region("EU868").data_rate(0).max_fragment_bytes_under_dwell == 48


AIRTIMES = {  # milliseconds by data rate; lorawan.md section 4
    ("EU868", 30): [2138.112, 1150.976, 534.528, 287.744, 164.352, 92.416, 46.208],
    ("EU868", 48): [2793.472, 1478.656, 698.368, 369.664, 205.312, 118.016, 59.008],
    ("EU868", 112): [None, None, None, 676.864, 369.152, 210.176, 105.088],
    ("EU868", 219): [None, None, None, None, 645.632, 368.896, 184.448],
    ("EU868", 239): [None, None, None, None, 696.832, 394.496, 197.248],
    ("US915", 30): [493.568, 246.784, 133.632, 71.936, 41.088, 23.104],
    ("US915", 50): [616.448, 328.704, 174.592, 97.536, 53.888, 29.504],
    ("US915", 126): [None, 615.424, 338.432, 184.576, 102.528, 57.664],
    ("US915", 239): [None, None, 563.712, 312.576, 174.208, 98.624],
}


@pytest.mark.parametrize(("name", "size"), AIRTIMES)
def test_airtime_of_a_fragment(name, size):
    for rate, expected in zip(region(name).data_rates, AIRTIMES[name, size], strict=False):
        if expected is None:
            assert rate.max_fragment_bytes < size
        else:
            assert rate.fragment_airtime_us(size) == round(1000 * expected)


def test_airtime_of_an_fsk_fragment():
    fsk = region("EU868").data_rate(7)
    assert str(fsk) == "DR7 (FSK 50 kbit/s)"
    assert fsk.fragment_airtime_us(239) == (11 + 13 + 3 + 239) * 8 * 20
    assert str(region("US915").data_rate(8)) == "DR8 (SF12/500 kHz)"


def test_slowest_data_rate_that_carries_a_fragment():
    europe = region("EU868")
    assert [europe.slowest_data_rate(size).index for size in (1, 48, 49, 112, 113, 239)] == [0, 0, 3, 3, 4, 4]
    assert europe.slowest_data_rate(240) is None


def test_where_sources_disagree_the_choice_stands_beside():
    assert FACTS["cross_check"]["disagreements"]
    assert all({"chosen", "source", "source_value"} <= set(row) for row in FACTS["cross_check"]["disagreements"])
    assert any("33" in note or "repeater" in note for note in FACTS["cross_check"]["reading"])
