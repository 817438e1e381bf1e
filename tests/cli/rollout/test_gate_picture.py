"""What gates know, drawn against what was asked for."""

import re

import pytest

from fuota_constructs.cli.rollout.gate_picture import gates_figure
from fuota_constructs.cli.rollout.status_view import bounds
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_waves import WaveStatus

from .conftest import status_of


def gate(attempt: int, outcome: str, lower: float, upper: float) -> dict[str, object]:
    return {"attempt": attempt, "outcome": outcome, "lowerBound": lower, "upperBound": upper}


def figure(*waves: WaveStatus, success: float, number: int = 0) -> str:
    status = status_of("RUNNING", waves, Evidence())
    status.settings["gate"] = {"success": success}
    return gates_figure(status, number)


def bars(svg: str) -> list[tuple[float, float, str]]:
    """Begin, end and colour of each bar."""
    found = re.findall(r'<rect x="([\d.]+)" y="[^"]*" width="([\d.]+)" height="12" rx="3" fill="var\((.*?)\)"', svg)
    return [(float(x), float(x) + float(width), colour) for x, width, colour in found]


def test_each_gate_has_its_bar_beside_what_was_asked_for() -> None:
    canary = WaveStatus("canary", "INCONCLUSIVE", 30, gates=(gate(0, "INCONCLUSIVE", 0.86, 0.99),))
    rest = WaveStatus("rest", "PASSED", 900, gates=(gate(0, "ABORTED", 0.7, 0.85), gate(1, "PASSED", 0.95, 1.0)))
    drawn = figure(canary, rest, success=0.9)
    wide, narrow = re.findall(r"<svg class=\"(?:wide|narrow)\".*?</svg>", drawn, re.DOTALL)
    for svg in (wide, narrow):
        open_, bad, good = bars(svg)
        asked = float(re.findall(r'x1="([\d.]+)" x2="[\d.]+" y1="0" y2="\d+" stroke="var\(--limit\)"', svg)[0])
        assert open_[0] < asked < open_[1]
        assert bad[1] < asked < good[0]
        assert [colour for *_, colour in (open_, bad, good)] == ["--muted", "--bad", "--good"]
        assert "rest, session 2" in svg
        assert "90 % asked for" in svg
        width = float(re.findall(r'viewBox="0 0 (\d+)', svg)[0])
        assert 0 <= min(begin for begin, *_ in bars(svg)) < max(end for _, end, _ in bars(svg)) <= width
    for meaning in ("passes", "aborts", "inconclusive"):
        assert meaning in drawn


@pytest.mark.parametrize(
    ("lower", "success", "marks"),
    [
        (0.991, 0.99, [99, 100]),
        (0.914, 0.9, [90, 92, 94, 96, 98, 100]),
        (0.86, 0.9, [85, 90, 95, 100]),
        (0.5, 0.9, [50, 60, 70, 80, 90, 100]),
        (0.0, 0.9, [0, 20, 40, 60, 80, 100]),
    ],
)
def test_the_axis_begins_below_the_least(lower: float, success: float, marks: list[int]) -> None:
    drawn = figure(WaveStatus("a", "PASSED", 9, gates=(gate(0, "PASSED", lower, 1.0),)), success=success)
    half = drawn.split("</svg>")[0]
    assert [int(mark) for mark in re.findall(r'fill="var\(--muted\)">(\d+) %</text>', half)] == marks


def test_no_line_crosses_the_name_of_a_gate() -> None:
    drawn = figure(WaveStatus("a", "PASSED", 9, gates=(gate(0, "PASSED", 0.9, 1.0),)), success=0.9)
    for picture in drawn.split("</svg>")[:2]:
        assert picture.rindex("<line") < picture.index(">a, session 1<")
        assert re.search(r'stroke="var\(--paper\)" [^>]*paint-order="stroke">a, session 1<', picture)


def test_pictures_of_several_rollouts_have_names_of_their_own_and_long_waves_fit() -> None:
    wave = WaveStatus("<b>" + "w" * 60, "PASSED", 9, gates=(gate(0, "PASSED", 0.9, 1.0),))
    assert 'id="bounds"' in figure(wave, success=0.9)
    assert 'id="bounds-2"' in figure(wave, success=0.9, number=2)
    assert "<b>" not in figure(wave, success=0.9)
    assert "\u2026, session 1" in figure(wave, success=0.9)
    assert figure(WaveStatus("a", "PENDING", 9), success=0.9) == ""


@pytest.mark.parametrize(
    ("lower", "upper", "said"),
    [
        (0.914, 1.0, "91 to 100 %"),
        (0.9963, 0.99994, "99.6 to 99.9 %"),
        (0.0, 0.004, "0 to 0.4 %"),
        (0.0002, 0.5, "0.1 to 50 %"),
    ],
)
def test_bounds_near_all_or_none_are_told_finer(lower: float, upper: float, said: str) -> None:
    assert bounds(WaveStatus("a", "PASSED", 9, lower_bound=lower, upper_bound=upper)) == said
