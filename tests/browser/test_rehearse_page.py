"""The page of a real rehearsal, in a real browser."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rehearsal") / "rehearsal.html"
    command = [sys.executable, "-m", "fuota_constructs.cli", "rehearse", "--loss", "22%", "--html", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1280, 390])
def test_pictures_and_figures_are_there(browser, page: str, width: int) -> None:
    seen = browser.ask(
        page,
        """const root = document.documentElement;
        const shown = [...document.querySelectorAll("figure")].map(figure => ({
          id: figure.id.replace(/-.*/, ""),
          pictures: [...figure.querySelectorAll("svg")].filter(svg => svg.getBoundingClientRect().width > 0).length,
        }));
        return {shown, overflow: root.scrollWidth - root.clientWidth,
                lead: document.querySelector(".lead").textContent,
                verdict: document.querySelector("#verdict").textContent,
                above: document.querySelector("#verdict").getBoundingClientRect().top
                       < document.querySelector(".tiles").getBoundingClientRect().top,
                headings: [...document.querySelectorAll("section h2")].map(heading => heading.textContent),
                record: document.querySelector("#record").textContent,
                tiles: [...document.querySelectorAll(".tiles dt")].map(tile => tile.textContent)};""",
        width=width,
    )
    assert [figure["id"] for figure in seen["shown"]] == ["statuses", "completion", "loss"]
    assert all(figure["pictures"] == 1 for figure in seen["shown"])
    assert seen["overflow"] <= 0
    assert "of 200 simulated devices have the image" in seen["lead"]
    assert seen["verdict"].startswith("FAILED ")
    assert " % < 99 %: devices " in seen["verdict"]
    assert seen["above"]
    assert seen["headings"] == ["What went wrong", "What to do", "Cohorts", "Tasks", "This rehearsal"]
    for expected in ("22 % of the fragments, each alone", "Seed1", "99 %", "CDK CLI", "--loss 22% --seed 1"):
        assert expected in seen["record"]
    assert seen["tiles"] == ["Success", "Session", "Fragments", "Loss"]


def test_page_needs_no_network(page: str) -> None:
    assert "http" not in page.replace("http://www.w3.org", "")
