"""Boundary tables of the radio rules, and what they propose: it passes."""

import re

import pytest

from fuota_constructs.lorawan.regions import regions
from fuota_constructs.rules import UNKNOWN, Finding, GroupPlan, TaskPlan, findings_in

GOOD: dict[str, object] = {
    "rf_region": "EU868",
    "image_bytes": 22_856,
    "fragment_size_bytes": 112,
    "fragment_interval_ms": 7000,
    "redundancy_percent": 30,
    "multicast_groups": (GroupPlan("Group", "EU868", "ClassC"),),
}


def everything(**changes: object) -> tuple[Finding, ...]:
    return findings_in(TaskPlan(**{**GOOD, **changes}))  # type: ignore[arg-type]


def found(rule: str, **changes: object) -> list[tuple[str, str]]:
    return [(f.level, f.message) for f in everything(**changes) if f.rule == rule]


def levels(rule: str, **changes: object) -> list[str]:
    return [level for level, _ in found(rule, **changes)]


def group(rf_region: str, dl_class: str = "ClassC", data_rate: int | None = None) -> dict[str, object]:
    return {"rf_region": rf_region, "multicast_groups": (GroupPlan("Group", rf_region, dl_class, data_rate),)}


def test_quiet_when_all_is_well() -> None:
    assert everything() == ()


@pytest.mark.parametrize("name", list(regions()))
def test_every_downlink_data_rate_may_be_named(name: str) -> None:
    for rate in regions()[name].data_rates:
        assert not found("data-rate-range", **group(name, data_rate=rate.index))


@pytest.mark.parametrize(("name", "index"), [("EU868", 8), ("US915", 0), ("US915", 7), ("CN470", 0), ("KR920", 6)])
def test_fails_when_the_data_rate_is_none_of_the_region(name: str, index: int) -> None:
    [(level, message)] = found("data-rate-range", **group(name, data_rate=index))
    assert level == "error"
    assert f"downlink_data_rate is {index}; downlinks of {name} use DR" in message


@pytest.mark.parametrize("percent", [None, UNKNOWN, 0, 0.5, 10, 99])
def test_planned_loss_in_range(percent: object) -> None:
    assert not found("planned-loss-range", planned_loss_percent=percent)


@pytest.mark.parametrize("percent", [-1, 100, "10", True, float("nan"), [10]])
def test_fails_when_the_planned_loss_is_out_of_range(percent: object) -> None:
    assert levels("planned-loss-range", planned_loss_percent=percent) == ["error"]


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
    assert levels("fragment-interval-airtime", **changes) == ["error"] * fires


def test_interval_message_says_which_data_rate_was_assumed() -> None:
    changes = {"fragment_size_bytes": 48, "fragment_interval_ms": 1000}
    [(_, assumed)] = found("fragment-interval-airtime", **changes)
    assert "2.793 s on the air at EU868 DR0 (SF12/125 kHz) (assumed: the slowest that carries it" in assumed
    assert "choose Duration.seconds(28) or more" in assumed
    [(_, named)] = found("fragment-interval-airtime", **group("EU868", data_rate=0), **changes)
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
    assert levels("duty-cycle", **changes) == ["warning"] * fires


def test_duty_cycle_is_left_to_the_airtime_rule_when_fragments_overlap() -> None:
    changes = {"fragment_size_bytes": 48, "fragment_interval_ms": 1000}
    assert levels("fragment-interval-airtime", **changes) == ["error"]
    assert not found("duty-cycle", **changes)


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
    assert levels("dwell-time", **group(name, data_rate=index), fragment_size_bytes=size) == expected


def test_fails_when_one_transmission_is_longer_than_the_region_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    # No size that a region's payload table admits breaks its limit today, so the limit is made shorter.
    from fuota_constructs.rules import radio_session

    short = regions()["CN470"]._replace(transmission_limit_ms=900)
    monkeypatch.setattr(radio_session, "region", lambda name: short if name == "CN470" else None)
    [(level, message)] = found("dwell-time", **group("CN470", data_rate=1), fragment_size_bytes=20)
    assert level == "error"
    assert "takes 987 ms on the air at CN470 DR1 (SF11/125 kHz); CN470 allows 900 ms" in message


