"""Boundary tables of the rules about time on the air: of a fragment, of a gateway, of a ping slot."""

from typing import Any

import pytest
from rules_rig import all_found_with, found_with, group, levels_with

from fuota_constructs.lorawan.regions import regions
from fuota_constructs.rules import GroupPlan


@pytest.mark.parametrize(
    ("name", "index", "size", "seconds", "fires"),
    [
        ("EU868", 0, 48, 2, True),  # 2.793472 s on the air
        ("EU868", 0, 48, 3, False),
        ("EU868", 1, 48, 1, True),  # 1.478656 s
        ("EU868", 1, 48, 2, False),
        ("EU868", 2, 48, 1, False),  # 0.698368 s
        ("US915", 8, 50, 1, False),  # 0.616448 s
        ("EU868", None, 48, 2, True),  # the slowest that carries it is DR0
        ("EU868", None, 112, 1, False),  # DR3
    ],
)
def test_fails_when_the_interval_is_shorter_than_the_airtime(
    name: str, index: int | None, size: int, seconds: int, fires: bool
) -> None:
    changes = {**group(name, data_rate=index), "fragment_size_bytes": size, "fragment_interval_ms": 1000 * seconds}
    assert levels_with("fragment-interval-airtime", **changes) == ["error"] * fires


def test_interval_message_says_which_data_rate_was_assumed() -> None:
    changes = {"fragment_size_bytes": 48, "fragment_interval_ms": 1000}
    [(_, assumed)] = found_with("fragment-interval-airtime", **changes)
    assert "2.793 s on the air at EU868 DR0 (SF12/125 kHz) (assumed: the slowest that carries it" in assumed
    assert "choose Duration.seconds(28) or more" in assumed
    [(_, named)] = found_with("fragment-interval-airtime", **group("EU868", data_rate=0), **changes)
    assert "assumed" not in named


@pytest.mark.parametrize(
    ("name", "listens", "index", "size", "seconds", "fires"),
    [
        ("EU868", "ClassC", 0, 48, 27, True),  # 2.793 s in 10 % of the time: 28 s
        ("EU868", "ClassC", 0, 48, 28, False),
        ("EU868", "ClassB", 3, 112, 6, True),  # the ping slot is on 869.525 MHz too
        ("EU868", "ClassB", 3, 112, 7, False),
        ("RU864", "ClassC", 5, 219, 36, True),  # 1 %: 0.368896 s takes 36.9 s
        ("RU864", "ClassC", 5, 219, 37, False),
        ("US915", "ClassC", 8, 30, 1, False),  # no duty cycle
        ("IN865", "ClassC", 5, 219, 1, False),
        ("CN470", "ClassC", 5, 219, 1, False),
        ("AS923-1", "ClassC", 5, 219, 36, True),
    ],
)
def test_duty_cycle(  # noqa: PLR0917  # the columns of the table
    name: str, listens: str, index: int, size: int, seconds: int, fires: bool
) -> None:
    changes = {
        **group(name, listens, index),
        "fragment_size_bytes": size,
        "fragment_interval_ms": 1000 * seconds,
    }
    assert levels_with("duty-cycle", **changes) == ["warning"] * fires


def test_duty_cycle_is_left_to_the_airtime_rule_when_fragments_overlap() -> None:
    changes = {"fragment_size_bytes": 48, "fragment_interval_ms": 1000}
    assert levels_with("fragment-interval-airtime", **changes) == ["error"]
    assert not found_with("duty-cycle", **changes)


PAUSES = ("fragment-interval-airtime", "ping-slot-interval", "duty-cycle", "decode-probability")
"""Rules that ask what comes when after the fragment before."""


