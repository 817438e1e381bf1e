"""`fuota plan`: what it finds, its verdict and its exit codes."""

import re
from pathlib import Path

import pytest

from fuota_constructs.cli.plan.inputs import Inputs, planned
from fuota_constructs.cli.plan.series import loss_curves, loss_rows
from fuota_constructs.lorawan.regions import regions
from fuota_constructs.lorawan.session_plan import CLASS_B, Conditions

from .plan_command import EU868, content, findings, plan


@pytest.mark.parametrize(
    ("arguments", "rule", "level"),
    [
        (("100kB", *EU868, "--fragment-size", "240"), "fragment-size-range", "error"),
        (("100kB", *EU868, "--data-rate", "0", "--fragment-size", "49"), "fragment-size-range", "error"),
        (("100kB", *EU868, "--redundancy", "101"), "redundancy-range", "error"),
        (("100kB", *EU868, "--interval", "0.4"), "fragment-interval-range", "error"),
        (("100kB", *EU868, "--interval", "7.5"), "fragment-interval-rounding", "warning"),
        (("1MB", "--region", "US915", "--fragment-size", "30"), "fragment-count", "error"),
        (("0", *EU868), "image-empty", "error"),
        (("1048577", "--region", "US915", "--data-rate", "10"), "image-size", "error"),
        (("1048576", "--region", "US915", "--data-rate", "10"), "image-size", "warning"),
        (("100kB", *EU868, "--data-rate", "1"), "session-duration", "warning"),
        (("100kB", *EU868, "--data-rate", "0", "--interval", "2"), "fragment-interval-airtime", "error"),
        (("10kB", *EU868, "--data-rate", "0", "--interval", "3"), "duty-cycle", "warning"),
        (("10kB", "--region", "KR920", "--redundancy", "10", "--loss", "20%"), "decode-probability", "warning"),
        (("1kB", *EU868, "--fragment-size", "112"), "few-fragments", "warning"),
        (("100", *EU868, "--fragment-size", "112", "--redundancy", "50"), "redundancy-useless", "warning"),
        (("100kB", *EU868, "--fragment-size", "239"), "repeater-size", "warning"),
        (("100kB", *EU868, "--data-rate", "0"), "class-window", "warning"),
        (("100kB", "--region", "AS923-1", "--data-rate", "4"), "dwell-time", "warning"),
        # What only the command line is told:
        (("10kB", "--region", "AS923-1", "--data-rate", "4", "--fragment-size", "200", "--dwell-time"),
         "dwell-time", "error"),
        (("10kB", *EU868, "--data-rate", "5", "--frequency", "868100000", "--interval", "4"), "duty-cycle", "warning"),
        (("10kB", "--region", "US915", "--gateways", "3", "--gateway-spacing", "1000", "--interval", "2"),
         "fragment-interval-airtime", "error"),
        (("10kB", *EU868, "--class", "B", "--ping-slot-period", "4096", "--interval", "7"),
         "ping-slot-interval", "warning"),
        (("10kB", *EU868, "--redundancy", "19", "--target", "99.9%"), "decode-probability", "warning"),
    ],
)  # fmt: skip
def test_finds(arguments: tuple[str, ...], rule: str, level: str) -> None:
    answer = content(*arguments)
    assert findings(*arguments).get(rule) == level
    done = plan(*arguments)
    assert answer["verdict"]["works"] is (done.exit_code == 0)
    assert done.exit_code in {0, 3}
    assert f"{level}" in done.stdout
    assert f"{rule}:" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("10kB", *EU868, "--data-rate", "5", "--frequency", "868100000"), "duty-cycle"),
        (("10kB", "--region", "AS923-1", "--data-rate", "4", "--dwell-time"), "dwell-time"),
        (("10kB", "--region", "US915", "--gateways", "3", "--gateway-spacing", "1000"), "fragment-interval-airtime"),
        (("10kB", *EU868, "--redundancy", "10", "--target", "1%"), "decode-probability"),
    ],
)
def test_does_not_find_what_the_command_line_is_told_otherwise(arguments: tuple[str, ...], rule: str) -> None:
    assert rule not in findings(*arguments)


