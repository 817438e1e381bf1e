"""Boundary tables of the radio rules, and what they propose: it passes."""

import re

import pytest
from rules_rig import all_found_with, found_with, group, levels_with

from fuota_constructs.lorawan.regions import regions
from fuota_constructs.rules import UNKNOWN, GroupPlan


def test_quiet_when_all_is_well() -> None:
    assert all_found_with() == ()


@pytest.mark.parametrize("name", list(regions()))
def test_every_downlink_data_rate_may_be_named(name: str) -> None:
    for rate in regions()[name].data_rates:
        assert not found_with("data-rate-range", **group(name, data_rate=rate.index))


@pytest.mark.parametrize(("name", "index"), [("EU868", 8), ("US915", 0), ("US915", 7), ("CN470", 0), ("KR920", 6)])
def test_fails_when_the_data_rate_is_none_of_the_region(name: str, index: int) -> None:
    [(level, message)] = found_with("data-rate-range", **group(name, data_rate=index))
    assert level == "error"
    assert f"downlink_data_rate is {index}; downlinks of {name} use DR" in message


@pytest.mark.parametrize("percent", [None, UNKNOWN, 0, 0.5, 10, 99])
def test_planned_loss_in_range(percent: object) -> None:
    assert not found_with("planned-loss-range", planned_loss_percent=percent)


@pytest.mark.parametrize("percent", [-1, 100, "10", True, float("nan"), [10]])
def test_fails_when_the_planned_loss_is_out_of_range(percent: object) -> None:
    assert levels_with("planned-loss-range", planned_loss_percent=percent) == ["error"]


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
    assert levels_with("decode-probability", **changes) == ["warning"] * fires


@pytest.mark.parametrize(("seconds", "fires"), [(3, True), (4, False)])
def test_decode_probability_counts_the_ping_slots_that_are_taken(seconds: int, fires: bool) -> None:
    given = {**group("EU868", "ClassB", data_rate=5), "fragment_interval_ms": 1000 * seconds}
    messages = [message for _, message in found_with("decode-probability", **given)]
    assert len(messages) == fires
    assert all(
        " at 32.5 % loss: 10 % as planned, and 25% of the fragments, one every 3 s, find their ping slot taken: there"
        " is one every 4 s, coded ones too: choose Duration.seconds(4) or more for fragment_interval; together these"
        " pass: " in message
        for message in messages
    )
    assert not found_with("decode-probability", **{**given, **group("EU868", "ClassC", data_rate=5)})


def test_decode_probability_is_silent_without_a_redundancy_or_an_image_size() -> None:
    assert not found_with("decode-probability", redundancy_percent=None)
    assert not found_with("decode-probability", redundancy_percent=0, image_bytes=None)
    assert not found_with("decode-probability", redundancy_percent=0, image_bytes=UNKNOWN)


@pytest.mark.parametrize("rf_region", [None, "XX999"])
def test_decode_probability_is_asked_where_nothing_is_known_of_the_region(rf_region: str | None) -> None:
    assert levels_with("decode-probability", rf_region=rf_region, redundancy_percent=0) == ["warning"]
    assert not found_with("decode-probability", rf_region=rf_region, redundancy_percent=0, fragment_size_bytes=240)
    assert levels_with("rf-region-unknown", rf_region=rf_region) == ["warning"] * bool(rf_region)


def test_decode_probability_proposes_the_smallest_redundancy() -> None:
    [(_, message)] = found_with("decode-probability", redundancy_percent=10)
    [percent] = map(int, re.findall(r"redundancy_percent of at least (\d+)", message))
    assert not found_with("decode-probability", redundancy_percent=percent)
    assert found_with("decode-probability", redundancy_percent=percent - 1)


def test_decode_probability_asks_for_more_fragments_where_no_redundancy_suffices() -> None:
    [(_, message)] = found_with("decode-probability", image_bytes=300, fragment_size_bytes=112, redundancy_percent=100)
    assert "choose more and smaller fragments" in message


