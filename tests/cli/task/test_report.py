"""fuota report, as an operator meets it."""

import json
import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


def test_writes_one_page_and_its_data(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    files = ("--html", "page.html", "--json-file", "data.json")
    done = fuota("report", "street", *files, "--local", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")
    place = f"local cloud :{cloud.port}"
    said = f"FUOTA task street ({task}) ({place}) is pending: no session is scheduled"
    assert done.stdout == f"written: page.html\nwritten: data.json\n{said}\n"
    page = (tmp_path / "page.html").read_text()
    HTMLParser().feed(page)
    assert "<h1>FUOTA task street</h1>" in page
    assert "pending: no session is scheduled" in page
    assert f"({place})" in page
    shown = page.replace('<span class="whole">', "").replace("</span>", "")
    assert f"<li><code>fuota start {task} --local --port {cloud.port}</code></li>" in shown
    assert page.count('<svg class="wide"') == page.count('<svg class="narrow"') == 1
    assert "Initial" in page
    assert "251 fragments; " in page
    assert '<section id="verdict" class="open">' in page
    assert f"<pre>fuota report {task} --html page.html --local --port {cloud.port}</pre>" in page
    assert not re.search(r" (src|href)=|@import|url\(", page)  # it needs nothing else
    assert json.loads((tmp_path / "data.json").read_text())["task"]["id"] == task


def test_what_the_deployment_left_at_the_image_is_shown(
    cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path
) -> None:
    said = {"firmware-version": "2.4.0+7", "firmware-format": "mcuboot", "firmware-digest": "ab" * 32}
    cloud.client("s3").put_object(Bucket="firmware", Key="said.bin", Body=b"x" * 20_000, Metadata=said)
    cloud.client("iotwireless").update_fuota_task(Id=task, FirmwareUpdateImage="s3://firmware/said.bin")
    done = fuota("report", task, "--html", "page.html", "--json-file", "d.json", "--local", "--port", str(cloud.port))
    assert done.returncode == 0, done.stderr
    assert "20,000 bytes; mcuboot 2.4.0+7; content abababababababab" in (tmp_path / "page.html").read_text()
    session = json.loads((tmp_path / "d.json").read_text())["session"]
    assert (session["firmware_version"], session["firmware_format"]) == ("2.4.0+7", "mcuboot")
    assert session["firmware_digest"] == "ab" * 32


def test_names_of_users_do_not_become_html(cloud: LocalCloud, task: str, fuota: Fuota, tmp_path: Path) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, Name="<b>street")
    done = fuota("report", task, "--html", "page.html", "--local", "--port", str(cloud.port))
    assert done.returncode == 0
    assert "<b>" not in (tmp_path / "page.html").read_text()


def test_wants_a_file_it_can_write(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    assert fuota("report", task, "--local", "--port", str(cloud.port)).returncode == 2
    done = fuota("report", task, "--html", "none/page.html", "--local", "--port", str(cloud.port))
    assert done.returncode == 2
    assert "none does not exist: make it first" in " ".join(done.stderr.split())
    same = fuota("report", task, "--html", "x", "--json-file", "x", "--local", "--port", str(cloud.port))
    assert same.returncode == 2
    assert "--html and --json-file name the same file" in same.stderr


def test_json_is_a_flag_and_says_what_writes_a_file(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    here = ("--port", str(cloud.port))
    done = fuota("report", "street", "--json", *here)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["task"]["id"] == task
    old = fuota("report", "street", "--json", "data.json", *here)
    assert old.returncode == 2
    assert "(data.json): --json is a flag; to write a file give --json-file FILE" in old.stderr


def test_exit_code_is_that_of_status(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    service = cloud.client("iotwireless")
    cloud.admin("clock", method="POST", content={"speed": 0.001})  # a deletion takes 2 s
    service.delete_fuota_task(Id=task)
    done = fuota("report", task, "--html", "page.html", "--port", str(cloud.port))
    assert done.returncode == 3
    assert "is deleting: the task is being deleted" in done.stdout