def test_a_file_that_no_device_boots_is_no_matter_of_parameters(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(b"\x7fELF\x01\x01\x01" + bytes(20_000))
    done = plan(str(tmp_path / "app.elf"), *EU868)
    assert done.exit_code == 3
    said = " ".join(done.stdout.split())
    assert "give another file: the findings say which" in said
    assert "--recommend` finds" not in said
    assert "image-container: the firmware image is an ELF file (linker output), which no device boots" in said


@pytest.mark.parametrize("recommend", [(), ("--recommend",)])
def test_an_image_that_is_too_large_is_no_matter_of_parameters(recommend: tuple[str, ...]) -> None:
    [remedy] = content("1048577", *EU868, *recommend)["verdict"]["remedies"]
    assert remedy == "send a smaller image, such as a delta: `fuota delta BASE TARGET -o PATCH` makes one"


def test_fails_for_a_stack_that_refuses_the_sessions_of_groups() -> None:
    found = content("20kB", *EU868, "--recommend", "--device-stack", "mbed")
    assert found["verdict"]["works"] is False
    assert found["verdict"]["summary"] == "does not work, says stack-frag-index"
    assert plan("20kB", *EU868, "--recommend", "--device-stack", "mbed").exit_code == 3
    other = content("20kB", *EU868, "--recommend", "--device-stack", "mbed,frag_sessions=2")
    assert other["verdict"]["works"] is True
    assert [finding["rule"] for finding in other["findings"]] == ["stack-one-session"]


CUT_OFF = [
    ("100kB", *EU868, "--data-rate", "0"),  # the class window
    ("100kB", *EU868, "--data-rate", "1"),  # 2^15 s of TS005
    ("100kB", "--region", "US915", "--interval", "300"),
    ("600kB", *EU868, "--class", "B", "--data-rate", "0"),  # 2 days
]


@pytest.mark.parametrize("arguments", CUT_OFF)
def test_shows_no_success_of_a_session_that_its_window_cuts_off(arguments: tuple[str, ...], tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    done = plan(*arguments, "--html", str(page))
    assert done.exit_code == 3
    first = done.stdout.splitlines()[0]
    assert first.startswith("Failed: this session reaches nobody: the session takes")
    said = " ".join(done.stdout.split())
    assert "Success not reached none: the session takes" in said
    assert "of the devices" not in said
    found = [line for line in done.stdout.splitlines() if line.lstrip().startswith(("warning ", "error "))]
    assert len([line for line in found if "fragment-count-2040" not in line]) == 1
    written = page.read_text(encoding="utf-8")
    assert '<section id="verdict" class="failed">' in written
    assert "Failed: this session reaches nobody: the session takes" in written
    assert "not reached" in written
    assert "of the devices" not in written
    assert 'id="loss"' not in written
    figures = content(*arguments)
    assert figures["plan"]["decode_probability"] == 0
    assert figures["plan"]["cut_off"].startswith("the session takes")
    assert figures["verdict"]["works"] is False


def test_shows_no_success_beside_an_error(tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    bad = ("10kB", *EU868, "--data-rate", "0", "--interval", "2")
    done = plan(*bad, "--html", str(page))
    assert done.exit_code == 3
    assert done.stdout.startswith("Failed: this session does not work, says fragment-interval-airtime")
    assert "Success not reached none: see the findings" in " ".join(done.stdout.split())
    assert 'id="loss"' not in page.read_text(encoding="utf-8")


def test_everything_it_says_of_success_counts_the_fragments_whose_ping_slot_is_taken() -> None:
    rate = ("--data-rate", "5")
    faster = ("10240B", *EU868, *rate, "--class", "B", "--interval", "2", "--fragment-size", "48", "--loss", "10%")
    done = plan(*faster, "--redundancy", "30")
    said = " ".join(done.stdout.split())
    assert done.exit_code == 3
    why = (
        "55 % loss (10 % planned, and 50% of the fragments, one every 2 s, find their ping slot taken: there is one"
        " every 4 s)"
    )
    assert f"under 0.01 % of the devices have the image at {why}, the target is 99.9 %" in said
    assert f"under 0.01 % of the devices under target: target 99.9 %, {why}" in " ".join(
        plan(*faster, "--redundancy", "30", columns=500).stdout.split()
    )
    assert content(*faster, "--redundancy", "30")["verdict"]["remedies"][0].startswith(
        "give an --interval of at least 4 s: 50% of the fragments, one every 2 s, find their ping slot taken"
    )
    assert "Redundancy 100 % none reaches the target" in " ".join(plan(*faster, columns=200).stdout.split())

    conditions = Conditions(regions()["EU868"], dl_class=CLASS_B)
    for interval, redundancy in ((2, 30), (3, 60), (4, 30)):
        inputs = Inputs(None, 48_000, conditions, 0.999, conditions.region.data_rate(5), 48, interval, redundancy)
        session = planned(inputs).plan
        assert session is not None
        losses, rows = loss_rows(session)
        assert dict(rows)[redundancy][losses.index(session.loss)] == session.decode_probability
        drawn = next(curve for curve in loss_curves(session) if curve.planned)
        assert dict(drawn.points)[session.loss] == session.decode_probability


def test_everything_it_says_of_success_counts_the_fragments_that_the_duty_cycle_takes() -> None:
    asked = ("100kB", *EU868, "--data-rate", "3", "--redundancy", "30", "--interval")
    found, lawful = content(*asked, "6"), content(*asked, "7")
    why = "the duty cycle of 10 % takes 580 of 1,161 fragments: one every 6 s, and a gateway may send one every 6.77 s"
    assert found["verdict"]["works"] is False
    assert f"at 55 % loss (10 % planned, and {why})" in found["verdict"]["summary"]
    assert found["verdict"]["remedies"][0] == f"give an --interval of at least 7 s: {why}, coded ones too"
    assert (found["plan"]["missed_share"], found["plan"]["decode_probability"]) == (pytest.approx(0.55), 0)
    assert [finding["rule"] for finding in found["findings"]] == ["duty-cycle", "decode-probability"]
    assert " and drops 1 of 2 fragments (assumed): " in found["findings"][0]["message"]
    assert f": 10 % as planned, and {why}, coded ones too" in found["findings"][1]["message"]
    assert lawful["verdict"]["works"] is True
    assert (lawful["plan"]["missed_share"], lawful["findings"]) == (0.1, [])


@pytest.mark.parametrize(("interval", "more"), [("3", True), ("4", False), ("9", False)])
def test_plans_redundancy_for_the_ping_slots_that_are_taken_too(interval: str, more: bool) -> None:
    asked = ("10240B", *EU868, "--class", "B", "--data-rate", "5", "--fragment-size", "48")
    found, free = content(*asked, "--interval", interval), content(*asked)
    assert found["verdict"]["works"]
    assert (found["plan"]["redundancy_percent"] > free["plan"]["redundancy_percent"]) is more
    assert (" ping slot taken" in found["verdict"]["summary"]) is more


def test_curves_of_other_redundancies_end_where_their_session_would(tmp_path: Path) -> None:
    page = tmp_path / "plan.html"
    assert plan("45kB", *EU868, "--data-rate", "0", "--html", str(page)).exit_code == 0  # 8.5 h of 9.1 h
    table = page.read_text(encoding="utf-8").partition('id="loss"')[2].partition("</figure>")[0]
    shown = set(re.findall(r"<th scope=row>(\d+) %</th>", table))
    assert "16" in shown
    assert shown & {"30", "50"} == set()


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        (("20kB", *EU868, "--data-rate", "3"), (0, 0)),
        (("20kB", *EU868, "--data-rate", "3", "--interval", "5"), (3, 3)),
        (("20kB", "--region", "AS923-1", "--data-rate", "3", "--interval", "5"), (0, 3)),
        (("20kB", *EU868, "--data-rate", "DR3", "--redundancy", "10"), (3, 3)),
        (("20kB", *EU868, "--data-rate", "3", "--interval", "0.4"), (3, 3)),
        (CUT_OFF[1], (3, 3)),
    ],
)
def test_fails_on_findings_of_the_level_asked_for(arguments: tuple[str, ...], codes: tuple[int, int]) -> None:
    assert (plan(*arguments).exit_code, plan(*arguments, "--fail-on", "warning").exit_code) == codes
    assert plan(*arguments, "--fail-on", "error").exit_code == codes[0]


def test_a_duty_cycle_that_depends_on_the_country_is_in_the_verdict() -> None:
    asked = ("50kB", "--rf-region", "AS923-1", "--data-rate", "5", "--redundancy", "30", "--interval")
    doubted, lawful = (content(*asked, seconds)["verdict"] for seconds in ("36", "37"))
    assert (doubted["works"], doubted["level"], lawful["works"]) == (True, "warning", True)
    assert (
        ", unless fragments are dropped: 0.369 s on the air every 36 s are 1.02 % of the time, above the duty cycle of"
        " 1 %, if AS923-1 has one (it depends on the country); "
    ) in doubted["summary"]
    assert "unless" not in lawful["summary"]
