"""`fuota plan`: what it reads and works out."""

from pathlib import Path

import pytest

from .plan_command import EU868, content, plan


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("no-such-file.bin", *EU868), "there is no file 'no-such-file.bin'"),
        (("100kb", *EU868), "choose one of B, kB, MB"),
        ((".", *EU868), "is a folder"),
        (("1kB",), "Missing option '--rf-region' / '--region'"),
        (
            ("1kB", "--region", "EU869"),
            "'EU869' is no RfRegion: did you mean EU868? there are EU868, EU433, CN779",
        ),
        (
            ("1kB", "--rf-region", "eu-west-1"),
            "it is the name of an AWS Region, and this is where the devices are; there",
        ),
        (("1kB", "--rf-region", "mars"), "'mars' is no RfRegion: there are EU868, EU433, CN779, RU864, IN865, KR920"),
        *(
            (("1kB", "--region", typed), f"{typed!r} is no RfRegion: did you mean {meant}? there")
            for typed, meant in {
                "EU863-870": "EU868",
                "US902-928": "US915",
                "AU_915_928_FSB_2": "AU915",
                "CN470-510": "CN470",
                "AS_923_2": "AS923-2",
                "AS923": "AS923-1 or AS923-2 or AS923-3 or AS923-4",
                "923": "AS923-1 or AS923-2 or AS923-3 or AS923-4",
                "us915_0": "US915",
            }.items()
        ),
        (("1kB", *EU868, "--data-rate", "8"), "EU868 has no downlink DR8: choose of DR0 (SF12/125 kHz)"),
        (("1kB", *EU868, "--fragment-size", "0"), "give 1 byte or more"),
        (("1kB", *EU868, "--interval", "nan"), "is no interval"),
        (("1kB", *EU868, "--interval", "inf"), "is no interval"),
        (("1kB", *EU868, "--interval", "0"), "is no interval"),
        (("1kB", *EU868, "--interval", "86401"), "is no interval"),
        (("1kB", *EU868, "--redundancy", "0.1"), "'0.1' is no whole number of percent: give 0 to 100, such as 10% if"),
        (("1kB", *EU868, "--redundancy", "ten"), "'ten' is no whole number of percent: give 0 to 100"),
        (("1kB", *EU868, "--loss", "0.1"), "'0.1' could be a share of 1 or of 100: write 10% or 0.1%"),
        (("1kB", *EU868, "--los", "10%"), "fuota plan has no option '--los': did you mean --loss?"),
        (("1kB", *EU868, "--loss", "100%"), "out of range: from 0% and below 100%"),
        (("1kB", *EU868, "--target", "0%"), "out of range: above 0% and below 100%"),
        (("1kB", *EU868, "--target", "100%"), "out of range"),
        (("1kB", *EU868, "--gateways", "21"), "not in the range"),
        (("1kB", *EU868, "--gateway-spacing", "60001"), "not in the range"),
        (("1kB", *EU868, "--frequency", "868"), "'868' is no frequency: give whole hertz from 100000000"),
        (("1kB", *EU868, "--frequency", "868.3MHz"), "such as 869525000 for 869.525 MHz"),
        (("1kB", *EU868, "--frequency", "915000000"), "no frequency of EU868: give hertz from 863000000 to 870000000"),
        (
            ("1kB", "--region", "US915", "--frequency", "923400000"),
            "to 927500000, in steps of 600000, such as 923300000",
        ),
        (("1kB", *EU868, "--data-rate", "fast"), "'fast' is no data rate: give its index, such as 3 or DR3"),
        (("1kB", *EU868, "--gateways", "1e1"), "'1e1' is no whole number: give one from 1 to 20"),
        (("1kB", *EU868, "--fail-on", "errors"), "is not one of 'warning', 'error': did you mean error?"),
        (("", *EU868), "it is empty: give the image file, or a size like 100kB"),
        (("1kB", *EU868, "--class", "A"), "'A' is no class of multicast groups: give B or C (ClassB, ClassC)"),
        (("1kB", *EU868, "--ts004", "3"), "not in the range"),
        (("1kB", *EU868, "--dwell-time"), "EU868 has no such setting"),
        (("1kB", *EU868, "--ping-slot-period", "64"), "only class B has ping slots: add --class B"),
        (("1kB", *EU868, "--class", "B", "--ping-slot-period", "31"), "not in the range"),
    ],
)
def test_fails_on_wrong_usage(arguments: tuple[str, ...], message: str) -> None:
    done = plan(*arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.split())


