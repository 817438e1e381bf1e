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


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_pictures_and_figures_are_there(browser, page: str, width: int) -> None:
    seen = browser.ask(
        page,
        """const root = document.documentElement;
        const shown = [...document.querySelectorAll("figure")].map(figure => ({
          id: figure.id.replace(/-.*/, ""),
          pictures: [...figure.querySelectorAll(":scope > svg")]
            .filter(svg => svg.getBoundingClientRect().width > 0).length,
        }));
        return {shown, overflow: root.scrollWidth - root.clientWidth,
                lead: document.querySelector(".lead").textContent,
                verdict: document.querySelector("#verdict .headline").textContent,
                above: document.querySelector("#verdict").getBoundingClientRect().top
                       < document.querySelector(".tiles").getBoundingClientRect().top,
                headings: [...document.querySelectorAll("section h2")].map(heading => heading.textContent),
                cohorts: [...document.querySelectorAll("#cohorts tbody tr")]
                  .map(row => [...row.cells].map(each => each.textContent)),
                statuses: [...document.querySelectorAll("#each-device tbody tr")].map(row => row.cells[1].textContent),
                filter: document.querySelector("#each-device input").type,
                again: document.querySelector("#again pre").textContent,
                about: document.querySelector("#about").textContent,
                record: document.querySelector("#record").textContent,
                tiles: [...document.querySelectorAll(".tiles dt")].map(tile => tile.textContent)};""",
        width=width,
    )
    assert [figure["id"] for figure in seen["shown"]] == ["devices", "completion", "loss"]
    assert all(figure["pictures"] == 1 for figure in seen["shown"])
    assert seen["overflow"] <= 0
    assert "of 200 simulated devices have the image" in seen["lead"]
    assert seen["verdict"].startswith("Failed: ")
    assert " % < 99 %: devices " in seen["verdict"]
    assert seen["above"]
    assert seen["headings"] == [
        "Why",
        "What to do",
        "Cohorts",
        "Tasks",
        "Every device",
        "Made up for it",
        "This rehearsal",
        "Do it again",
    ]
    for expected in ("22 % of the fragments, each alone", "Seed1", "99 %", "CDK CLI"):
        assert expected in seen["record"]
    [cohort] = seen["cohorts"]
    assert cohort[:2] == ["devices", "200"]
    assert (len(seen["statuses"]), seen["statuses"][0], seen["filter"]) == (200, "MissingFrag", "search")
    assert seen["again"] == "fuota rehearse --devices 200 --loss 22% --seed 1 --require 99%"
    for expected in ("EU868 DR3", "112-byte fragments every 7 s", "sensor-1.1.0.bin (22,856 bytes", "FuotaExample"):
        assert expected in seen["about"]
    assert seen["tiles"] == ["Success", "Session", "Fragments", "Loss"]


def test_no_word_of_the_cohorts_is_broken_on_a_narrow_screen(browser, page: str) -> None:
    broken = browser.ask(
        page.replace(">devices</th><td>200", ">underground-carparks</th><td>200"),
        """const broken = [], table = document.querySelector("#cohorts table");
        const nodes = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
        while (nodes.nextNode())
          for (const word of nodes.currentNode.data.matchAll(/[^\\s-]+/g)) {
            const range = document.createRange();
            range.setStart(nodes.currentNode, word.index);
            range.setEnd(nodes.currentNode, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map(each => each.top)).size > 1) broken.push(word[0]);
          }
        return broken;""",
        width=320,
    )
    assert broken == []


def test_headings_of_the_devices_are_on_every_sheet_of_paper(browser, page: str) -> None:
    # Chromium repeats a head that may not be broken, and that has no box of a button in it.
    seen = browser.ask(
        page,
        """const rules = [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
          .filter(rule => rule.media && rule.media.mediaText === "print")
          .flatMap(rule => [...rule.cssRules]).map(rule => rule.cssText);
        document.head.insertAdjacentHTML("beforeend", `<style>${rules.join("\\n")}</style>`);
        const head = document.querySelector("#each-device thead"), button = head.querySelector("button");
        return [window.getComputedStyle(head).breakInside, window.getComputedStyle(button).display];""",
        width=718,
    )
    assert seen == ["avoid", "contents"]


def test_leaves_no_device_out_where_there_are_few(page: str) -> None:
    assert " more; the JSON has them all" not in page


def test_page_needs_no_network(page: str) -> None:
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")
