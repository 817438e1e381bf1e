"""Boundary tables of the rules about fragments, redundancy, interval and session."""

from typing import Any

import pytest
from rules_rig import found, levels

from fuota_constructs.rules import UNKNOWN, GroupPlan, TaskPlan, findings_in

GROUP = (GroupPlan("Group", "EU868", "ClassC"),)
CLASS_B = (GroupPlan("Group", "EU868", "ClassB"),)


@pytest.mark.parametrize("percent", [None, UNKNOWN, 0, 1, 50, 99, 100])
def test_redundancy_in_range(percent: object) -> None:
    assert not found("redundancy-range", redundancy_percent=percent)


@pytest.mark.parametrize("percent", [-1, 101, 150, 10**30, 50.0, 0.5, float("nan"), "50", "", True, False, b"50", [50]])
def test_fails_when_redundancy_is_out_of_range(percent: object) -> None:
    assert levels("redundancy-range", redundancy_percent=percent) == ["error"]


def test_redundancy_message_has_value_range_and_remedy() -> None:
    [(level, message)] = found("redundancy-range", redundancy_percent=150)
    assert level == "error"
    assert message == (
        "redundancy_percent is 150; choose a whole number from 0 to 100"
        " (the share of redundant fragments; 100 doubles the transmission)"
    )
    assert '"50" (text)' in found("redundancy-range", redundancy_percent="50")[0][1]
    assert "true (a boolean)" in found("redundancy-range", redundancy_percent=True)[0][1]
    assert "50.0 (a float)" in found("redundancy-range", redundancy_percent=50.0)[0][1]
    assert "a list" in found("redundancy-range", redundancy_percent=[50])[0][1]


@pytest.mark.parametrize("size", [None, UNKNOWN, 1, 48, 238, 239])
def test_fragment_size_in_range(size: object) -> None:
    assert not found("fragment-size-range", fragment_size_bytes=size, rf_region="EU868")
    assert not found("fragment-size-range", fragment_size_bytes=size)


@pytest.mark.parametrize("size", [0, -1, 240, 255, 1_000_000, 48.0, "48", True])
def test_fails_when_fragment_size_is_out_of_range(size: object) -> None:
    assert levels("fragment-size-range", fragment_size_bytes=size, rf_region="EU868") == ["error"]
    assert levels("fragment-size-range", fragment_size_bytes=size) == ["error"]
    assert levels("fragment-size-range", fragment_size_bytes=size, rf_region="XX999") == ["error"]


@pytest.mark.parametrize(
    ("region", "data_rate", "largest"),
    [
        ("EU868", 0, 48),
        ("EU868", 2, 48),
        ("EU868", 3, 112),
        ("EU868", 4, 239),
        ("EU868", 7, 239),
        ("US915", 8, 50),
        ("US915", 9, 126),
        ("US915", 10, 239),
        ("AU915", 8, 50),
        ("AS923-1", 2, 112),
        ("CN470", 1, 20),
        ("CN470", 2, 83),
        ("EU868", 99, 239),
        ("XX999", 0, 239),
    ],
)
def test_fragment_size_where_the_data_rate_is_known(region: str, data_rate: int, largest: int) -> None:
    plan = {"rf_region": region, "data_rate": data_rate}
    assert not found("fragment-size-range", fragment_size_bytes=largest, **plan)
    level, message = found("fragment-size-range", fragment_size_bytes=largest + 1, **plan)[0]
    assert level == "error"
    assert f"from 1 to {largest} " in message


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({}, []),
        ({"wireless_devices": ("a",)}, []),
        ({"fragment_size_bytes": 48}, ["warning"]),
        ({"fragment_size_bytes": UNKNOWN}, ["warning"]),
        ({"fragment_size_bytes": 48, "multicast_groups": GROUP}, []),
        ({"fragment_size_bytes": 48, "wireless_devices": ("a",)}, ["error"]),
        ({"fragment_size_bytes": UNKNOWN, "wireless_devices": ("a",)}, ["error"]),
        ({"fragment_size_bytes": 48, "wireless_devices": ("a",), "multicast_groups": GROUP}, []),
    ],
)
def test_fragment_size_needs_multicast(plan: dict[str, object], expected: list[str]) -> None:
    assert levels("fragment-size-needs-multicast", **plan) == expected


@pytest.mark.parametrize("milliseconds", [None, UNKNOWN, 500, 999, 1000, 1001, 3000, 3000.0, 86_400_000, 2**31 - 1])
def test_interval_in_range(milliseconds: object) -> None:
    assert not found("fragment-interval-range", fragment_interval_ms=milliseconds)


@pytest.mark.parametrize(
    "milliseconds", [0, 1, 499, 2**31, -1000, 0.5, 499.5, 1500.5, float("nan"), float("inf"), "1000", True]
)
def test_fails_when_interval_is_out_of_range(milliseconds: object) -> None:
    assert levels("fragment-interval-range", fragment_interval_ms=milliseconds) == ["error"]


