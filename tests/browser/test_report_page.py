"""The page of `fuota report`, in a real browser: every status, long names, many devices."""

from datetime import UTC, datetime

import pytest

from fuota_constructs.cli.place import Place
from fuota_constructs.cli.task.report_page import page_of
from fuota_constructs.operations.device_status import DEVICE_STATUSES
from fuota_constructs.operations.image import Image
from fuota_constructs.operations.progress import Progress, task_plan
from fuota_constructs.operations.task import Device, Group, Task
from fuota_constructs.operations.verdict import verdict_of
from fuota_constructs.rules import session_plan

pytestmark = pytest.mark.e2e

NOW = datetime(2026, 12, 1, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def page() -> str:
    identity = "5659519d-986a-4c62-bb43-797d273e90c5"
    task = Task(
        id=identity,
        arn=f"arn:aws:iotwireless:eu-west-1:123456789012:FuotaTask/{identity}",
        status="FuotaDone",
        name="street-lights-of-the-whole-northern-part-of-the-town-2026-12",
        rf_region="EU868",
        start_time=datetime(2026, 12, 1, 2, tzinfo=UTC),
        image=f"s3://firmware-bucket-with-a-long-name/{'0123456789abcdef' * 4}/street-lights.bin",
        role=f"arn:aws:iam::123456789012:role/{'a-role-with-a-long-name' * 3}",
        redundancy_percent=30,
        fragment_size_bytes=112,
        fragment_interval_ms=7000,
    )
    groups = (Group(identity, "lamps", "Pending", "EU868", "ClassC", None, 1200, 1200),)
    devices = tuple(
        Device(f"{number}", f"lamp-{number}", f"{number:016x}", list(DEVICE_STATUSES)[number % 12], None, None)
        for number in range(1200)
    )
    image = Image("firmware-bucket-with-a-long-name", "key", 100_000, "eu-west-1")
    plan = session_plan(task_plan(task, groups, devices, image, "eu-west-1"))
    progress = Progress(task, groups, devices, NOW, image, (), plan)
    place = Place("eu-west-1", "123456789012", "a-profile-with-quite-a-long-name")
    return page_of(progress, verdict_of(progress), place, stack="Lights", again="fuota report it")


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_everything_is_there_and_fits(browser, page: str, width: int) -> None:
    seen = browser.ask(
        page,
        """const root = document.documentElement;
        document.querySelectorAll("details").forEach(each => { each.open = true; });
        const pictures = [...document.querySelectorAll("figure > svg")]
          .filter(svg => svg.getBoundingClientRect().width);
        const texts = [...pictures[0].querySelectorAll("text")].map(text => text.getBBox());
        return {pictures: pictures.length, bars: pictures[0].querySelectorAll("rect").length,
                right: Math.max(...texts.map(box => box.x + box.width)) - pictures[0].viewBox.baseVal.width,
                devices: document.querySelectorAll("#each-device tbody tr").length,
                commands: [...document.querySelectorAll("#remedies code")].map(each => each.textContent),
                headings: [...document.querySelectorAll("h2")].map(each => each.textContent),
                wide: [...document.querySelectorAll("main *:not(svg *)")]
                  .filter(each => each.getBoundingClientRect().right > window.innerWidth)
                  .map(each => each.outerHTML.slice(0, 60)).slice(0, 5),
                overflow: root.scrollWidth - root.clientWidth};""",
        width=width,
    )
    assert seen["pictures"] == 1
    assert seen["bars"] == 12
    assert seen["right"] <= 0
    assert seen["devices"] == 1200
    assert seen["headings"] == [
        "Why",
        "What to do",
        "Multicast groups",
        "Devices by status",
        "The task",
        "Every device",
        "Do it again",
    ]
    assert seen["wide"] == []
    assert seen["overflow"] <= 0
    identity, options = (
        "5659519d-986a-4c62-bb43-797d273e90c5",
        "--profile a-profile-with-quite-a-long-name --region eu-west-1",
    )
    assert seen["commands"][0] == f"fuota status {identity} --devices {options}"


def test_the_table_filters_and_sorts_and_has_failed_devices_first(browser, page: str) -> None:
    seen = browser.ask(
        page,
        """const rows = () => [...document.querySelectorAll("#each-device tbody tr")].filter(row => !row.hidden);
        const statuses = () => rows().map(row => row.cells[1].textContent);
        const first = statuses()[0], last = statuses().at(-1);
        const search = document.querySelector("#each-device input");
        search.value = "missingfrag lamp-2";
        search.dispatchEvent(new window.Event("input"));
        const found = rows().length, told = document.querySelector("#each-device output").textContent;
        const all = new Set(statuses());
        search.value = "";
        search.dispatchEvent(new window.Event("input"));
        const button = document.querySelector("#each-device th button"), head = button.parentElement;
        button.click();
        const up = [rows()[0].cells[0].textContent, rows()[2].cells[0].textContent, head.getAttribute("aria-sort")];
        button.click();
        return {first, last, found, told, all: [...all], up,
                down: [rows()[0].cells[0].textContent, head.getAttribute("aria-sort")]};""",
        width=1280,
    )
    assert seen["last"] == "Successful"
    assert seen["first"] not in {"Successful", "Initial"}
    assert seen["all"] == ["MissingFrag"]
    assert 0 < seen["found"] < 100
    assert seen["told"] == f"{seen['found']} of 1,200 devices"
    assert seen["up"] == ["lamp-0", "lamp-2", "ascending"]
    assert seen["down"] == ["lamp-1199", "descending"]


def test_runs_no_script_but_its_own(browser, page: str) -> None:
    foreign = page.replace("</main>", "<script>document.title = 'theirs'</script></main>")
    seen = browser.ask(foreign, "return [document.title, document.querySelectorAll('.filter').length];", width=1280)
    assert seen[0].startswith("FUOTA task street-lights")
    assert seen[1] == 1


def test_is_whole_without_a_script(browser, page: str) -> None:
    silent = page.replace("script-src 'sha256-", "script-src 'sha256-0")
    seen = browser.ask(
        silent,
        """return ["#each-device tbody tr", "input"].map((each) => document.querySelectorAll(each).length);""",
        width=390,
    )
    assert seen == [1200, 0]


def test_page_needs_no_network(page: str) -> None:
    assert "http" not in page.replace("http-equiv", "")
