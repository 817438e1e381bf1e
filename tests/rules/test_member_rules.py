"""Rules about a group's devices, gateways and default session: each limit, on both sides."""

import pytest

from fuota_constructs.rules import UNKNOWN, MembersPlan, TaskPlan, findings_in

ID = "11111111-2222-4333-8444-555555555555"


def found(**members: object) -> list[tuple[str, str]]:
    return [(each.level, each.rule) for each in findings_in(TaskPlan(members=MembersPlan(**members)))]


def message(**members: object) -> str:
    [finding] = findings_in(TaskPlan(members=MembersPlan(**members)))
    return finding.message


def test_nothing_to_say_where_nothing_is_given() -> None:
    unknown = {"transmission_interval_ms": UNKNOWN, "data_rate": UNKNOWN, "frequency_hz": UNKNOWN}
    assert found() == found(devices=(UNKNOWN,), rf_region="EU868", **unknown) == []


def test_group_size() -> None:
    assert found(devices=(ID,), listed=1_999) == []
    assert found(devices=(ID,), listed=2_000) == [("error", "group-size")]
    assert "make 3 groups of at most 2,000 devices, and one task for them" in message(listed=4_001)
    assert "or give the list to a FuotaRollout" in message(listed=4_001)


def test_devices_of_a_task_are_looked_at_like_those_of_a_group() -> None:
    def said(*devices: object) -> list[str]:
        found = findings_in(TaskPlan(wireless_devices=devices))
        return [finding.message for finding in found if finding.rule == "device-list"]

    assert said(ID, ID.upper(), UNKNOWN) == []
    [message] = said(ID, "70B3D57ED0050001", "meter-7")
    assert message.startswith('wireless_devices has "70B3D57ED0050001" and 1 more like it; ids of wireless devices')


@pytest.mark.parametrize("device", ["70b3d57ed0050001", "meter-7", ID[:-1]])
def test_device_list(device: str) -> None:
    assert found(devices=(ID, ID.upper(), UNKNOWN)) == []
    assert found(devices=(device, ID)) == [("warning", "device-list")]


def test_gateway_count() -> None:
    assert found(gateways=(ID,) * 20) == []
    assert found(gateways=(ID,) * 21) == [("error", "gateway-count")]
    assert "make 3 groups, each with the gateways of an area" in message(gateways=(ID,) * 41)


@pytest.mark.parametrize(("value", "fails"), [(0, False), (60_000, False), (60_001, True), (-1, True), (0.5, True)])
def test_transmission_interval(value: float, fails: bool) -> None:
    expected = [("error", "transmission-interval")] if fails else []
    assert found(gateways=(ID,), transmission_interval_ms=value) == expected


def test_gateways_that_send_at_once() -> None:
    assert found(gateways=(ID, ID.upper()), transmission_interval_ms=0) == [("warning", "transmission-interval")]
    assert found(gateways=(ID, ID.upper()), transmission_interval_ms=1) == []


@pytest.mark.parametrize("gateway", ["a123456789012345", "roof"])
def test_gateway_ids(gateway: str) -> None:
    assert found(gateways=(gateway, ID, UNKNOWN)) == [("warning", "gateway-ids")]
    assert "and 1 more like it; ids of wireless gateways" in message(gateways=(gateway, "cellar"))


def test_transmission_interval_without_gateways() -> None:
    assert found(transmission_interval_ms=500) == [("warning", "transmission-interval")]


@pytest.mark.parametrize(
    ("region", "rate", "fails"),
    [("EU868", 7, False), ("EU868", 8, True), ("US915", 0, True), ("US915", 8, False), (None, 15, False)],
)
def test_data_rate_of_a_group(region: str | None, rate: int, fails: bool) -> None:
    expected = [("error", "group-data-rate")] if fails else []
    assert found(rf_region=region, data_rate=rate) == expected


@pytest.mark.parametrize(
    ("region", "frequency", "fails"),
    [
        ("EU868", 863_000_000, False),
        ("EU868", 870_000_000, False),
        ("EU868", 869_525, True),
        ("EU868", 869.525, True),
        ("EU868", 923_300_000, True),
        ("US915", 923_300_000, False),
        ("US915", 927_500_000, False),
        ("US915", 923_400_000, True),
        ("AU915", 923_900_000, False),
        ("AU915", 924_000_000, True),
        ("EU868", 869_525_100, False),
        ("EU868", 869_525_050, True),
        ("CN470", 500_300_000, False),
        (None, 100_000_000, False),
        (None, 1_000_000_001, True),
        (None, 868_100_050, True),
    ],
)
def test_frequency_of_a_group(region: str | None, frequency: float, fails: bool) -> None:
    assert found(rf_region=region, frequency_hz=frequency) == ([("error", "group-frequency")] if fails else [])


def test_messages_name_a_value_that_would_do() -> None:
    assert "for example 869525000" in message(rf_region="EU868", frequency_hz=1)
    assert "downlinks of EU868 use DR0" in message(rf_region="EU868", data_rate=9)