@pytest.mark.parametrize("dl_class", ["ClassB", "ClassC"])
@pytest.mark.parametrize("redundancy", [None, 0, 100])
@pytest.mark.parametrize("seconds", [1, 3])
def test_a_single_fragment_has_no_interval(dl_class: str, redundancy: int | None, seconds: int) -> None:
    gateways = GroupPlan("Group", "EU868", dl_class, 3, gateways=20, gateway_spacing_seconds=1.0)
    changes = {"fragment_interval_ms": 1000 * seconds, "redundancy_percent": redundancy, "planned_loss_percent": 1}
    for groups in ((gateways,), (gateways, GroupPlan("Other", "EU868", dl_class, 3))):
        found = {each.rule for each in all_found_with(image_bytes=112, multicast_groups=groups, **changes)}
        assert not found & {*PAUSES}
        two = {each.rule for each in all_found_with(image_bytes=113, multicast_groups=groups, **changes)}
        assert two & {*PAUSES}


@pytest.mark.parametrize(
    ("image", "redundancy", "drops"),
    [(112, 0, None), (113, 0, "1 of 2"), (113, 1, "2 of 3"), (336, 0, "2 of 3"), (22_856, 30, "2 of 3")],
)
def test_duty_cycle_drops_no_more_fragments_than_there_are(image: int, redundancy: int, drops: str | None) -> None:
    changes = {**group("EU868", data_rate=3), "image_bytes": image, "redundancy_percent": redundancy}
    found = found_with("duty-cycle", fragment_interval_ms=3000, **changes)
    assert len(found) == (drops is not None)
    assert all(f" drops {drops} fragments (assumed)" in said for _, said in found)


def test_duty_cycle_is_left_to_the_ping_slot_rule_when_only_the_first_fragment_finds_one() -> None:
    slow = (GroupPlan("Group", "RU864", "ClassB", 3, ping_slot_period=1024),)  # one slot every 32 s, silent for 77 s
    changes = {"rf_region": "RU864", "multicast_groups": slow, "redundancy_percent": 0, "fragment_interval_ms": 16_000}
    for image, rules in ((224, {"ping-slot-interval"}), (336, {"ping-slot-interval", "duty-cycle"})):
        found = {each.rule for each in all_found_with(image_bytes=image, **changes)}
        assert found & {"ping-slot-interval", "duty-cycle"} == rules


@pytest.mark.parametrize(
    ("name", "index", "size", "expected"),
    [
        ("CN470", 1, 20, []),  # 987 ms
        ("CN470", 2, 83, []),
        ("KR920", 0, 48, []),  # 2.8 s of 4 s
        ("AS923-1", 2, 8, []),  # N is 11 where the dwell time is in force
        ("AS923-1", 2, 9, ["warning"]),
        ("AS923-1", 5, 219, []),
        ("AS923-1", 0, 1, ["warning"]),
        ("EU868", 0, 48, []),
    ],
)
def test_dwell_time(name: str, index: int, size: int, expected: list[str]) -> None:
    assert levels_with("dwell-time", **group(name, data_rate=index), fragment_size_bytes=size) == expected


def test_fails_when_one_transmission_is_longer_than_the_region_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    # No size that a region's payload table admits breaks its limit today, so the limit is made shorter.
    from fuota_constructs.rules import radio_session

    short = regions()["CN470"]._replace(transmission_limit_ms=900)
    monkeypatch.setattr(radio_session, "region", lambda name: short if name == "CN470" else None)
    [(level, message)] = found_with("dwell-time", **group("CN470", data_rate=1), fragment_size_bytes=20)
    assert level == "error"
    assert "takes 987 ms on the air at CN470 DR1 (SF11/125 kHz); CN470 allows 900 ms" in message


def _sent(dl_class: str = "ClassC", **facts: Any) -> dict[str, object]:
    return {"multicast_groups": (GroupPlan("Group", "EU868", dl_class, 3, **facts),)}


