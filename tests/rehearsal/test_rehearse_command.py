"""`fuota rehearse`, as an operator types it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuota_constructs.local.folders import state_folder

from ..cli.published import document

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "fuota_constructs.cli", "rehearse", *arguments]


def rehearse(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


def nothing_is_left() -> bool:
    return list(state_folder().glob("clouds/*")) == []


def nothing_runs() -> bool:
    return list(state_folder().glob("clouds/*/cloud.json")) == []


def app(folder: Path, text: str) -> Path:
    lines = "import aws_cdk as cdk\nfrom fuota_constructs import *\napp = cdk.App()\nstack = cdk.Stack(app, 'S')\n"
    (folder / "app.py").write_text(f"{lines}{text}\napp.synth()\n")
    (folder / "cdk.json").write_text('{"app": "python3 app.py"}')
    return folder


def test_passes_and_says_what_was_deployed_and_what_came_of_it(tmp_path: Path) -> None:
    figures = tmp_path / "rehearsal.json"
    before = set(state_folder().glob("clouds/*"))
    done = rehearse("--loss", "12%", "--require", "99%", "--json-file", str(figures))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "PASSED 200/200 devices (99 % required)"
    assert "200 simulated devices joined the multicast groups" in done.stdout
    assert "CREATE_COMPLETE" not in done.stdout + done.stderr  # no events of CloudFormation where all goes well
    assert "deployed FuotaExample\n" in done.stdout
    deployed = done.stdout.partition("read back from the IoT Wireless service")[2]
    for expected in (
        *("RedundancyPercent", "30", "FragmentSizeBytes", "112", "FragmentIntervalMS", "7000"),
        *("street-sensors", "s3://", "arn:aws:iam::000000000000:role/"),
    ):
        assert expected in deployed
    said = " ".join(done.stdout.split())
    assert "street-sensors-1-1-0: 200/200 devices have the image; EU868 DR3 (SF9/125 kHz), 112 bytes, every 7 s" in said
    assert "sensor-1.1.0.bin (22,856 bytes, sha256 " in said
    assert set(state_folder().glob("clouds/*")) <= before  # no log either, where all went well
    assert nothing_runs()

    written = document(figures.read_text())
    assert written["verdict"]["outcome"] == "passed"
    assert written["verdict"]["summary"] == "PASSED 200/200 devices (99 % required)"
    assert (written["seed"], written["loss"], written["require"]) == (1, 0.12, 0.99)
    assert written["command"] == "fuota rehearse --devices 200 --loss 12% --seed 1 --require 99%"
    assert written["success_ratio"] == 1.0
    assert written["statuses"] == {"Successful": 200}
    assert written["cohorts"] == [
        {
            "name": "devices",
            "devices": 200,
            "statuses": {"Successful": 200},
            "succeeded": 200,
            "without_image": {},
            "stack": None,
            "troubles": [],
            "loss": 0.12,
        }
    ]
    assert 0.05 < sum(device["loss_share"] for device in written["devices"]) / 200 < 0.2
    [task] = written["tasks"]
    assert (task["status"], task["fragments_sent"], task["fragments_total"]) == ("FuotaDone", 267, 267)
    assert task["parameters"] == {
        "rf_region": "EU868",
        "data_rate": 3,
        "redundancy_percent": 30,
        "fragment_size_bytes": 112,
        "fragment_interval_ms": 7000,
        "dl_class": "ClassC",
        "frequency_hz": None,
        "gateways": 1,
        "gateway_spacing_ms": 0,
    }
    assert task["air"] is None
    assert task["image"]["size_bytes"] == 22_856
    assert re.fullmatch(r"[0-9a-f]{64}", task["image"]["sha256"])
    assert task["image"]["firmware"] == "cortex-m"
    for moment in (written["rehearsed_at"], task["started_at"], task["done_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", moment)


def test_fails_when_a_cohort_misses_the_bar(tmp_path: Path) -> None:
    fleet, page = tmp_path / "fleet.yaml", tmp_path / "rehearsal.html"
    fleet.write_text(
        "seed: 3\ncohorts:\n  - {name: near, count: 150, loss: 5%}\n  - {name: cellar, count: 50, loss: 45%}\n"
    )
    done = rehearse("--fleet", str(fleet), "--json", "--html", str(page))
    assert done.returncode == 3, done.stderr
    line = "FAILED 75 % < 99 %: cellar 0/50 MissingFrag"
    assert done.stderr.splitlines()[-1] == line
    said = " ".join(done.stderr.split())
    assert "- 50 of 200 devices: MissingFrag" in said
    assert "-> MissingFrag in street-sensors-1-1-0: more redundancy than 30 %, or a slower data rate" in said

    content = document(done.stdout)  # and nothing else
    assert content["verdict"]["outcome"] == "failed"
    assert content["verdict"]["summary"] == line
    assert content["verdict"]["exit_code"] == 3
    assert content["verdict"]["remedies"]
    assert [(cohort["name"], cohort["succeeded"]) for cohort in content["cohorts"]] == [("near", 150), ("cellar", 0)]
    assert content["loss"] is None

    written = page.read_text(encoding="utf-8")
    assert '<section id="verdict" class="failed">' in written
    assert '<p class="headline">Failed: 75 % &lt; 99 %: cellar 0/50 MissingFrag</p>' in written
    for expected in ("99 % required", "cellar", "What to do", "SF9/125 kHz", "sensor-1.1.0.bin", "CDK CLI", "Seed"):
        assert expected in written
    assert f"fuota rehearse --fleet {fleet} --require 99%" in written


def test_only_looks_when_nothing_is_required() -> None:
    done = rehearse("--devices", "20", "--loss", "60%", "--require", "0%", folder=ROOT / "examples" / "minimal")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "PASSED 0/20 devices (0 % required)"
    [bar] = [line for line in done.stdout.splitlines() if "FuotaDone" in line]
    assert re.fullmatch(r"Update\w+ ━+ 249/249 20 MissingFrag; FuotaDone *", bar)  # no name, and nothing is cut


def test_fails_when_there_is_nothing_to_rehearse_and_leaves_no_old_result(tmp_path: Path) -> None:
    page, figures = tmp_path / "page.html", tmp_path / "figures.json"
    page.write_text("PASSED")
    figures.write_text("PASSED")
    folder = app(
        tmp_path, "cdk.Annotations.of(stack).add_warning_v2('own:rule', 'said once'); stack.export_value('1', name='A')"
    )
    done = rehearse("--html", str(page), "--json-file", str(figures), folder=folder)
    assert done.returncode == 1
    line = "FAILED not rehearsed: no FUOTA task that is Pending was deployed: there is nothing to rehearse"
    assert done.stdout.splitlines()[-1] == line
    assert "PASSED" not in page.read_text() + figures.read_text()
    assert line.replace("FAILED", "Failed:") in page.read_text()
    assert document(figures.read_text())["verdict"]["outcome"] == "not-rehearsed"
    assert (done.stdout + done.stderr).count("said once") == 1
    assert nothing_runs()


def test_fails_when_nobody_could_receive_the_task(tmp_path: Path) -> None:
    image = ROOT / "firmware" / "sensor-1.1.0.bin"
    given = f"firmware_image=FirmwareImage.from_asset({str(image)!r}), rf_region=RfRegion.EU868"
    done = rehearse(folder=app(tmp_path, f"FuotaTask(stack, 'Task', fuota_task_name='lonely', {given})"))
    assert done.returncode == 1
    assert "so nobody could receive lonely: give it multicast_groups" in done.stdout.splitlines()[-1]


def test_fails_when_the_app_does_not_deploy(tmp_path: Path) -> None:
    role = "cdk.aws_iam.Role.from_role_name(stack, 'Role', 'nobody')"
    allow = "cdk.aws_iam.PolicyStatement(actions=['s3:GetObject'], resources=['*'])"
    folder = app(tmp_path, f"{role}.add_to_principal_policy({allow})")
    done = rehearse("--no-stub-imports", folder=folder)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("FAILED not rehearsed: `cdk deploy` failed with exit code 1")
    assert "nobody" in done.stdout  # what CloudFormation said
    [log] = re.findall(r"^what the cloud and its Lambda functions said: (\S+)$", done.stdout, re.MULTILINE)
    assert "cloudformation" in Path(log).read_text("utf-8").lower()
    assert nothing_runs()


def test_fails_when_the_app_does_not_synthesise(tmp_path: Path) -> None:
    done = rehearse(folder=app(tmp_path, "raise SystemExit('the app says no')"))
    assert done.returncode == 1
    assert "the app says no" in done.stdout
    assert "what the cloud" not in done.stdout  # it had no part in it
    assert done.stdout.splitlines()[-1].startswith("FAILED not rehearsed: `cdk synth` failed with exit code 1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--loss", "0.1"), "write 10% or 0.1%"),
        (("--devices", "0"), "0 is not in the range"),
        (("--fleet", "app.py"), "app.py"),
        (("--fleet", "pyproject.toml", "--seed", "2"), "leave the other options out"),
        (("--fleet", "{tmp}/empty-cohort.json"), "cohorts[0].count is 0; give a whole number from 1"),
        (("--require", "150%"), "150%"),
        (("--require", "0.99"), "write 99% or 0.99%"),
        (("--require", ""), "is no percentage"),
        (("--loss", "150%"), "150%"),
        (("--html", "no/such/folder/page.html"), "does not exist: make it first"),
        (("--html", ""), "names no file"),
        (("--json-file", "/proc/nope.json"), "cannot be written"),
        (("--json", "rehearsal.json", "--html"), "requires an argument"),
        (("--html", "a", "--json-file", "a"), "--html and --json-file name the same file"),
        (("--loss", "40%", "--requires", "99%"), "did you mean --require?"),
        (("--device", "5", "--requre", "100%", "--los", "60%"), "did you mean --devices?"),
        (("--all",), "options of the CDK CLI go behind --"),
        (("--", "--require", "99%"), "give it before the --"),
    ],
)
def test_fails_when_options_are_wrong_and_starts_nothing(
    arguments: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "empty-cohort.json").write_text('{"cohorts": [{"name": "cellar", "count": 0}]}')
    done = rehearse(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())
    assert done.stdout == ""
    assert nothing_runs()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGHUP])
def test_an_interrupted_session_says_how_far_it_came_and_leaves_nothing(end: signal.Signals) -> None:
    code, said = interrupted(end, "task(s) started", "--speed", "2", wait=2.0)
    assert code == 130
    assert said.splitlines()[-1] == "FAILED interrupted: the session was going on"
    assert re.search(r"[\w-]+: \d+ of 267 fragments sent; .* of session left", " ".join(said.split()))
    assert nothing_is_left()


def test_an_interrupted_deployment_leaves_nothing() -> None:
    code, said = interrupted(signal.SIGTERM, "bootstrapping", wait=0.5)
    assert code == 130
    assert said.splitlines()[-1] == "FAILED interrupted: the app was being deployed"
    assert nothing_is_left()


def interrupted(end: signal.Signals, after: str, *arguments: str, wait: float) -> tuple[int, str]:
    """Run until it says something, a little longer, and interrupt."""
    # Tests that run in the background, or under nohup, inherit that it is ignored, which a program respects: not here.
    heeded = signal.signal(end, signal.default_int_handler)
    try:
        running = subprocess.Popen(
            command(*arguments), cwd=ROOT / "examples" / "monitored", stdout=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(end, heeded)
    assert running.stdout
    said = ""
    for line in running.stdout:
        said += line
        if after in line:
            break
    time.sleep(wait)
    running.send_signal(end)
    rest, _ = running.communicate(timeout=300)
    return running.returncode, said + rest