def test_decode_probability_names_counts_the_code_is_bad_at() -> None:
    tied = {"image_bytes": 960 * 112, "redundancy_percent": 20}
    [(_, message)] = found_with("decode-probability", **tied)
    assert "a slightly smaller fragment_size_bytes (960 fragments are a multiple of 64" in message
    assert not found_with("decode-probability", **tied, fragment_size_bytes=111)


@pytest.mark.parametrize(
    ("image", "size", "fires"),
    [(112, 112, False), (113, 112, True), (19 * 112, 112, True), (19 * 112 + 1, 112, False), (20 * 112, 112, False)],
)
def test_few_fragments(image: int, size: int, fires: bool) -> None:
    changes = {"image_bytes": image, "fragment_size_bytes": size}
    assert levels_with("few-fragments", **changes) == ["warning"] * fires


def test_few_fragments_proposes_a_size_that_makes_twenty() -> None:
    [(_, message)] = found_with("few-fragments", image_bytes=1000, fragment_size_bytes=112)
    [size] = map(int, re.findall(r"fragment_size_bytes of at most (\d+)", message))
    assert not found_with("few-fragments", image_bytes=1000, fragment_size_bytes=size)
    assert found_with("few-fragments", image_bytes=1000, fragment_size_bytes=size + 1)
    [(_, tiny)] = found_with("few-fragments", image_bytes=10, fragment_size_bytes=1)
    assert "plan with more redundancy" in tiny


@pytest.mark.parametrize(
    ("image", "percent", "fires"), [(112, 1, True), (112, 0, False), (113, 1, False), (5, 50, True)]
)
def test_redundancy_useless(image: int, percent: int, fires: bool) -> None:
    assert levels_with("redundancy-useless", image_bytes=image, redundancy_percent=percent) == ["warning"] * fires


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
    assert levels_with("repeater-size", **group(name, data_rate=index), fragment_size_bytes=size) == ["warning"] * fires


def test_class_window() -> None:
    long = {**group("EU868", data_rate=0), "fragment_size_bytes": 48, "fragment_interval_ms": None}
    assert not found_with("class-window", **long, image_bytes=85_000, redundancy_percent=30)  # 2303 fragments: 17.9 h
    [(level, message)] = found_with("class-window", **long, image_bytes=86_000, redundancy_percent=30)  # 18.1 h
    assert level == "warning"
    assert "a session of class C lasts at most 18 h" in message
    assert not found_with("class-window", **{**long, **group("EU868", "ClassB", 0)}, image_bytes=86_000)  # 2 days


def test_fails_when_classes_are_mixed() -> None:
    groups = (GroupPlan("B", "EU868", "ClassB"), GroupPlan("C", "EU868", "ClassC"))
    [(level, message)] = found_with("class-window", multicast_groups=groups)
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
        pytest.param(
            {**group("AS923-2", data_rate=4), "fragment_size_bytes": 122, "fragment_interval_ms": 5000},
            id="AS923-2, where the network may set a dwell time",
        ),
        pytest.param({"image_bytes": 1500, "fragment_size_bytes": 219}, id="a tiny image"),
    ],
)
def test_what_is_proposed_together_passes(bad: dict[str, object]) -> None:
    findings = all_found_with(**bad)
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
    left = {finding.rule for finding in all_found_with(**{**bad, **better})}
    assert left <= {"image-size", "fragment-count-2040"}  # no parameter makes an image of 1 MB smaller


@pytest.mark.parametrize(
    "unknown", ["image_bytes", "fragment_size_bytes", "fragment_interval_ms", "redundancy_percent"]
)
def test_values_known_only_at_deployment_are_skipped(unknown: str) -> None:
    assert all_found_with(**{unknown: UNKNOWN}) == ()


def test_a_task_for_devices_has_no_fragment_size_to_check() -> None:
    devices = {"multicast_groups": (), "wireless_devices": (UNKNOWN,)}
    assert {f.rule for f in all_found_with(**devices)} == {"fragment-size-needs-multicast"}