@pytest.mark.parametrize(
    ("gateways", "spacing", "seconds", "fires"),
    [
        (1, 9.0, 7, False),  # nobody else sends
        (3, 9.0, 18, True),  # 18 s and 0.677 s on the air
        (3, 9.0, 19, False),
        (20, 60.0, 1140, True),
        (20, 60.0, 1141, False),
        (3, 0.0, 7, False),
    ],
)
def test_fails_when_the_gateways_need_longer_than_the_interval(
    gateways: int, spacing: float, seconds: int, fires: bool
) -> None:
    sent = _sent(gateways=gateways, gateway_spacing_seconds=spacing)
    remarks = found_with("fragment-interval-airtime", **sent, fragment_interval_ms=1000 * seconds)
    assert [level for level, _ in remarks] == ["error"] * fires
    if fires:
        smallest = 19 if gateways == 3 else 1141
        assert f"choose Duration.seconds({smallest}) or more" in remarks[0][1]


@pytest.mark.parametrize(("frequency", "fires"), [(868_100_000, True), (869_525_000, False), (None, False)])
def test_duty_cycle_is_that_of_the_groups_frequency(frequency: int | None, fires: bool) -> None:
    assert levels_with("duty-cycle", **_sent(frequency_hz=frequency)) == ["warning"] * fires


@pytest.mark.parametrize(("spacing", "fires"), [(0.0, False), (0.676, True), (0.677, False)])
def test_gateways_begin_one_after_the_other(spacing: float, fires: bool) -> None:
    sent = GroupPlan("G", "EU868", "ClassC", 3, gateways=2, gateway_spacing_seconds=spacing)
    messages = [message for _, message in found_with("gateway-spacing", multicast_groups=(sent,))]
    assert [("Duration.millis(677)" in each) for each in messages] == [True] * fires


@pytest.mark.parametrize(("seconds", "groups", "fires"), [(7, 1, False), (7, 2, True), (13, 2, True), (14, 2, False)])
def test_groups_share_the_duty_cycle_of_their_gateways(seconds: int, groups: int, fires: bool) -> None:
    given = {
        "multicast_groups": tuple(GroupPlan(str(number), "EU868", "ClassC", 3) for number in range(groups)),
        "fragment_interval_ms": 1000 * seconds,
    }
    messages = [message for _, message in found_with("duty-cycle", **given)]
    assert len(messages) == fires
    assert all("2 groups are sent 0.677 s each" in each and "Duration.seconds(14)" in each for each in messages)


@pytest.mark.parametrize(
    ("dl_class", "period", "seconds", "fires"),
    [
        ("ClassB", 4096, 127, True),  # one slot a beacon period of 128 s
        ("ClassB", 4096, 128, False),
        ("ClassB", 1025, 63, True),  # taken for 2048: devices know powers of two
        ("ClassB", 1025, 64, False),
        ("ClassB", 32, 1, False),
        ("ClassB", None, 3, True),  # as the plan counts: a slot every 4 s, assumed
        ("ClassB", None, 4, False),
        ("ClassC", 4096, 7, False),
    ],
)
def test_ping_slot_interval(dl_class: str, period: int | None, seconds: int, fires: bool) -> None:
    sent = _sent(dl_class, ping_slot_period=period)
    assert levels_with("ping-slot-interval", **sent, fragment_interval_ms=1000 * seconds) == ["warning"] * fires


def test_dwell_time_that_is_known_to_be_set_is_an_error() -> None:
    long = {**group("AS923-1", data_rate=4), "fragment_size_bytes": 200}
    assert levels_with("dwell-time", **long) == ["warning"]
    [(level, message)] = found_with("dwell-time", **long, dwell_time=True)
    assert (level, "choose fragment_size_bytes of at most 122" in message) == ("error", True)


def test_each_group_is_held_to_its_own_conditions() -> None:
    slow = GroupPlan("Slow", "EU868", "ClassC", 3, gateways=3, gateway_spacing_seconds=9.0)
    groups = (GroupPlan("Group", "EU868", "ClassC", 3), slow, slow)
    [(_, message)] = found_with("fragment-interval-airtime", multicast_groups=groups)
    assert "3 gateways, 9 s apart" in message
    assert "together these pass" not in message  # no one set of parameters was sought for unlike groups