def test_reports_what_was_assumed_and_every_figure_within_80_columns() -> None:
    done = plan("100 000", *EU868, "--data-rate", "3", "--loss", "10%")
    assert done.exit_code == 0, done.output
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    said = " ".join(done.stdout.split())
    for expected in (
        "Image 100,000 bytes",
        "869.525 MHz assumed: RX2 of the region",
        "Data rate DR3 (SF9/125 kHz) Fragment size 112 bytes assumed: largest for repeaters",
        "Redundancy 16 % smallest for the target",
        "Interval 7 s smallest lawful",
        "Fragments 1,036 893 data + 143 coded, 16 B padding",
        "Airtime 0.677 s each",
        "Duty cycle 9.67 % used ok: 10 % allowed, 869.4-869.65",
        "Duration 2 h ok: service 18 h, TS005 v1 device 9.1 h at most",
        "of the devices ok: target 99.9 %, 10 % loss",
        "assumed 5.5 mA at 3.3 V",
        "none: no rule has anything to say",
    ):
        assert expected in said
    assert "assumed: slowest" in plan("100kB", *EU868).stdout


def test_a_file_is_measured_even_when_it_is_called_like_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("100kB").write_bytes(bytes(300))
    answer = content("100kB", *EU868)
    assert (answer["image"], answer["image_bytes"]) == ("100kB", 300)


def test_one_plan_has_the_same_figures_wherever_it_is() -> None:
    answer = content("100kB", *EU868, "--recommend")
    assert answer["recommendation"]["plan"] == answer["plan"] == answer["options"][answer["plan"]["data_rate"]]["plan"]
    assert [option["data_rate"] for option in answer["options"]] == list(range(8))
    assert answer["command"] == "fuota plan 100kB --region EU868 --recommend --json"
    assert set(content("100kB", *EU868)) == set(answer) - {"recommendation", "options"}


def test_the_options_reach_the_plan() -> None:
    figures = content(
        "50kB", "--region", "as923-1", "--data-rate", "5", "--fragment-size", "200", "--interval", "40",
        "--redundancy", "20%", "--class", "B", "--gateways", "3", "--gateway-spacing", "500", "--loss", "5%",
        "--frequency", "923400000", "--ts004", "2",
    )["plan"]  # fmt: skip
    assert figures["rf_region"] == "AS923-1"
    assert (figures["data_rate"], figures["fragment_size_bytes"], figures["fragment_interval_seconds"]) == (5, 200, 40)
    assert (figures["redundancy_percent"], figures["dl_class"], figures["ts004_version"]) == (20, "ClassB", 2)
    assert (figures["gateways"], figures["gateway_spacing_seconds"], figures["loss_share"]) == (3, 0.5, 0.05)
    assert figures["frequency_hz"] == 923_400_000


def test_output_in_brackets_is_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("[bold]v1.bin").write_bytes(bytes(5000))
    assert "[bold]v1.bin" in plan("[bold]v1.bin", *EU868).stdout
    Path("\x1b[31m<b>.bin").write_bytes(bytes(5000))
    assert "\\x1b[31m<b>.bin" in plan("\x1b[31m<b>.bin", *EU868, "--html", "plan.html").stdout
    assert "\x1b" not in Path("plan.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "data_rate", "said"),
    [
        (("40kB", *EU868), 0, "assumed: slowest that fits"),
        (("100kB", *EU868), 2, "slowest that fits; DR0: takes 18.5 h, the session may last 9.1 h; DR1: takes 9.9 h"),
        (("100kB", *EU868), 2, "name it in the group, 48 bytes alone would go at DR0"),
        (("1MB", *EU868), 5, "DR0, DR1, DR2: too many fragments; DR3: takes"),
        (("100kB", *EU868, "--interval", "2"), 1, "DR0: a fragment needs 2.8 s"),
        (("100kB", "--region", "US915", "--fragment-size", "100"), 9, "assumed: slowest that fits"),
        (("1MB", "--region", "AS923-1", "--interval", "60"), 4, "none fits, this takes the least time"),
        (("1MB", "--region", "US915", "--fragment-size", "30"), 8, "assumed: the slowest that carries it"),
        (("1kB", *EU868, "--fragment-size", "250"), 7, "assumed: the fastest"),
    ],
)
def test_takes_the_slowest_data_rate_that_fits_and_says_why(
    arguments: tuple[str, ...], data_rate: int, said: str
) -> None:
    assert said in content(*arguments)["assumed"]["data_rate"]
    assert f"DR{data_rate} (" in plan(*arguments).stdout
    figures = content(*arguments)["plan"]
    assert figures is None or figures["data_rate"] == data_rate


def test_a_stack_that_needs_a_redundant_fragment_is_planned_with_one() -> None:
    answer = content(
        "1000B", *EU868, "--data-rate", "0", "--loss", "0%", "--device-stack", "loramac-node@4.6.0"
    )  # fmt: skip
    assert (answer["plan"]["redundancy_percent"], answer["verdict"]["works"]) == (1, True)
