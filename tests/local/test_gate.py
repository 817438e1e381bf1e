"""Whether a rehearsal passed, and what is said when it did not."""

import dataclasses
import itertools
from typing import Any

import pytest

from fuota_constructs.local.fleet import delta_trouble
from fuota_constructs.local.gate import GateMissedError, judge, percent, require, share
from fuota_constructs.local.outcome import Outcome
from fuota_constructs.local.task_outcome import DeviceOutcome, TaskAir, TaskImage, TaskOutcome, TaskParameters, Trouble

PARAMETERS = TaskParameters("EU868", 3, 30, 112, 7000)


def task(task_id: str = "t", *, problem: str | None = None, seconds: float = 1869.0, **given: Any) -> TaskOutcome:
    parameters = TaskParameters(**{**PARAMETERS.__dict__, **given})
    return TaskOutcome(
        task_id=task_id,
        name=f"task-{task_id}",
        status="FuotaDone",
        fragments_sent=267,
        fragments_total=267,
        data_fragments=205,
        started=0.0,
        done=seconds,
        seconds_left=None,
        problem=problem,
        devices={},
        account="000000000000",
        aws_region="eu-west-1",
        parameters=parameters,
        image=TaskImage("s3://b/k", 22_856, "0" * 64),
    )


def devices(cohort: str, task_id: str | None = "t", **statuses: int) -> list[DeviceOutcome]:
    names = itertools.count()
    return [
        DeviceOutcome(
            f"{cohort}-{task_id}-{next(names)}", cohort, task_id, status, 267, 200, None, status == "Successful"
        )
        for status, number in statuses.items()
        for _ in range(number)
    ]


def outcome(*found: list[DeviceOutcome], tasks: tuple[TaskOutcome, ...] = (), without: tuple[str, ...] = ()) -> Outcome:
    return Outcome(tasks or (task(),), tuple(itertools.chain(*found)), without)


def line(*found: list[DeviceOutcome], required: float = 0.99, **given: Any) -> str:
    return judge(outcome(*found, **given), required).line


@pytest.mark.parametrize(
    ("unsent", "said"),
    [
        (35, "PASSED 200/200 devices (99 % required), although in task-t the air is short"),
        (0, "PASSED 200/200 devices (99 % required), unless fragments are dropped: in task-t the air is short"),
    ],
)
def test_the_last_line_does_not_keep_to_itself_what_is_not_sent(unsent: int, said: str) -> None:
    air = TaskAir(unsent, "the air is short", "choose a fragment_interval of 7 s or more", "duty-cycle")
    verdict = judge(outcome(devices("meters", Successful=200), tasks=(dataclasses.replace(task(), air=air),)), 0.99)
    assert (verdict.passed, verdict.line) == (True, said)
    assert verdict.causes == ("task-t: the air is short",)
    assert verdict.remedies == ("task-t: choose a fragment_interval of 7 s or more (duty-cycle)",)


def test_what_is_said_of_a_task_is_not_said_of_its_devices_once_more() -> None:
    air = TaskAir(178, "the air is short", "choose a fragment_interval of 7 s or more", "duty-cycle")
    short = Trouble(air.cause, f"{air.remedy}; redundancy does not help", "duty-cycle", "radio")
    other = Trouble("the stack has no room", "build with more room", "stack-lost-fragments")
    found = [
        dataclasses.replace(device, trouble=short if number else other)
        for number, device in enumerate(devices("meters", MissingFrag=3))
    ]
    verdict = judge(outcome(found, tasks=(dataclasses.replace(task(), air=air),)), 0.99)
    assert verdict.causes == (
        "task-t: the air is short",
        "2 of 3 devices: MissingFrag",
        "1 of 3 devices: MissingFrag: the stack has no room",
    )
    assert verdict.remedies == (
        "task-t: choose a fragment_interval of 7 s or more; redundancy does not help (duty-cycle)",
        "stack-lost-fragments: build with more room",
    )


