"""`fuota plan` of a delta: both sessions side by side, in the terminal, as a page and as JSON."""

import functools
import hashlib
import re
from pathlib import Path

import pytest

from . import plan_command
from .plan_command import content

EXAMPLE = Path(__file__).parents[3] / "firmware"
BASE, TARGET = (str(EXAMPLE / f"sensor-{version}.bin") for version in ("1.1.0", "1.2.0"))
EU868 = ("--rf-region", "EU868")


plan = functools.partial(plan_command.plan, columns=100)


def test_two_files_and_delta_from_are_the_same() -> None:
    ways = [content(BASE, TARGET, *EU868), content(TARGET, "--delta-from", BASE, *EU868)]
    for way in ways:
        del way["command"], way["planned_at"]
    assert ways[0] == ways[1]


def test_the_document_has_both_sessions() -> None:
    both, whole = content(TARGET, "--delta-from", BASE, *EU868, "--recommend"), content(TARGET, *EU868, "--recommend")
    assert both["delta"]["whole_image"]["plan"] == whole["plan"]
    assert both["delta"]["whole_image"]["works"] is both["verdict"]["works"] is True
    assert "of the devices have the patch at 10 % loss" in both["verdict"]["summary"]
    assert "of the devices have the image at 10 % loss" in both["delta"]["whole_image"]["summary"]
    assert (both["image"], both["image_bytes"], both["delta"]["target_bytes"]) == (TARGET, 677, 22_864)
    assert both["delta"]["base_sha256"] == hashlib.sha256(Path(BASE).read_bytes()).hexdigest()
    for figure in ("fragments", "duration_seconds", "receive_milliampere_hours", "total_airtime_seconds"):
        assert both["plan"][figure] < whole["plan"][figure] / 10
    snippet = both["recommendation"]["snippet"]
    assert f'firmware_image=FirmwareImage.delta(base="{BASE}", target="{TARGET}")' in snippet
    assert "delta" not in whole


def test_the_terminal_shows_them_side_by_side() -> None:
    done = plan(BASE, TARGET, *EU868, "--recommend")
    assert done.exit_code == 0
    said = done.stdout
    assert re.search(r"\n +bytes +rate +fragm. +airtime +lasts +energy", said)
    assert re.search(r"\n  delta +677 +DR0 +\d+ .* mAh +works", said)
    assert re.search(r"\n  whole image +22,864 +DR0 +\d+ .* h +.* mAh +works", said)
    assert "The delta is 33.8 times smaller and saves" in said
    assert "Only for devices that run sensor-1.1.0.bin (sha256 adb08e333a713b9d)" in said


def test_the_page_shows_them_side_by_side(tmp_path: Path) -> None:
    done = plan(BASE, TARGET, *EU868, "--recommend", "--html", str(tmp_path / "plan.html"))
    assert done.exit_code == 0
    page = (tmp_path / "plan.html").read_text("utf-8")
    [beside] = re.findall(r'<section id="beside">.*?</section>', page, re.DOTALL)
    assert re.search(r"<tr class=chosen><th scope=row>delta</th><td>677</td>", beside)
    assert "<th scope=row>whole image</th><td>22,864</td>" in beside
    assert "<h1>FUOTA session: delta to sensor-1.2.0.bin in EU868</h1>" in page


def test_a_session_that_only_falls_short_is_not_called_one_that_works() -> None:
    done = plan(BASE, TARGET, *EU868, "--redundancy", "0")
    rows = done.stdout
    assert done.exit_code == 3
    assert re.search(r"\n  delta .* falls short", rows)


def test_fails_where_there_is_no_delta_and_plans_the_whole_image(tmp_path: Path) -> None:
    (tmp_path / "same.bin").write_bytes(Path(BASE).read_bytes())
    done = plan(BASE, str(tmp_path / "same.bin"), *EU868)
    assert done.exit_code == 3
    assert "There is no delta: the findings say why." in done.stdout
    assert "delta-files: there is no delta from base to target: base and target are the same" in " ".join(
        done.stdout.split()
    )
    planned = content(BASE, str(tmp_path / "same.bin"), *EU868)
    assert planned["verdict"]["works"] is False
    assert planned["verdict"]["remedies"] == ["send the whole image, or give other files: the findings say which"]
    assert (planned["delta"]["compression"], planned["image_bytes"]) == (None, 22_856)
    assert planned["delta"]["whole_image"]["plan"] is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("100kB", TARGET), "a delta is made of two files: give them instead of a size"),
        (("100kB", "--delta-from", BASE), "a delta is made of two files: give them instead of a size"),
        ((BASE, TARGET, "--delta-from", BASE), "TARGET and --delta-from both say that a delta is meant"),
        ((BASE, BASE), "IMAGE and the base name the same file"),
        ((BASE, "gone.bin"), "there is no file 'gone.bin': give the firmware file"),
        ((TARGET, "--delta-from", "."), "is a folder"),
        ((BASE, TARGET, "--decoder", "xdelta"), "'xdelta' is not one of 'detools'"),
    ],
)
def test_fails_for_what_makes_no_delta(arguments: tuple[str, ...], message: str) -> None:
    done = plan(*arguments, *EU868)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
