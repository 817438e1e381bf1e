"""Boundary tables of the rules about targets, descriptor, names, tags and AWS Region."""

import base64
import re

import pytest
from rules_rig import found, levels

from fuota_constructs.rules import UNKNOWN, GroupPlan, TaskPlan, findings_in


@pytest.mark.parametrize(
    ("groups", "devices", "expected"),
    [
        ((), (), []),
        ((GroupPlan("G"),), (), []),
        ((), ("a", "b"), []),
        ((GroupPlan("G"),), ("a",), ["error"]),
        ((GroupPlan("G"),), (UNKNOWN,), ["error"]),
    ],
)
def test_targets_exclusive(groups: tuple[GroupPlan, ...], devices: tuple[object, ...], expected: list[str]) -> None:
    assert levels("targets-exclusive", multicast_groups=groups, wireless_devices=devices) == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1300, []), (1301, ["warning"]), (2600, ["warning"]), (2601, ["error"])]
)
@pytest.mark.parametrize("kind", ["wireless_devices", "multicast_groups"])
def test_target_count(kind: str, count: int, expected: list[str]) -> None:
    target = "d" if kind == "wireless_devices" else GroupPlan("")
    assert levels("target-count", **{kind: (target,) * count}) == expected


def test_too_many_targets_are_said_with_the_number_the_limit_and_the_remedy() -> None:
    [(_, devices)] = found("target-count", wireless_devices=("d",) * 3500)
    assert devices.startswith("the task has 3500 wireless devices; ")
    assert "10 a second" in devices
    assert "260 s" in devices
    assert devices.endswith("at most 2600 can be attached: put the devices into multicast groups and attach those")
    [(_, groups)] = found("target-count", multicast_groups=(GroupPlan(""),) * 1400)
    assert groups.endswith("takes twice as many requests: make larger groups, or several tasks")


def test_the_time_for_targets_is_what_the_provider_has() -> None:
    from fuota_constructs.provider.fuota_provider import LAMBDA_TIMEOUT_SECONDS, RUNTIME_DIRECTORY
    from fuota_constructs.rules.task_rules import DEPLOYMENT_SECONDS

    source = (RUNTIME_DIRECTORY / "index.py").read_text(encoding="utf-8")
    reserved = re.findall(r"^(?:ANSWERING|CLEARING_UP)_SECONDS = (\d+)$", source, flags=re.MULTILINE)
    assert len(reserved) == 2
    assert LAMBDA_TIMEOUT_SECONDS - sum(map(int, reserved)) == DEPLOYMENT_SECONDS


@pytest.mark.parametrize("number", [-1.888154589708857e289, 2 * -1.888154589708857e289, int(-1.888154589708857e289)])
def test_fails_without_the_encoding_of_a_token_that_was_calculated_with(number: float) -> None:
    [finding] = findings_in(TaskPlan(redundancy_percent=number))
    assert "redundancy_percent is a number known only at deployment" in finding.message
    assert not re.search(r"\d{12}|e\+?289", finding.message)


@pytest.mark.parametrize(
    ("task", "group", "expected"),
    [
        ("EU868", "EU868", []),
        ("EU868", "US915", ["error"]),
        ("EU868", None, []),
        (None, "EU868", []),
        ("AS923-1", "AS923-2", ["error"]),
    ],
)
def test_rf_region_mismatch(task: str | None, group: str | None, expected: list[str]) -> None:
    assert levels("rf-region-mismatch", rf_region=task, multicast_groups=(GroupPlan("G", group),)) == expected


def test_rf_region_mismatch_names_every_group() -> None:
    groups = (GroupPlan("S/A", "US915"), GroupPlan("S/B", "EU868"), GroupPlan("S/C", "AU915"))
    messages = [message for _, message in found("rf-region-mismatch", rf_region="EU868", multicast_groups=groups)]
    assert [("S/A" in m, "S/C" in m) for m in messages] == [(True, False), (False, True)]


@pytest.mark.parametrize("descriptor", [None, UNKNOWN, "", "AQIDBA==", "A" * 332])
def test_descriptor_that_is_base64(descriptor: object) -> None:
    assert not found("descriptor-format", descriptor=descriptor)


