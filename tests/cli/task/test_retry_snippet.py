"""The text of a retry, for what the service may hold."""

import ast
from typing import Any

import pytest

from fuota_constructs.cli.task.retry_snippet import snippet
from fuota_constructs.operations.image import Image
from fuota_constructs.operations.retry import Retry
from fuota_constructs.operations.task import Device, Task

DEVICE = Device("d-1", None, None, "MissingFrag", None, None)


def written(
    *, key: str = "v2.bin", classes: tuple[str, ...] = ("ClassC",), delta: tuple[str, str] | None = None, **fields: Any
) -> str:
    task = Task("id", "arn", "FuotaDone", role="arn:aws:iam::111122223333:role/r", **{"rf_region": "EU868", **fields})
    retry = Retry((DEVICE,), (), dict.fromkeys(classes, (DEVICE,)), 30, sent_at={"ClassC": (5, None)})
    return snippet(task, Image("firmware", key, delta=delta), retry)


@pytest.mark.parametrize(
    ("name", "next_name", "stack"),
    [
        ("street", "street-retry", "street-retry"),
        ("street-retry", "street-retry-2", "street-retry-2"),
        ("street-retry-9", "street-retry-10", "street-retry-10"),
        ("1 a", "1 a-retry", "Fuota-1-a-retry"),
        ("x" * 256, "x" * 250 + "-retry", "x" * 100 + "-retry"),
        (None, None, "FirmwareRetry"),
    ],
)
def test_the_name_says_which_try_it_is(name: str | None, next_name: str | None, stack: str) -> None:
    code = written(name=name)
    assert f'STACK = "{stack}"\n' in code
    assert (f'fuota_task_name="{next_name}",' in code) == (name is not None)


@pytest.mark.parametrize("text", ['a"b', "a'b\\", "\u202e\x1b[2J", "straße", "\ud800", "a\nb"])
def test_no_name_gets_out_of_its_quotes(text: str) -> None:
    tree = ast.parse(written(name=text, key=text).encode("utf-8", "backslashreplace"))
    literals = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert {text, f"{text}-retry"} <= literals


def test_each_class_has_a_group_of_its_own() -> None:
    code = written(classes=("ClassC", "ClassB"), fragment_interval_ms=7500, descriptor="AQIDBA==")
    assert "dl_class=DlClass.CLASS_C,\n    downlink_data_rate=5,\n)" in code
    assert "dl_class=DlClass.CLASS_B,\n)" in code
    assert "multicast_groups=[group_1, group_2]," in code
    assert "fragment_interval=cdk.Duration.millis(7500)," in code
    assert 'descriptor="AQIDBA==",' in code


def test_a_region_of_tomorrow_is_named() -> None:
    assert 'rf_region=RfRegion.of("XX999"),' in written(rf_region="XX999")
    assert 'rf_region=RfRegion.of("value"),' in written(rf_region="value")  # RfRegion has such a field
    assert "rf_region=RfRegion.AS923_1," in written(rf_region="AS923-1")


def test_a_delta_keeps_what_it_makes_of_what() -> None:
    """The patch says neither, and a rehearsal of the retry could not judge it."""
    code = written(key="up.patch", delta=("0" * 64, "1" * 64))
    for end, digit in (("base", "0"), ("target", "1")):
        assert f'cdk.Tags.of(task).add("fuota-delta:{end}-sha256", "{digit * 64}")\n' in code
    assert "Tags" not in written()


def test_an_interval_that_ping_slots_need_takes_the_place_of_the_old_one() -> None:
    task = Task("id", "arn", "FuotaDone", rf_region="EU868", fragment_interval_ms=2000)
    again = Retry((DEVICE,), (), {"ClassB": (DEVICE,)}, 30, interval_seconds=4)
    assert "fragment_interval=cdk.Duration.seconds(4)," in snippet(task, Image("firmware", "v2.bin"), again)
