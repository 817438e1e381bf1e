"""The page of `fuota plan --html` in a real browser, as wide as a desktop and as a phone."""

import re
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from click.testing import CliRunner

from fuota_constructs.cli.root import fuota as root

if TYPE_CHECKING:
    from pathlib import Path


class Asked(Protocol):
    def ask(self, page: str, script: str, *, width: int, height: int = 900) -> Any: ...


PICTURES = ("timeline", "loss", "size")
WIDTHS = (1280, 390)
SESSIONS = {
    "recommended": ("100kB", "--region", "EU868", "--recommend"),
    "few": ("4kB", "--region", "EU868", "--data-rate", "3", "--redundancy", "10", "--loss", "20%", "--interval", "1"),
    "class B": (
        "600kB",
        "--region",
        "US915",
        "--data-rate",
        "9",
        "--class",
        "B",
        "--gateways",
        "3",
        "--gateway-spacing",
        "500",
    ),
    "one fragment": ("100", "--region", "KR920", "--data-rate", "5", "--redundancy", "50"),
    "nothing fits": ("1MiB", "--region", "AS923-1", "--dwell-time", "--frequency", "923200000", "--data-rate", "3"),
    "no loss": ("20kB", "--region", "CN470", "--loss", "0%"),
}


@pytest.fixture(scope="module", params=SESSIONS)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The name of a session, and its page."""
    path: Path = tmp_path_factory.mktemp("page") / "plan.html"
    done = CliRunner().invoke(root, ["plan", *SESSIONS[request.param], "--html", str(path)])
    assert done.exit_code in {0, 3}, done.output
    return request.param, path.read_text(encoding="utf-8")


SHOWN = """
const box = (element) => element.getBoundingClientRect();
const visible = (element) => box(element).width > 0 && box(element).height > 0;
const frame = (svg) => {
  const outer = box(svg), texts = [...svg.querySelectorAll("text")];
  return {
    kind: svg.getAttribute("class"),
    width: outer.width,
    texts: texts.map((text) => text.textContent),
    smallest: Math.min(...texts.map((text) => box(text).height)),
    clipped: texts.filter((text) => box(text).left < 0 || box(text).right > window.innerWidth + 1
                                    || box(text).top < outer.top - 2 || box(text).bottom > outer.bottom + 2)
                  .map((text) => text.textContent),
    lines: svg.querySelectorAll("path").length,
    label: document.getElementById(svg.getAttribute("aria-labelledby")).textContent,
    description: document.getElementById(svg.getAttribute("aria-describedby")).textContent,
  };
};
return {
  across: document.documentElement.scrollWidth,
  window: window.innerWidth,
  wide: [...document.querySelectorAll("main *:not(svg *)")].filter((each) => box(each).right > window.innerWidth + 1)
        .map((each) => each.tagName + " " + each.textContent.slice(0, 40)),
  figures: Object.fromEntries([...document.querySelectorAll("figure")].map((figure) =>
    [figure.id, [...figure.querySelectorAll("svg")].filter(visible).map(frame)])),
  captions: [...document.querySelectorAll("figcaption")].map((each) => each.textContent),
  tiles: [...document.querySelectorAll(".tiles dt")].map((each) => each.textContent),
  values: [...document.querySelectorAll(".tiles .value")].map((each) => each.textContent),
  tables: document.querySelectorAll("table").length,
  duplicates: [...document.querySelectorAll("[id]")].map((each) => each.id)
              .filter((id, position, all) => all.indexOf(id) !== position),
  verdict: document.querySelector("#verdict .headline").textContent,
  first: document.querySelector("main").children[0].tagName
         + document.querySelector("main > section, main > figure, main > dl").id,
  again: document.querySelector("#again pre").textContent,
  options: [...document.querySelectorAll("#options tbody tr")].map((row) => box(row.lastElementChild).width > 0),
  ink: window.getComputedStyle(document.body).color,
  stroke: [...document.querySelectorAll("svg path")].map((each) => window.getComputedStyle(each).stroke)
          .filter((colour) => colour === "").length,
};
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_shows_its_pictures_and_figures(browser: Asked, page: tuple[str, str], width: int) -> None:
    name, html = page
    document = html.replace("<details>", "<details open>")
    shown = browser.ask(document, SHOWN, width=width)
    assert isinstance(shown, dict), shown
    assert shown["window"] == width
    assert shown["across"] <= width
    assert shown["wide"] == []
    assert shown["duplicates"] == []
    assert shown["stroke"] == 0
    assert re.match("(Passed|Warning|Failed): this session ", shown["verdict"])
    assert shown["first"] == "H1verdict"
    assert shown["again"].startswith("fuota plan ")
    assert all(shown["options"])
    if name == "nothing fits":  # 1 MiB in 50 bytes cannot be numbered: there is nothing to draw, and the page says why
        assert shown["figures"] == {}
        assert "fragment-count" in html
        return
    assert tuple(shown["figures"]) == PICTURES
    for pictures in shown["figures"].values():
        [picture] = pictures  # one of the two widths is shown
        assert picture["kind"] == ("wide" if width > 640 else "narrow")
        assert picture["width"] > width * 0.6
        assert picture["smallest"] >= 11
        assert picture["clipped"] == []
        assert picture["lines"] > 5
        assert picture["label"]
        assert re.search(r"\d", picture["description"])
    assert len(shown["captions"]) == 3
    assert shown["tiles"] == [
        "Fragments", "Airtime", "Duty cycle", "Smallest interval", "Duration", "Success", "Receive energy",
    ]  # fmt: skip
    assert all(re.search(r"\d", value) for value in shown["values"])
    assert shown["tables"] >= 4


def test_a_small_phone_has_nothing_to_scroll_to_the_side(browser: Asked, page: tuple[str, str]) -> None:
    name, html = page
    if name != "recommended":
        return
    shown = browser.ask(html.replace("<details>", "<details open>"), SHOWN, width=320)
    assert (shown["across"], shown["wide"]) == (320, [])


def test_the_pictures_say_what_the_plan_says(browser: Asked, page: tuple[str, str]) -> None:
    name, html = page
    if name != "recommended":
        return
    figures = browser.ask(html, SHOWN, width=1280)["figures"]
    assert {"set-up", "893 data", "143 coded", "30 min"} <= set(figures["timeline"][0]["texts"])
    assert {"99.9 %", "99.99 %", "10 %", "16 % redundancy"} <= set(figures["loss"][0]["texts"])
    assert {f"DR{index}" for index in range(8)} <= set(figures["size"][0]["texts"])
    assert "99.99 % of the devices put the image together" in figures["loss"][0]["description"]


def test_the_page_needs_no_network(page: tuple[str, str]) -> None:
    _, html = page
    assert not re.search(r"https?:|//[a-z]|@import|<link|<img| src=", html)
    assert html.count("<script") == 1