@pytest.mark.parametrize(
    ("statuses", "required", "expected"),
    [
        ({"Successful": 200}, 0.99, "PASSED 200/200 devices (99 % required)"),
        ({"Successful": 198, "MissingFrag": 2}, 0.99, "PASSED 198/200 devices (99 % required)"),
        ({"Successful": 197, "MissingFrag": 3}, 0.99, "FAILED 98.5 % < 99 %: meters 197/200 MissingFrag"),
        ({"Successful": 9896, "MissingFrag": 104}, 0.99, "FAILED 98.96 % < 99 %: meters 9896/10000 MissingFrag"),
        ({"Successful": 98999, "MissingFrag": 1001}, 0.99, "FAILED 98.99 % < 99 %: meters 98999/100000 MissingFrag"),
        ({"Successful": 99999, "MICError": 1}, 1.0, "FAILED 99.99 % < 100 %: meters 99999/100000 MICError"),
        ({"Successful": 999, "MICError": 1}, 0.9995, "FAILED 99.9 % < 99.95 %: meters 999/1000 MICError"),
        ({"MissingFrag": 200}, 0.99, "FAILED 0 % < 99 %: meters 0/200 MissingFrag"),
        ({"MissingFrag": 200}, 0.0, "PASSED 0/200 devices (0 % required)"),
        ({"Successful": 1}, 1.0, "PASSED 1/1 devices (100 % required)"),
        ({"Successful": 5, "MissingFrag": 3, "MICError": 2}, 0.5, "PASSED 5/10 devices (50 % required)"),
        (
            {"Successful": 5, "MissingFrag": 3, "MICError": 2},
            0.501,
            "FAILED 50 % < 50.1 %: meters 5/10 (3 MissingFrag, 2 MICError)",
        ),
    ],
)
def test_last_line(statuses: dict[str, int], required: float, expected: str) -> None:
    verdict = judge(outcome(devices("meters", **statuses)), required)
    assert verdict.line == expected
    assert verdict.passed == expected.startswith("PASSED")


def test_names_the_cohorts_below_the_bar_and_the_worst_first() -> None:
    found = [
        devices("near", Successful=150),
        devices("attic", Successful=19, Initial=1),
        devices("cellar", Successful=15, MissingFrag=5),
        devices("roof", Successful=10),
    ]
    assert line(*found) == "FAILED 97 % < 99 %: cellar 15/20 MissingFrag; attic 19/20 Initial"


def test_names_five_cohorts_and_counts_the_others() -> None:
    said = line(*(devices(f"c{n}", Successful=1, MICError=1) for n in range(7)))
    assert said.endswith("c4 1/2 MICError; and 2 more")


def test_fails_when_one_of_several_tasks_misses_what_all_together_reach() -> None:
    tasks = (task("a"), task("b"))
    found = [devices("meters", "a", Successful=190), devices("meters", "b", Successful=8, MissingFrag=2)]
    assert line(*found, tasks=tasks, required=0.95) == "FAILED task-b 80 % < 95 %: task-b, meters 8/10 MissingFrag"


def test_fails_when_one_of_several_tasks_could_not_read_its_image() -> None:
    tasks = (task("a"), task("b", problem="role r is not authorized to perform s3:GetObject"))
    found = [devices("meters", "a", Successful=100), devices("meters", None, Initial=100)]
    verdict = judge(outcome(*found, tasks=tasks), 0.4)
    assert verdict.line == "FAILED task-b 0 % < 40 %: in no session, meters 0/100 Initial"
    assert verdict.causes[0] == (
        "task-b: the service could not send it: role r is not authorized to perform s3:GetObject"
    )
    assert verdict.remedies == ("correct what the service could not read or send: the rest follows from it",)


@pytest.mark.parametrize("required", [0.0, 0.99])
def test_fails_when_a_task_has_no_target_whatever_is_required(required: float) -> None:
    said = line(devices("meters", Successful=200), without=("lonely",), required=required)
    assert said == "FAILED nobody can receive lonely: it has no multicast group and no device"


@pytest.mark.parametrize("required", [0.0, 0.99])
def test_fails_when_no_device_was_in_the_session_of_a_task(required: float) -> None:
    verdict = judge(outcome(devices("meters", "a", Successful=1), tasks=(task("a"), task("b"))), required)
    assert verdict.line == "FAILED nobody could receive task-b: none of the devices was in its session"
    assert "make the fleet larger: devices are dealt over the groups of all tasks" in verdict.remedies