@pytest.mark.parametrize("milliseconds", [None, UNKNOWN, 0, 499, 1000, 2000, 60_000])
def test_interval_of_whole_seconds_is_not_rounded(milliseconds: object) -> None:
    assert not found("fragment-interval-rounding", fragment_interval_ms=milliseconds)


@pytest.mark.parametrize(
    ("milliseconds", "remedy"),
    [
        (500, "choose Duration.seconds(1)"),
        (999, "choose Duration.seconds(1)"),
        (1001, "choose Duration.seconds(1) or Duration.seconds(2)"),
        (2500, "choose Duration.seconds(2) or Duration.seconds(3)"),
    ],
)
def test_interval_that_is_rounded(milliseconds: int, remedy: str) -> None:
    [(level, message)] = found("fragment-interval-rounding", fragment_interval_ms=milliseconds)
    assert level == "warning"
    assert message.endswith(remedy)


@pytest.mark.parametrize(
    ("image", "size", "percent", "smallest"),
    [
        (1_000_000, 61, 0, 62),
        (1_000_000, 61, None, 62),
        (1_048_576, 64, 0, 65),
        (1_000_000, 67, 10, 68),
        (1_048_576, 70, 10, 71),
        (1_000_000, 73, 20, 74),
        (1_048_576, 76, 20, 77),
        (1_000_000, 91, 50, 92),
        (1_048_576, 96, 50, 97),
        (1_000_000, 122, 100, 123),
        (1_048_576, 128, 100, 129),
        (16_384, 1, 0, 2),
        (16_383, 1, 1, 2),
    ],
)
def test_fails_when_fragments_cannot_be_numbered(image: int, size: int, percent: int | None, smallest: int) -> None:
    plan: dict[str, object] = {"image_bytes": image, "redundancy_percent": percent, "rf_region": "EU868"}
    [(level, message)] = found("fragment-count", fragment_size_bytes=size, **plan)
    assert level == "error"
    assert f"choose fragment_size_bytes of at least {smallest}" in message
    assert not found("fragment-count", fragment_size_bytes=smallest, **plan)


def test_fails_when_no_fragment_is_large_enough() -> None:
    [(_, message)] = found("fragment-count", image_bytes=4_000_000, fragment_size_bytes=239, redundancy_percent=0)
    assert "delta" in message


@pytest.mark.parametrize(
    "plan",
    [
        {"image_bytes": 16_383, "fragment_size_bytes": 1, "redundancy_percent": 0},
        {"image_bytes": 16_384, "fragment_size_bytes": None},
        {"image_bytes": None, "fragment_size_bytes": 1},
        {"image_bytes": UNKNOWN, "fragment_size_bytes": 1},
        {"image_bytes": 16_384, "fragment_size_bytes": UNKNOWN},
        {"image_bytes": 16_384, "fragment_size_bytes": 1, "redundancy_percent": UNKNOWN},
        {"image_bytes": 16_384, "fragment_size_bytes": 1, "redundancy_percent": 101},
        {"image_bytes": 16_384, "fragment_size_bytes": 0, "redundancy_percent": 0},
        {"image_bytes": 0, "fragment_size_bytes": 1, "redundancy_percent": 0},
    ],
)
def test_fragment_count_within_bounds_or_unknown(plan: dict[str, object]) -> None:
    assert not found("fragment-count", **plan)


@pytest.mark.parametrize(
    ("groups", "seconds", "expected"),
    [
        (GROUP, 32_768, None),
        (GROUP, 32_769, "2^15 s"),
        (GROUP, 64_800, "2^15 s"),
        (GROUP, 64_801, "18 h"),
        (CLASS_B, 172_800, None),
        (CLASS_B, 172_801, "2 days"),
        ((*GROUP, *CLASS_B), 64_801, "18 h"),
        ((), 32_768, None),
        ((), 32_769, "2^15 s"),
    ],
)
def test_session_duration(groups: tuple[GroupPlan, ...], seconds: int, expected: str | None) -> None:
    plan = {"image_bytes": 1, "fragment_size_bytes": 1, "fragment_interval_ms": 1000 * seconds}
    messages = found("session-duration", redundancy_percent=0, multicast_groups=groups, **plan)
    if expected is None:
        assert not messages
    else:
        [(level, message)] = messages
        assert level == "warning"
        assert expected in message
        assert "fragment_interval of at most" in message


def test_session_duration_proposes_what_passes() -> None:
    plan: dict[str, object] = {"image_bytes": 100_000, "redundancy_percent": 10, "multicast_groups": GROUP}
    [(_, message)] = found("session-duration", fragment_size_bytes=48, fragment_interval_ms=28_000, **plan)
    assert message == (
        "2293 fragments, one every 28 s, take 64204 s (17.8 h); a class C device that follows TS005-1.0.0 ends its"
        " session after 2^15 s (9.1 h): choose a fragment_interval of at most 14 s or fragment_size_bytes of at"
        " least 95"
    )
    assert not found("session-duration", fragment_size_bytes=48, fragment_interval_ms=14_000, **plan)
    assert not found("session-duration", fragment_size_bytes=95, fragment_interval_ms=28_000, **plan)