@pytest.mark.parametrize(
    ("percent", "loss", "fires"),
    [
        (0, None, True),
        (10, None, True),
        (17, None, True),
        (21, None, False),
        (30, None, False),
        (30, 20, True),
        (0, 0, False),
    ],
)
def test_decode_probability(percent: int, loss: int | None, fires: bool) -> None:
    changes = {"redundancy_percent": percent, "planned_loss_percent": loss}
    assert levels("decode-probability", **changes) == ["warning"] * fires


@pytest.mark.parametrize(("seconds", "fires"), [(3, True), (4, False)])
def test_decode_probability_counts_the_ping_slots_that_are_taken(seconds: int, fires: bool) -> None:
    given = {**group("EU868", "ClassB", data_rate=5), "fragment_interval_ms": 1000 * seconds}
    messages = [message for _, message in found("decode-probability", **given)]
    assert len(messages) == fires
    assert all(
        " at 32.5 % loss: 10 % as planned, and what finds its ping slot taken, coded ones too: choose a"
        " fragment_interval of Duration.seconds(4) or more; together these pass: " in message
        for message in messages
    )
    assert not found("decode-probability", **{**given, **group("EU868", "ClassC", data_rate=5)})


def test_decode_probability_is_silent_without_a_redundancy_or_an_image_size() -> None:
    assert not found("decode-probability", redundancy_percent=None)
    assert not found("decode-probability", redundancy_percent=0, image_bytes=None)
    assert not found("decode-probability", redundancy_percent=0, image_bytes=UNKNOWN)


@pytest.mark.parametrize("rf_region", [None, "XX999"])
def test_decode_probability_is_asked_where_nothing_is_known_of_the_region(rf_region: str | None) -> None:
    assert levels("decode-probability", rf_region=rf_region, redundancy_percent=0) == ["warning"]
    assert not found("decode-probability", rf_region=rf_region, redundancy_percent=0, fragment_size_bytes=240)
    assert levels("rf-region-unknown", rf_region=rf_region) == ["warning"] * bool(rf_region)


def test_decode_probability_proposes_the_smallest_redundancy() -> None:
    [(_, message)] = found("decode-probability", redundancy_percent=10)
    percent = int(re.search(r"redundancy_percent of at least (\d+)", message)[1])  # type: ignore[index]
    assert not found("decode-probability", redundancy_percent=percent)
    assert found("decode-probability", redundancy_percent=percent - 1)


def test_decode_probability_asks_for_more_fragments_where_no_redundancy_suffices() -> None:
    [(_, message)] = found("decode-probability", image_bytes=300, fragment_size_bytes=112, redundancy_percent=100)
    assert "choose more and smaller fragments" in message


def test_decode_probability_names_counts_the_code_is_bad_at() -> None:
    tied = {"image_bytes": 960 * 112, "redundancy_percent": 20}
    [(_, message)] = found("decode-probability", **tied)
    assert "a slightly smaller fragment_size_bytes (960 fragments are a multiple of 64" in message
    assert not found("decode-probability", **tied, fragment_size_bytes=111)


@pytest.mark.parametrize(
    ("image", "size", "fires"),
    [(112, 112, False), (113, 112, True), (19 * 112, 112, True), (19 * 112 + 1, 112, False), (20 * 112, 112, False)],
)
def test_few_fragments(image: int, size: int, fires: bool) -> None:
    changes = {"image_bytes": image, "fragment_size_bytes": size}
    assert levels("few-fragments", **changes) == ["warning"] * fires


