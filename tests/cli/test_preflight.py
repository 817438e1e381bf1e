"""fuota preflight, as an operator meets it."""

import json
import subprocess
from collections.abc import Callable

from fuota_constructs.local.cloud import LocalCloud

Fuota = Callable[..., subprocess.CompletedProcess[str]]


def test_says_that_nothing_speaks_against_a_task_in_order(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    done = fuota("preflight", "street", "--local", "--port", str(cloud.port))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Preflight of FUOTA task street ({task}) (local cloud :{cloud.port})")
    assert done.stdout.endswith(f"start it with\n  fuota start {task} --local --port {cloud.port}\n")
    assert "nothing speaks against starting it: 0 errors, 0 warnings" in done.stdout


def test_changes_nothing(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    requests = cloud.admin("requests", method="DELETE")
    before = {name: value for name, value in cloud.admin("state").items() if name != "now"}
    assert fuota("preflight", task, "--local", "--port", str(cloud.port)).returncode == 0
    requests = cloud.admin("requests")["requests"]
    assert {request["operation"][:3] for request in requests} <= {"Get", "Lis"}
    assert {name: value for name, value in cloud.admin("state").items() if name != "now"} == before


def test_lists_errors_first_with_what_to_do_and_as_json(cloud: LocalCloud, task: str, fuota: Fuota) -> None:
    cloud.client("iotwireless").update_fuota_task(Id=task, FirmwareUpdateImage="s3://firmware/none.bin")
    done = fuota("preflight", task, "--local", "--port", str(cloud.port))
    assert done.returncode == 3
    assert done.stdout.splitlines()[1].split()[:2] == ["error", "image:"]
    assert "-> upload it, or correct FirmwareUpdateImage" in done.stdout
    assert "not ready: 1 error, 1 warning" in done.stdout
    assert done.stdout.endswith(f"check again with\n  fuota preflight {task} --local --port {cloud.port}\n")
    content = json.loads(fuota("preflight", task, "--json", "--local", "--port", str(cloud.port)).stdout)
    assert content["next_steps"] == [f"fuota preflight {task} --local --port {cloud.port}"]
    assert content["place"]["name"] == f"local cloud :{cloud.port}"
    assert content["ready"] is False
    [error] = [check for check in content["checks"] if check["outcome"] == "error"]
    assert error["name"] == "image"
