"""`fuota plan`: what it reads, works out, finds and proposes, and its exit codes."""

import re
from pathlib import Path

import pytest

from fuota_constructs.cli.quantities import share_of_one, size_bytes

from .plan_command import EU868, content, findings, plan


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1", 1),
        ("100kB", 100_000),
        ("100KB", 100_000),
        ("100 kB", 100_000),
        ("100 000", 100_000),
        ("100\u00a0000 B", 100_000),
        ("100\u202f000", 100_000),
        ("1_048_576", 1_048_576),
        ("0.5MiB", 524_288),
        ("1.5kB", 1500),
        ("0.001kB", 1),
        ("1MB", 1_000_000),
        ("999999999999999", 999_999_999_999_999),
    ],
)
def test_reads_a_size(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no size"),
        ("-1", "is no size"),
        ("1e5", "is no size"),
        ("1,000", "is no size"),
        ("10 00", "is no size"),
        ("1000 000", "is no size"),
        ("1 000_000 ", None),
        ("1.", "is no size"),
        (".5MB", "is no size"),
        ("٣", "is no size"),
        ("1" * 16, "is no size"),
        ("100k", "has no unit we know"),
        ("100kb", "has no unit we know"),
        ("1GB", "has no unit we know"),
        ("1.5", "is 1.5 bytes: give a whole number"),
        ("0.1KiB", "is 102.4 bytes: give a whole number"),
    ],
)
def test_fails_to_read_what_is_no_size(text: str, message: str | None) -> None:
    if message is None:
        assert size_bytes(text) == 1_000_000
        return
    with pytest.raises(ValueError, match=message):
        size_bytes(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("0%", 0.0), ("10%", 0.1), ("10 %", 0.1), ("99.9%", 0.999), ("0.1%", 0.001), ("100%", 1.0), ("1%", 0.01),
     ("0", 0.0), ("10", 0.1), ("99.9", 0.999), ("100", 1.0), ("1.5", 0.015)],
)  # fmt: skip
def test_reads_a_percentage(text: str, share: float) -> None:
    assert share_of_one(text) == share


@pytest.mark.parametrize(
    ("text", "message"),
    [("0.1", "'0.1' could be a share of 1 or of 100: write 10% or 0.1%"), ("1", "write 100% or 1%"),
     ("0.999", "write 99.9% or 0.999%"), ("-1%", "no percentage"), ("ten%", "no percentage"),
     ("10%%", "no percentage"), ("", "no percentage"), ("nan%", "no percentage"), ("1,5%", "no percentage")],
)  # fmt: skip
def test_fails_to_read_what_is_no_percentage(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        share_of_one(text)


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
        (("1kB", "--rf-region", "mars"), "'mars' is no RfRegion: there are EU868, EU433, CN779, RU864, IN865, KR920"),
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
        (("1kB", *EU868, "--data-rate", "fast"), "'fast' is no data rate: give its index, such as 3 or DR3"),
        (("1kB", *EU868, "--gateways", "1e1"), "'1e1' is no whole number: give one from 1 to 20"),
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


def test_recommends_a_snippet_that_synthesises_without_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aws_cdk as cdk

    import fuota_constructs

    answer = content("100kB", *EU868, "--recommend", "--loss", "10%", "--target", "99.9%")
    snippet = answer["recommendation"]["snippet"]
    shown = plan("100kB", *EU868, "--recommend", "--loss", "10%", "--target", "99.9%")
    assert shown.exit_code == 0
    assert all(line in shown.stdout for line in snippet.splitlines())
    assert "recommended" in shown.stdout

    monkeypatch.chdir(tmp_path)
    Path("firmware.bin").write_bytes(bytes(100_000))
    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    names = {name: getattr(fuota_constructs, name) for name in fuota_constructs.__all__}
    exec(snippet, names | {"cdk": cdk, "stack": cdk.Stack(app, "Stack")})  # noqa: S102  # a snippet of ours
    app.synth()
    [task] = [each for each in app.node.find_all() if isinstance(each, fuota_constructs.FuotaTask)]
    assert task.findings == ()


def test_recommends_next_to_parameters_that_cannot_be_sent() -> None:
    bad = ("1MB", "--region", "US915", "--fragment-size", "30", "--recommend")
    done, answer = plan(*bad), content(*bad)
    assert done.exit_code == 3
    assert answer["plan"] is None
    better = answer["recommendation"]["plan"]
    given = ("--data-rate", "--fragment-size", "--interval", "--redundancy")
    keys = ("data_rate", "fragment_size_bytes", "fragment_interval_seconds", "redundancy_percent")
    numbers = [part for name, key in zip(given, keys, strict=True) for part in (name, str(better[key]))]
    assert plan("1MB", "--region", "US915", *numbers).exit_code == 0
    assert set(findings("1MB", "--region", "US915", *numbers)) == {
        "fragment-count-2040",
        "image-size",
    }  # of the image itself


def test_a_file_that_no_device_boots_is_no_matter_of_parameters(tmp_path: Path) -> None:
    (tmp_path / "app.elf").write_bytes(b"\x7fELF\x01\x01\x01" + bytes(20_000))
    done = plan(str(tmp_path / "app.elf"), *EU868)
    assert done.exit_code == 3
    said = " ".join(done.stdout.split())
    assert "give another file: the findings say which" in said
    assert "--recommend` finds" not in said
    assert "image-container: the firmware image is an ELF file (linker output), which no device boots" in said


def test_fails_for_a_stack_that_refuses_the_sessions_of_groups() -> None:
    found = content("20kB", *EU868, "--recommend", "--device-stack", "mbed")
    assert found["verdict"]["works"] is False
    assert found["verdict"]["summary"] == "does not work, says stack-frag-index"
    assert plan("20kB", *EU868, "--recommend", "--device-stack", "mbed").exit_code == 3
    other = content("20kB", *EU868, "--recommend", "--device-stack", "mbed,frag_sessions=2")
    assert other["verdict"]["works"] is True
    assert [finding["rule"] for finding in other["findings"]] == ["stack-one-session"]


def test_says_when_nothing_fits() -> None:
    done = plan("1MiB", "--region", "EU868", "--frequency", "868800000", "--recommend")
    assert done.exit_code == 3
    assert "Nothing fits" in done.stdout
    assert "try a smaller (delta) image" in done.stdout
    named = plan("1MB", *EU868, "--data-rate", "0", "--recommend")
    assert named.exit_code == 3
    assert "That data rate does not fit" in named.stdout
    assert plan("0", *EU868, "--recommend").exit_code == 3


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
        (("20kB", *EU868, "--data-rate", "3", "--interval", "5"), (0, 3)),
        (("20kB", *EU868, "--data-rate", "DR3", "--redundancy", "10"), (3, 3)),
        (("20kB", *EU868, "--data-rate", "3", "--interval", "0.4"), (3, 3)),
        (CUT_OFF[1], (3, 3)),
    ],
)
def test_fails_on_findings_of_the_level_asked_for(arguments: tuple[str, ...], codes: tuple[int, int]) -> None:
    assert (plan(*arguments).exit_code, plan(*arguments, "--fail-on", "warning").exit_code) == codes
    assert plan(*arguments, "--fail-on", "error").exit_code == codes[0]