def test_few_fragments_proposes_a_size_that_makes_twenty() -> None:
    [(_, message)] = found("few-fragments", image_bytes=1000, fragment_size_bytes=112)
    size = int(re.search(r"fragment_size_bytes of at most (\d+)", message)[1])  # type: ignore[index]
    assert not found("few-fragments", image_bytes=1000, fragment_size_bytes=size)
    assert found("few-fragments", image_bytes=1000, fragment_size_bytes=size + 1)
    [(_, tiny)] = found("few-fragments", image_bytes=10, fragment_size_bytes=1)
    assert "plan with more redundancy" in tiny


@pytest.mark.parametrize(
    ("image", "percent", "fires"), [(112, 1, True), (112, 0, False), (113, 1, False), (5, 50, True)]
)
def test_redundancy_useless(image: int, percent: int, fires: bool) -> None:
    assert levels("redundancy-useless", image_bytes=image, redundancy_percent=percent) == ["warning"] * fires


@pytest.mark.parametrize(
    ("name", "index", "size", "fires"),
    [
        ("EU868", 5, 219, False),
        ("EU868", 5, 220, True),
        ("EU868", 3, 112, False),
        ("US915", 8, 30, False),  # AWS documents 33 bytes for US915 DR8
        ("US915", 8, 31, True),
        ("US915", 9, 106, False),
        ("US915", 9, 107, True),
        ("AU915", 10, 219, False),
        ("AU915", 10, 220, True),
    ],
)
def test_repeater_size(name: str, index: int, size: int, fires: bool) -> None:
    assert levels("repeater-size", **group(name, data_rate=index), fragment_size_bytes=size) == ["warning"] * fires


def test_class_window() -> None:
    long = {**group("EU868", data_rate=0), "fragment_size_bytes": 48, "fragment_interval_ms": None}
    assert not found("class-window", **long, image_bytes=85_000, redundancy_percent=30)  # 2303 fragments: 17.9 h
    [(level, message)] = found("class-window", **long, image_bytes=86_000, redundancy_percent=30)  # 18.1 h
    assert level == "warning"
    assert "a session of class C lasts at most 18 h" in message
    assert not found("class-window", **{**long, **group("EU868", "ClassB", 0)}, image_bytes=86_000)  # 2 days


def test_fails_when_classes_are_mixed() -> None:
    groups = (GroupPlan("B", "EU868", "ClassB"), GroupPlan("C", "EU868", "ClassC"))
    [(level, message)] = found("class-window", multicast_groups=groups)
    assert (level, "a task for each class" in message) == ("warning", True)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(
            {**group("US915"), "image_bytes": 1_000_000, "fragment_size_bytes": 30, "fragment_interval_ms": 1000},
            id="US915, 1 MB, 30-byte fragments",
        ),
        pytest.param(
            {**group("EU868", data_rate=0), "fragment_size_bytes": 48, "fragment_interval_ms": 1000},
            id="EU868 at SF12 with a 1 s interval",
        ),
        pytest.param(
            {"image_bytes": 100_000, "redundancy_percent": 10, "planned_loss_percent": 20},
            id="redundancy 10 at 20 % loss",
        ),
        pytest.param(
            {
                **group("EU868", "ClassB"),
                "image_bytes": 400_000,
                "fragment_size_bytes": 48,
                "fragment_interval_ms": 28_000,
            },
            id="days of class B",
        ),
        pytest.param({"image_bytes": 1500, "fragment_size_bytes": 219}, id="a tiny image"),
    ],
)
def test_what_is_proposed_together_passes(bad: dict[str, object]) -> None:
    findings = everything(**bad)
    proposed = {
        match[0]
        for finding in findings
        if (
            match := re.search(
                r"redundancy_percent=(\d+), fragment_size_bytes=(\d+), fragment_interval=Duration.seconds\((\d+)\)",
                finding.message,
            )
        )
    }
    if not proposed:
        assert bad == {"image_bytes": 1500, "fragment_size_bytes": 219}  # its rules propose one number each
        proposed = {"redundancy_percent=80, fragment_size_bytes=78, fragment_interval=Duration.seconds(5)"}
    assert len(proposed) == 1
    redundancy, size, seconds = map(int, re.findall(r"\d+", proposed.pop()))
    better = {"redundancy_percent": redundancy, "fragment_size_bytes": size, "fragment_interval_ms": 1000 * seconds}
    left = {finding.rule for finding in everything(**{**bad, **better})}
    assert left <= {"image-size", "fragment-count-2040"}  # no parameter makes an image of 1 MB smaller


