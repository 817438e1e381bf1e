"""Parameters that a message says pass together do: no rule has anything to say when they are taken."""

import itertools
import re

import pytest

from fuota_constructs.rules import GroupPlan, TaskPlan, findings_in

PROPOSED = re.compile(
    r"redundancy_percent=(\d+), fragment_size_bytes=(\d+), fragment_interval=Duration\.seconds\((\d+)\)"
    r"(?:, in groups with downlink_data_rate=(\d+))?"
)
UNDER = (
    GroupPlan("group", "EU868", "ClassC"),
    GroupPlan("group", "EU868", "ClassC", 3, 868_100_000),
    GroupPlan("group", "EU868", "ClassC", 3, gateways=3, gateway_spacing_seconds=9.0),
    GroupPlan("group", "EU868", "ClassB", 3, ping_slot_period=1024),
    GroupPlan("group", "RU864", "ClassB", 3),
    GroupPlan("group", "US915", "ClassC"),
    GroupPlan("group", "US915", "ClassB", gateway_ids=("gateway",)),
    GroupPlan("group", "AS923-1", "ClassC"),
    GroupPlan("group", "KR920", "ClassB", 0),
)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("group", UNDER)
def test_what_is_said_to_pass_passes(group: GroupPlan, groups: int) -> None:
    proposed = set()
    for image, interval, size in itertools.product((50, 20_000), (1000, 6000), (48, 200)):
        plan = TaskPlan(
            rf_region=group.rf_region,
            redundancy_percent=5,
            fragment_size_bytes=size,
            fragment_interval_ms=interval,
            image_bytes=image,
            multicast_groups=(group,) * groups,
        )
        for found in filter(None, (PROPOSED.search(each.message) for each in findings_in(plan))):
            redundancy, fragment, seconds, rate = (int(each) if each else None for each in found.groups())
            sent = group if rate is None else group._replace(data_rate=rate)
            taken = plan._replace(
                redundancy_percent=redundancy,
                fragment_size_bytes=fragment,
                fragment_interval_ms=1000 * (seconds or 0),
                multicast_groups=(sent,) * groups,
            )
            assert [finding.message for finding in findings_in(taken)] == []
            proposed.add(found[0])
    assert proposed
