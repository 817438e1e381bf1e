"""What the rules say about the stacks of devices."""

from typing import Any

import pytest

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.rules import GroupPlan, TaskPlan, findings_in

GROUP = GroupPlan("group", rf_region="EU868", dl_class="ClassC", data_rate=5)
CLASS_B = GROUP._replace(dl_class="ClassB")
CLASS_B_OF_ANOTHER = CLASS_B._replace(device_stack=DeviceStack.of("swl2001"))


def found(stack: str | None, rule: str, **given: Any) -> list[tuple[str, str]]:
    plan = TaskPlan(
        **{
            "rf_region": "EU868",
            "image_bytes": 20_000,
            "fragment_size_bytes": 200,
            "fragment_interval_ms": 4000,
            "redundancy_percent": 20,
            "multicast_groups": (GROUP,),
            "device_stack": DeviceStack.parse(stack) if stack else None,
            **given,
        }
    )
    return [(finding.level, finding.message) for finding in findings_in(plan) if finding.rule == rule]


@pytest.mark.parametrize(
    ("rule", "stack", "given", "level", "says"),
    [
        ("stack-fragment-count", "swl2001", {"image_bytes": 20_001}, "error", "at most 100 (FRAG_MAX_NB) fragments"),
        ("stack-fragment-count", "swl2001", {}, None, ""),
        ("stack-fragment-count", "swl2001,max_fragments=101", {"image_bytes": 20_001}, None, ""),
        ("stack-fragment-size", "loramac-node", {"fragment_size_bytes": 51}, "error", "at most 50 (FRAG_MAX_SIZE)"),
        ("stack-fragment-size", "loramac-node", {"fragment_size_bytes": 50}, None, ""),
        ("stack-fragment-size", "zephyr", {"fragment_size_bytes": 40}, "error", "choose at least 48"),
        ("stack-fragment-size", "zephyr", {"fragment_size_bytes": 48}, None, ""),
        ("stack-fragment-multiple", "stm32cubewl", {"fragment_size_bytes": 219}, "warning", "choose 216 or 224"),
        ("stack-fragment-multiple", "zephyr", {"fragment_size_bytes": 7}, "warning", "choose 8"),
        ("stack-fragment-multiple", "stm32cubewl", {"fragment_size_bytes": 216}, None, ""),
        ("stack-lost-fragments", "swl2001,max_lost_fragments=10", {}, "warning", "lose more of 100 fragments at 10 %"),
        ("stack-lost-fragments", "swl2001,max_lost_fragments=21", {}, None, ""),
        ("stack-lost-fragments", "swl2001,max_lost_fragments=10", {"planned_loss_percent": 1}, None, ""),
        ("stack-hang", "stm32cubewl", {"image_bytes": 48 * 2040, "fragment_size_bytes": 48}, "error", "hangs for ever"),
        ("stack-hang", "stm32cubewl", {"image_bytes": 48 * 2039, "fragment_size_bytes": 48}, None, ""),
        ("stack-hang", "loramac-node@4.5.1", {"image_bytes": 100_000, "fragment_size_bytes": 48}, "error", "2084"),
        ("stack-hang", "loramac-node@4.5.2", {"image_bytes": 100_000, "fragment_size_bytes": 48}, None, ""),
        ("stack-never-done", "loramac-node@4.6.0", {"redundancy_percent": 0}, "error", "no device is ever done"),
        ("stack-never-done", "loramac-node@4.6.0", {"redundancy_percent": None}, "error", "is not given"),
        ("stack-never-done", "loramac-node@4.6.0", {"redundancy_percent": 1}, None, ""),
        ("stack-never-done", "loramac-node", {"redundancy_percent": 0}, None, ""),
        ("stack-frag-index", "mbed", {}, "error", "takes FragIndex 0 only"),
        ("stack-frag-index", "mbed,frag_sessions=2", {}, None, ""),
        ("stack-fragment-count", "loramac-node", {"image_bytes": 1200, "fragment_size_bytes": 50}, "error", "refuses"),
        (
            "stack-fragment-count",
            "loramac-node",
            {"image_bytes": 1000, "fragment_size_bytes": 40},
            "error",
            "writes pa",
        ),
        (
            "stack-fragment-size",
            "loramac-node",
            {"image_bytes": 1000, "fragment_size_bytes": 60},
            "error",
            "writes past",
        ),
        (
            "stack-class-b",
            "loramac-node",
            {"multicast_groups": (CLASS_B,)},
            "warning",
            "the first 1/128 of the session",
        ),
        ("stack-class-b", "loramac-node", {}, None, ""),
        ("stack-class-b", "loramac-node", {"multicast_groups": (CLASS_B_OF_ANOTHER, GROUP)}, None, ""),
        ("stack-class-b", None, {"multicast_groups": (CLASS_B, GROUP)}, None, ""),
        ("stack-class-b", "swl2001", {"multicast_groups": (CLASS_B,)}, None, ""),
        ("stack-one-session", "mbed", {}, "warning", "Let the devices boot before the session"),
        ("stack-one-session", "mbed", {"redundancy_percent": 0}, None, ""),
        ("stack-one-session", "swl2001", {}, None, ""),
        ("stack-frag-index", "swl2001", {}, None, ""),
        ("fragment-count-2040", None, {"image_bytes": 48 * 2040, "fragment_size_bytes": 48}, "warning", "STM32CubeWL"),
        ("fragment-count-2040", None, {"image_bytes": 48 * 2039, "fragment_size_bytes": 48}, None, ""),
        ("fragment-count-2040", "zephyr", {"image_bytes": 48 * 2040, "fragment_size_bytes": 48}, None, ""),
    ],
)
def test_fires_where_the_stack_cannot(
    rule: str, stack: str | None, given: dict[str, Any], level: str | None, says: str
) -> None:
    remarks = found(stack, rule, **given)
    assert [each for each, _ in remarks] == ([level] if level else [])
    assert all(says in message for _, message in remarks)