@pytest.mark.parametrize("required", [0.0, 0.99])
def test_fails_without_devices(required: float) -> None:
    assert line(required=required).startswith("FAILED 0 devices")


def test_fails_when_nobody_of_a_cohort_has_the_image() -> None:
    found = [devices("meters", Successful=199), devices("cellar", Package_Not_Supported=1)]
    verdict = judge(outcome(*found), 0.99)
    assert verdict.line == "FAILED nobody of cellar: cellar 0/1 Package_Not_Supported (99.5 % of all have the image)"
    assert judge(outcome(*found), 0.0).passed


def test_devices_in_no_session_count() -> None:
    found = [devices("meters", Successful=190), devices("away", None, Initial=10)]
    assert line(*found) == "FAILED 95 % < 99 %: away 0/10 Initial"


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        ({}, "MissingFrag in task-t: more redundancy than 30 %, or a slower data rate: they lost up to 25.1 % of the"),
        ({"data_rate": 0}, "MissingFrag in task-t: more redundancy than 30 %: they lost up to 25.1 % of the"),
        ({"rf_region": "US915", "data_rate": 8}, "more redundancy than 30 %: they lost"),
        ({"rf_region": "US915", "data_rate": 9}, "more redundancy than 30 %, or a slower data rate: they lost"),
        ({"redundancy_percent": None, "fragment_interval_ms": None}, "give it redundancy_percent, fragment_interval:"),
        ({"seconds": 40_000.0}, "make the session shorter (11.1 h, a class C device ends it after 9.1 h)"),
    ],
)
def test_says_what_to_do_against_loss(given: dict[str, Any], remedy: str) -> None:
    found = outcome(devices("meters", MissingFrag=2), tasks=(task(**given),))
    [said] = judge(found).remedies
    assert remedy in said


CLASS_B_BY_THREE = {"dl_class": "ClassB", "frequency_hz": 869_525_000, "gateways": 3, "gateway_spacing_ms": 500}
GATEWAYS = "--gateways 3 --gateway-spacing 500"
UNDER_DWELL = {"rf_region": "AS923-2", "data_rate": 4, "fragment_size_bytes": 122}


@pytest.mark.parametrize(
    ("given", "received", "options"),
    [
        ({}, 749, "--rf-region EU868 --device-stack loramac-node --loss 26%"),
        ({}, 0, "--rf-region EU868 --device-stack loramac-node --loss 99%"),
        (
            CLASS_B_BY_THREE,
            800,
            f"--rf-region EU868 --class B {GATEWAYS} --frequency 869525000 --device-stack loramac-node --loss 20%",
        ),
        (UNDER_DWELL, 800, "--rf-region AS923-2 --dwell-time --device-stack loramac-node --loss 20%"),
        (
            {**UNDER_DWELL, "fragment_size_bytes": 123},
            800,
            "--rf-region AS923-2 --device-stack loramac-node --loss 20%",
        ),
        ({"rf_region": None, "fragment_size_bytes": None}, 0, "--rf-region RFREGION --device-stack loramac-node"),
    ],
)
def test_what_plans_another_session_is_told_what_this_one_happened_under(
    given: dict[str, object], received: int, options: str
) -> None:
    failed = [
        dataclasses.replace(device, sent=1000, received=received, stack="loramac-node")
        for device in devices("meters", MissingFrag=2)
    ]
    [said] = judge(outcome(failed, tasks=(task(**given),))).remedies
    assert f"`fuota plan 22856B {options} --recommend` chooses" in said


@pytest.mark.parametrize("status", ["Initial", "MICError", "Not_enough_memory", "A_new_one"])
def test_says_what_to_do_about_every_status(status: str) -> None:
    verdict = judge(outcome(devices("meters", **{status: 3})))
    assert verdict.causes == (f"3 of 3 devices: {status}",)
    assert [said.startswith(f"{status}: ") for said in verdict.remedies] == [True]