def test_session_duration_without_a_shorter_interval() -> None:
    plan: dict[str, object] = {"image_bytes": 40_000, "fragment_size_bytes": 1, "fragment_interval_ms": 1000}
    [(_, message)] = found("session-duration", **plan)
    assert message.endswith("choose fragment_size_bytes of at least 2")


@pytest.mark.parametrize(
    "missing", ["image_bytes", "fragment_size_bytes", "fragment_interval_ms", "redundancy_percent"]
)
def test_session_duration_is_skipped_when_a_value_is_unknown(missing: str) -> None:
    plan: dict[str, object] = {
        "image_bytes": 100_000,
        "fragment_size_bytes": 1,
        "fragment_interval_ms": 60_000,
        "redundancy_percent": 0,
    }
    assert found("session-duration", **plan)
    assert not found("session-duration", **{**plan, missing: UNKNOWN})


def test_a_session_too_long_for_its_class_is_found_once() -> None:
    plan: dict[str, Any] = {
        "rf_region": "EU868",
        "image_bytes": 100_000,
        "fragment_size_bytes": 48,
        "redundancy_percent": 14,
        "multicast_groups": GROUP,
    }
    for milliseconds, rule in ((28_000, "class-window"), (60_000, "class-window"), (15_000, "session-duration")):
        data_rate = 1 if rule == "session-duration" else 0
        findings = findings_in(TaskPlan(fragment_interval_ms=milliseconds, data_rate=data_rate, **plan))
        assert [finding.rule for finding in findings] == [rule, "fragment-count-2040"]  # another thing altogether


THREE = {"redundancy_percent": 30, "fragment_size_bytes": 112, "fragment_interval_ms": 7000}


@pytest.mark.parametrize("missing", [(), *((name,) for name in THREE), tuple(THREE)])
def test_fails_when_parameters_are_not_given(missing: tuple[str, ...]) -> None:
    plan = {name: value for name, value in THREE.items() if name not in missing}
    messages = found("parameters-not-given", rf_region="EU868", image_bytes=22_856, multicast_groups=GROUP, **plan)
    assert [level for level, _ in messages] == ["warning"] * bool(missing)
    for _, message in messages:
        said = message.partition(" not given")[0]
        for name in THREE:
            assert (name.removesuffix("_ms") in said) == (name in missing)
        assert message.endswith(
            "choose redundancy_percent=17, fragment_size_bytes=48, fragment_interval=Duration.seconds(28)"
        )


def test_parameters_that_are_proposed_leave_nothing_to_find() -> None:
    import re

    for region, dl_class, image in (
        ("EU868", "ClassC", 22_856),
        ("US915", "ClassB", 300_000),
        ("EU868", "ClassC", 100),
    ):
        group = GroupPlan("G", region, dl_class)
        plan: dict[str, Any] = {"rf_region": region, "image_bytes": image, "multicast_groups": (group,)}
        [(_, message)] = found("parameters-not-given", **plan)
        redundancy, size, seconds = map(int, re.findall(r"[=(](\d+)", message.partition("choose")[2]))
        given = {"redundancy_percent": redundancy, "fragment_size_bytes": size, "fragment_interval_ms": 1000 * seconds}
        assert findings_in(TaskPlan(**plan, **given)) == ()


def test_parameters_not_given_names_a_data_rate_where_the_size_alone_leads_to_none() -> None:
    [(_, message)] = found("parameters-not-given", rf_region="EU868", image_bytes=990_000, multicast_groups=GROUP)
    assert message.endswith("fragment_interval=Duration.seconds(4), in groups with downlink_data_rate=5")


@pytest.mark.parametrize(
    ("plan", "remedy"),
    [
        ({"rf_region": "EU868"}, "let `fuota plan IMAGE --rf-region EU868 --recommend` choose them; with the size"),
        ({"rf_region": "EU868", "image_bytes": UNKNOWN}, "with the size of the image they would stand here"),
        ({"rf_region": "XX1", "image_bytes": 100}, "let `fuota plan 100B --rf-region XX1 --recommend` say what fits"),
        (
            {"rf_region": "AS923-1", "image_bytes": 16_000_000},
            "let `fuota plan 16000000B --rf-region AS923-1 --recommend` say",
        ),
    ],
)
def test_parameters_not_given_where_none_can_be_worked_out(plan: dict[str, object], remedy: str) -> None:
    [(_, message)] = found("parameters-not-given", multicast_groups=GROUP, **plan)
    assert remedy in message


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"wireless_devices": ("a",)},
        {"multicast_groups": GROUP, **dict.fromkeys(THREE, UNKNOWN)},
        {"multicast_groups": GROUP, **THREE, "redundancy_percent": 0},
    ],
)
def test_parameters_are_given_or_none_are_needed(plan: dict[str, object]) -> None:
    assert not found("parameters-not-given", rf_region="EU868", image_bytes=22_856, **plan)