def test_skips_what_is_not_known() -> None:
    for stack in ("loramac-node@4.5.1", "zephyr", "stm32cubewl", None):
        plan = TaskPlan(rf_region="EU868", device_stack=DeviceStack.of(stack) if stack else None, redundancy_percent=5)
        assert [finding for finding in findings_in(plan) if finding.rule.startswith(("stack", "fragment-count"))] == []


def test_every_stack_of_the_groups_has_its_say_once() -> None:
    groups = tuple(GROUP._replace(device_stack=DeviceStack.of(name)) for name in ("swl2001", "loramac-node", "swl2001"))
    remarks = found(None, "stack-fragment-count", image_bytes=60_000, multicast_groups=groups)
    assert len(remarks) == 2
    assert found("swl2001", "stack-fragment-count", image_bytes=60_000, multicast_groups=groups) == remarks


def test_the_room_proposed_is_enough() -> None:
    [(_, message)] = found("stm32cubewl", "stack-lost-fragments", image_bytes=200 * 2030, fragment_interval_ms=5000)
    room = message.partition("max_lost_fragments=")[2].partition(")")[0]
    own = f"stm32cubewl,max_lost_fragments={room}"
    assert found(own, "stack-lost-fragments", image_bytes=200 * 2030, fragment_interval_ms=5000) == []
    less = f"stm32cubewl,max_lost_fragments={int(room) - 1}"
    assert found(less, "stack-lost-fragments", image_bytes=200 * 2030, fragment_interval_ms=5000)


@pytest.mark.parametrize("stack", ["stm32cubewl", "zephyr", "swl2001,max_fragments=2000,max_lost_fragments=400"])
@pytest.mark.parametrize("region", ["EU868", "US915", "AS923-1", "IN865"])
def test_what_is_recommended_passes_the_rules_of_the_stack(stack: str, region: str) -> None:
    from fuota_constructs.lorawan.recommendation import options, recommend
    from fuota_constructs.lorawan.regions import regions
    from fuota_constructs.lorawan.session_plan import Conditions

    own = DeviceStack.parse(stack)
    best = recommend(options(100_000, Conditions(regions()[region], stacks=(own,))))
    assert best is not None
    plan = TaskPlan(
        rf_region=region,
        image_bytes=100_000,
        fragment_size_bytes=best.plan.fragment_bytes,
        fragment_interval_ms=1000 * best.plan.interval_seconds,
        redundancy_percent=best.plan.redundancy_percent,
        multicast_groups=(GROUP._replace(rf_region=region, data_rate=best.plan.data_rate, device_stack=own),),
    )
    assert findings_in(plan) == ()


def test_what_is_proposed_has_fewer_fragments_or_there_are_none() -> None:
    few = {"image_bytes": 100_000, "fragment_size_bytes": 48, "fragment_interval_ms": 7000}
    [(_, message)] = found(None, "fragment-count-2040", **few, multicast_groups=(GROUP._replace(data_rate=2),))
    assert "choose larger fragments" in message
    assert (
        "fragment_size_bytes=112, fragment_interval=Duration.seconds(7), in groups with downlink_data_rate=3" in message
    )
    [(_, message)] = found(None, "fragment-count-2040", image_bytes=999_999)
    assert "send a smaller (delta) image" in message
    assert "these pass" not in message