@pytest.mark.parametrize("descriptor", ["***", "AQIDBA=", "AQIDBA", "AQID BA==", "A" * 336, 1234, True, ["AQIDBA=="]])
def test_fails_when_descriptor_is_not_base64(descriptor: object) -> None:
    assert levels("descriptor-format", descriptor=descriptor) == ["error"]


@pytest.mark.parametrize(
    ("length", "expected"), [(0, ["warning"]), (3, ["warning"]), (4, []), (5, ["warning"]), (249, ["warning"])]
)
def test_descriptor_length(length: int, expected: list[str]) -> None:
    assert levels("descriptor-length", descriptor=base64.b64encode(b"x" * length).decode()) == expected


@pytest.mark.parametrize("descriptor", [None, UNKNOWN, "***", 7, "A" * 336])
def test_descriptor_length_of_what_is_no_descriptor(descriptor: object) -> None:
    assert not found("descriptor-length", descriptor=descriptor)


@pytest.mark.parametrize(
    ("name", "expected"), [(None, []), (UNKNOWN, []), ("", []), ("n" * 256, []), ("n" * 257, ["error"]), (7, ["error"])]
)
def test_name_length(name: object, expected: list[str]) -> None:
    assert levels("name-length", name=name) == expected


@pytest.mark.parametrize("wrong", ["\0", "\ud800"])
def test_fails_for_texts_that_no_template_can_have(wrong: str) -> None:
    code = f"U+{ord(wrong):04X}"
    for change, said in (
        ({"name": f"a{wrong}"}, "fuota_task_name"),
        ({"description": f"{wrong}{wrong}"}, "description"),
        ({"tags": {"team": wrong}}, 'the value of tag "team"'),
        ({"tags": {wrong: "meters"}}, "the key of tag"),
    ):
        [(level, message)] = found("text-characters", **change)
        assert level == "error"
        assert message.startswith(said)
        assert f" has {code} in it, which no template can have" in message
        assert not found("name-characters", **change)


@pytest.mark.parametrize("text", [None, UNKNOWN, "", "é", "\U0001f4e1", "\n", "\uffff"])
def test_texts_that_a_template_can_have(text: object) -> None:
    assert not found("text-characters", name=text, description=text, tags={"team": text})


@pytest.mark.parametrize("name", [None, UNKNOWN, "", "Az09_-", 7])
def test_name_of_allowed_characters(name: object) -> None:
    assert not found("name-characters", name=name)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("my task", 'for example "my-task"'),
        ("v1.2", 'for example "v1-2"'),
        ("é", "choose those"),
        ("a/b", 'for example "a-b"'),
        ("n" * 300 + ".", "choose those"),
    ],
)
def test_a_name_of_other_characters_is_warned_of(name: str, remedy: str) -> None:
    [(level, message)] = found("name-characters", name=name)
    assert level == "warning"  # what the service does with it is not documented
    assert message.endswith(remedy)


@pytest.mark.parametrize(
    ("description", "expected"),
    [(None, []), (UNKNOWN, []), ("", []), ("d" * 2048, []), ("d" * 2049, ["error"]), (7, ["error"])],
)
def test_description_length(description: object, expected: list[str]) -> None:
    assert levels("description-length", description=description) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, []),
        ({f"k{n}": "v" for n in range(190)}, []),
        ({f"k{n}": "v" for n in range(191)}, ["error"]),
        ({"k" * 128: "v"}, []),
        ({"k" * 129: "v"}, ["error"]),
        ({"": "v"}, ["error"]),
        ({"k": ""}, []),
        ({"k": "v" * 256}, []),
        ({"k": "v" * 257}, ["error"]),
        ({"k": UNKNOWN}, []),
        ({"aws:k": "v"}, ["error"]),
        ({"fuota-constructs:stack-id": "v"}, ["error"]),
        ({"aws:k": "v" * 257, "": "v"}, ["error", "error", "error"]),
    ],
)
def test_tag_limits(tags: dict[str, object], expected: list[str]) -> None:
    assert levels("tag-limits", tags=tags) == expected


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (None, []),
        ("eu-west-1", []),
        ("us-east-1", []),
        ("sa-east-1", []),
        ("eu-north-1", ["warning"]),
        ("us-gov-west-1", ["warning"]),
    ],
)
def test_aws_region(region: str | None, expected: list[str]) -> None:
    assert levels("aws-region", aws_region=region) == expected