@pytest.mark.parametrize(
    "unknown", ["image_bytes", "fragment_size_bytes", "fragment_interval_ms", "redundancy_percent"]
)
def test_values_known_only_at_deployment_are_skipped(unknown: str) -> None:
    assert everything(**{unknown: UNKNOWN}) == ()


def test_a_task_for_devices_has_no_fragment_size_to_check() -> None:
    devices = {"multicast_groups": (), "wireless_devices": ("device",)}
    assert {f.rule for f in everything(**devices)} == {"fragment-size-needs-multicast"}


def _sent(dl_class: str = "ClassC", **facts: float) -> dict[str, object]:
    return {"multicast_groups": (GroupPlan("Group", "EU868", dl_class, 3, **facts),)}  # type: ignore[arg-type]


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
    remarks = found("fragment-interval-airtime", **sent, fragment_interval_ms=1000 * seconds)
    assert [level for level, _ in remarks] == ["error"] * fires
    if fires:
        smallest = 19 if gateways == 3 else 1141
        assert f"choose Duration.seconds({smallest}) or more" in remarks[0][1]


@pytest.mark.parametrize(("frequency", "fires"), [(868_100_000, True), (869_525_000, False), (None, False)])
def test_duty_cycle_is_that_of_the_groups_frequency(frequency: int | None, fires: bool) -> None:
    assert levels("duty-cycle", **_sent(frequency_hz=frequency)) == ["warning"] * fires  # type: ignore[arg-type]


@pytest.mark.parametrize(("spacing", "fires"), [(0.0, False), (0.676, True), (0.677, False)])
def test_gateways_begin_one_after_the_other(spacing: float, fires: bool) -> None:
    sent = GroupPlan("G", "EU868", "ClassC", 3, gateways=2, gateway_spacing_seconds=spacing)
    messages = [message for _, message in found("gateway-spacing", multicast_groups=(sent,))]
    assert [("Duration.millis(677)" in each) for each in messages] == [True] * fires


@pytest.mark.parametrize(("seconds", "groups", "fires"), [(7, 1, False), (7, 2, True), (13, 2, True), (14, 2, False)])
def test_groups_share_the_duty_cycle_of_their_gateways(seconds: int, groups: int, fires: bool) -> None:
    given = {
        "multicast_groups": tuple(GroupPlan(str(number), "EU868", "ClassC", 3) for number in range(groups)),
        "fragment_interval_ms": 1000 * seconds,
    }
    messages = [message for _, message in found("duty-cycle", **given)]
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
    sent = _sent(dl_class, ping_slot_period=period)  # type: ignore[arg-type]
    assert levels("ping-slot-interval", **sent, fragment_interval_ms=1000 * seconds) == ["warning"] * fires


def test_dwell_time_that_is_known_to_be_set_is_an_error() -> None:
    long = {**group("AS923-1", data_rate=4), "fragment_size_bytes": 200}
    assert levels("dwell-time", **long) == ["warning"]
    [(level, message)] = found("dwell-time", **long, dwell_time=True)
    assert (level, "choose fragment_size_bytes of at most 122" in message) == ("error", True)


def test_each_group_is_held_to_its_own_conditions() -> None:
    slow = GroupPlan("Slow", "EU868", "ClassC", 3, gateways=3, gateway_spacing_seconds=9.0)
    groups = (GroupPlan("Group", "EU868", "ClassC", 3), slow, slow)
    [(_, message)] = found("fragment-interval-airtime", multicast_groups=groups)
    assert "3 gateways, 9 s apart" in message
    assert "together these pass" not in message  # no one set of parameters was sought for unlike groups
