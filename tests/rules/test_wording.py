"""Messages of rules in the words of their reader: none names what that reader cannot type."""

import re
from typing import Any

import pytest

from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.rules import GroupPlan, TaskPlan, findings_in
from fuota_constructs.rules.wording import as_flags, as_names

PYTHON = re.compile(
    r"fragment_interval|fragment_size_bytes|redundancy_percent|planned_loss_percent|downlink_data_rate|device_stack"
    r"|transmission_interval|wireless_devices|multicast_groups|MulticastGroup|DeviceStack|FirmwareImage|Duration|acknowledge"
)
GROUP = GroupPlan("group", "EU868", "ClassC")
CLASS_B = GroupPlan("group", "EU868", "ClassB")
PLAN = TaskPlan(
    rf_region="EU868",
    redundancy_percent=20,
    fragment_size_bytes=48,
    fragment_interval_ms=30_000,
    image_bytes=20_000,
    multicast_groups=(GROUP,),
)


@pytest.mark.parametrize(
    "given",
    [
        {"redundancy_percent": 101},
        {"redundancy_percent": 1},
        {"redundancy_percent": 20, "image_bytes": 20},
        {"fragment_size_bytes": 0},
        {"fragment_size_bytes": 240},
        {"fragment_size_bytes": 230, "fragment_interval_ms": 1000},
        {"fragment_size_bytes": 230, "image_bytes": 2000},
        {"fragment_interval_ms": 100},
        {"fragment_interval_ms": 2500},
        {"fragment_interval_ms": 10**10},
        {"fragment_interval_ms": 2000},
        {"fragment_interval_ms": 20_000},
        {"fragment_interval_ms": 1000, "multicast_groups": (CLASS_B,)},
        {"image_bytes": 100_000},
        {"image_bytes": 900_000},
        {"multicast_groups": (GROUP, GROUP)},
        {"multicast_groups": (GROUP._replace(data_rate=9),)},
        {"multicast_groups": (GROUP._replace(gateways=3, gateway_spacing_seconds=1.0),)},
        {"multicast_groups": (GROUP._replace(gateways=3, gateway_spacing_seconds=29.0),)},
        {"planned_loss_percent": 100},
        {"planned_loss_percent": 40},
        {"rf_region": "AS923-1", "multicast_groups": (GROUP._replace(rf_region="AS923-1"),)},
        {"rf_region": "US915", "multicast_groups": (GROUP._replace(rf_region="US915"),)},
        *({"device_stack": DeviceStack.of(name)} for name in ("loramac-node", "swl2001", "mbed")),
        {"device_stack": DeviceStack.of("loramac-node"), "fragment_size_bytes": 112, "redundancy_percent": 0},
        {"device_stack": DeviceStack.of("zephyr"), "fragment_size_bytes": 40},
        {"device_stack": DeviceStack.parse("swl2001,max_fragments=1000,max_lost_fragments=20")},
    ],
)
def test_no_message_names_what_its_reader_cannot_type(given: dict[str, Any]) -> None:
    found = findings_in(PLAN._replace(**given))
    assert found
    for finding in found:
        for said in (as_flags(finding.message), as_names(finding.message)):
            assert not PYTHON.search(said), said


def test_parameters_together_can_be_typed() -> None:
    message = (
        "choose Duration.seconds(7) or more; together these pass: redundancy_percent=16, fragment_size_bytes=112,"
        " fragment_interval=Duration.seconds(7), in groups with downlink_data_rate=3"
    )
    assert as_flags(message) == (
        "choose 7 s or more; together these pass: --redundancy 16 --fragment-size 112 --interval 7 --data-rate 3"
    )
    assert as_names(message) == (
        "choose 7 s or more; together these pass: RedundancyPercent=16, FragmentSizeBytes=112,"
        " FragmentIntervalMS=7000, in groups with DlDr=3"
    )
    assert as_flags("choose Duration.seconds(7) or more for fragment_interval") == "choose 7 s or more for --interval"
    build = "Build with FRAG_MAX_NB 30 and say so, DeviceStack.of('loramac-node', max_fragments=30)"
    assert as_flags(build) == "Build with FRAG_MAX_NB 30 and say so, --device-stack loramac-node,max_fragments=30"
