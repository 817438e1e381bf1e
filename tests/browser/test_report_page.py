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
    return page_of(progress, verdict_of(progress), place)


@pytest.mark.parametrize("width", [1280, 390])
def test_everything_is_there_and_fits(browser, page: str, width: int) -> None:
    seen = browser.ask(
        page,
        """const root = document.documentElement;
        document.querySelectorAll("details").forEach(each => { each.open = true; });
        const pictures = [...document.querySelectorAll("figure svg")].filter(svg => svg.getBoundingClientRect().width);
        const texts = [...pictures[0].querySelectorAll("text")].map(text => text.getBBox());
        return {pictures: pictures.length, bars: pictures[0].querySelectorAll("rect").length,
                right: Math.max(...texts.map(box => box.x + box.width)) - pictures[0].viewBox.baseVal.width,
                devices: document.querySelectorAll("#each-device tbody tr").length,
                commands: [...document.querySelectorAll("#remedies code")].map(each => each.textContent),
                headings: [...document.querySelectorAll("h2")].map(each => each.textContent),
                overflow: root.scrollWidth - root.clientWidth};""",
        width=width,
    )
    assert seen["pictures"] == 1
    assert seen["bars"] == 12
    assert seen["right"] <= 0
    assert seen["devices"] == 1200
    assert seen["headings"] == ["Likely causes", "What to do", "Devices by status", "The task", "Every device"]
    assert seen["overflow"] <= 0
    identity, options = (
        "5659519d-986a-4c62-bb43-797d273e90c5",
        "--profile a-profile-with-quite-a-long-name --region eu-west-1",
    )
    assert seen["commands"][0] == f"fuota status {identity} --devices {options}"


def test_page_needs_no_network(page: str) -> None:
    assert "http" not in page