def test_an_assertion_says_cohort_status_numbers_and_remedy() -> None:
    found = outcome(devices("near", Successful=80), devices("cellar", Successful=15, MissingFrag=5))
    with pytest.raises(GateMissedError) as missed:
        found.require("99%")
    said = str(missed.value).splitlines()
    assert said[0] == "FAILED 95 % < 99 %: cellar 15/20 MissingFrag"
    assert said[1] == "- 5 of 100 devices: MissingFrag"
    assert said[2].startswith("-> MissingFrag in task-t: more redundancy than 30 %")
    assert isinstance(missed.value, AssertionError)
    assert found.require(0.95).line == "PASSED 95/100 devices (95 % required)"
    assert require(found, "0%").passed


@pytest.mark.parametrize("wrong", ["99", 99, "ten", -0.1, "101%", None, True])
def test_fails_on_what_is_no_share(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"the required share is .*; give a number from 0 to 1"):
        share(wrong)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 0, "0 %"), (1, 3, "33.33 %"), (2, 3, "66.66 %"), (199_999, 200_000, "99.99 %"), (3, 3, "100 %")],
)
def test_shares_are_rounded_down(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_as_dict_has_iso_moments_and_cohorts() -> None:
    found = outcome(devices("near", Successful=1), devices("cellar", MissingFrag=1)).as_dict()
    assert found["tasks"][0]["started_at"] == "1970-01-01T00:00:00+00:00"
    assert found["tasks"][0]["parameters"]["redundancy_percent"] == 30
    assert [(cohort["name"], cohort["succeeded"]) for cohort in found["cohorts"]] == [("near", 1), ("cellar", 0)]


HANG = Trouble("STM32CubeWL 44157b0 hangs for ever from 2,040 fragments", "choose larger fragments", "stack-hang")
FALSE_ONE = Trouble("SWL2001 4.8.0 has the image and does not report so", "check the version", "")
FALSE_SUCCESS = Trouble("LoRaMac-node 4.7.0 has no image, and reports Successful", "check the version", "")


def of_stack(status: str, trouble: Trouble | None, count: int, *, has_image: bool) -> list[DeviceOutcome]:
    """Devices that report what their stack says."""
    return [
        dataclasses.replace(device, trouble=trouble, has_image=has_image, stack="some stack")
        for device in devices(f"of-{status}", **{status: count})
    ]


def test_the_line_names_stack_and_cause() -> None:
    verdict = judge(outcome(devices("meters", Successful=10), of_stack("Initial", HANG, 2, has_image=False)))
    assert verdict.line == f"FAILED 83.33 % < 99 %: of-Initial 0/2 Initial: {HANG.cause}"
    assert verdict.causes == (f"2 of 12 devices: Initial: {HANG.cause}",)
    assert verdict.remedies == ("stack-hang: choose larger fragments",)


def test_what_counts_is_the_image_and_not_what_is_reported() -> None:
    found = outcome(
        of_stack("MissingFrag", FALSE_ONE, 10, has_image=True),
        of_stack("Successful", FALSE_SUCCESS, 1, has_image=False),
    )
    assert (found.succeeded, found.statuses) == (10, {"MissingFrag": 10, "Successful": 1})
    verdict = judge(found)
    assert verdict.line == f"FAILED 90.9 % < 99 %: of-Successful 0/1 Successful: {FALSE_SUCCESS.cause}"
    assert verdict.causes == (
        f"10 of 11 devices: MissingFrag: {FALSE_ONE.cause}",
        f"1 of 11 devices: Successful: {FALSE_SUCCESS.cause}",
    )
    assert verdict.remedies == ("their stack: check the version",)  # and not more redundancy
    assert [cohort["troubles"] for cohort in found.as_dict()["cohorts"]] == [
        [{**dataclasses.asdict(trouble), "devices": count}] for trouble, count in ((FALSE_ONE, 10), (FALSE_SUCCESS, 1))
    ]


def test_a_delta_that_made_garbage_is_not_blamed_on_the_stack() -> None:
    trouble = Trouble(**delta_trouble.no_base_stated()._asdict())
    verdict = judge(outcome(devices("known", Successful=9), of_stack("MICError", trouble, 1, has_image=False)))
    assert verdict.line == f"FAILED 90 % < 99 %: of-MICError 0/1 MICError: {trouble.cause}"
    assert verdict.remedies == (f"the delta: {trouble.remedy}",)
