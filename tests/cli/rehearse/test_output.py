"""What a rehearsal shows: nothing that counts is cut, whatever the terminal and the name of the task."""

import dataclasses
import io
import subprocess
import sys

import pyte
import pytest
from rich.console import Console

from fuota_constructs.cli.rehearse.output import Deployment, SessionBars, short_name, task_words
from fuota_constructs.local.task_outcome import TaskImage, TaskOutcome, TaskParameters, TaskProgress

TASK = TaskProgress(
    task_id="ccd0bd2c-8ad1-4f15-9d44-1c9f9f0a9a87",
    name="ccd0bd2c-8ad1-4f15-9d44-1c9f9f0a9a87",
    status="In_FuotaSession",
    fragments_sent=120,
    fragments_total=267,
    data_fragments=205,
    started=0.0,
    done=1869.0,
    seconds_left=2652.0,
    problem=None,
    devices={"Initial": 1, "Successful": 150, "MissingFrag": 40, "Package_Not_Supported": 9},
)
NAMED = dataclasses.replace(TASK, task_id="2", name="street-sensors-of-the-north-1.1.0", devices={"Successful": 200})


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_counts_of_every_task_are_shown_in_full(width: int) -> None:
    out = io.StringIO()
    with SessionBars(Console(file=out, width=width, highlight=False)) as bars:
        bars.show([TASK, NAMED])
    shown = out.getvalue()
    assert max(map(len, shown.splitlines())) <= width
    said = " ".join(shown.split())
    for expected in ("ccd0bd2c…", "street-sens", "120/267", "200 Successful;", "44.2 min of session left"):
        assert expected in said
    assert all(part in said for part in ("150 Successful,", "40 MissingFrag,", "9 Package_Not_Supported;"))


def test_short_names() -> None:
    assert short_name(TASK) == "ccd0bd2c…"
    assert short_name(dataclasses.replace(TASK, name="lamps")) == "lamps"
    assert len(short_name(NAMED)) == 24


@pytest.mark.parametrize(("given", "said"), [(2500, "every 3 s"), (499, "every 1 s"), (None, "interval not given")])
def test_the_interval_of_a_task_is_the_one_it_was_sent_at(given: int | None, said: str) -> None:
    task = TaskOutcome(
        **dataclasses.asdict(TASK),
        account="123456789012",
        aws_region="eu-west-1",
        parameters=TaskParameters("EU868", 3, 30, 112, given),
        image=TaskImage("s3://firmware/v2.bin", None, None),
    )
    assert said in task_words(task)


def test_events_of_a_deployment_are_shown_only_when_it_failed() -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    with console.status("") as status:
        heard = Deployment(console, status)
        for line in (
            "",
            "85 feature flags are not configured. Run 'cdk flags'",
            "✨  Synthesis time: 2.1s",
            "a warning [x]",
        ):
            heard.synth(line)
        event = "Stack |  3/14 | 8:54:46 AM | CREATE_COMPLETE | AWS::IAM::Role | Role (Role1)"
        for line in ("Stack: start: Building template", event, "✅  Stack", "Outputs:"):
            heard.deploy(line)
        assert status.status == "deploying Stack: 3 of 14 resources"
        assert out.getvalue() == "a warning [x]\ndeployed Stack\n"
        heard.failed()
    assert event in out.getvalue()
    assert "Building template" not in out.getvalue()


FAILING = """
import aws_cdk as cdk
app = cdk.App()
stack = cdk.Stack(app, "Stack")
class Refusal:
    def validate(self):
        return ["redundancy-range: redundancy_percent is 150; choose 0 to 100", "two\\n  lines"]
"""
ENDS = {
    "findings": "import jsii, constructs as c\nstack.node.add_validation(jsii.implements(c.IValidation)(Refusal)())",
    "another error": "cdk.CfnResource(stack, 'A', type='T')\ncdk.CfnResource(stack, 'A', type='T')",
    "an error of the app": "raise SystemExit('the app says no')",
}


@pytest.mark.parametrize("end", ENDS)
def test_findings_of_a_failed_synthesis_are_shown_once_and_without_a_trace(end: str) -> None:
    code = f"{FAILING}{ENDS[end]}\napp.synth()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    lines = [*ran.stderr.splitlines(), "python3 app.py: Subprocess exited with error 1"]
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    with console.status("") as status:
        heard = Deployment(console, status)
        for line in lines:
            heard.synth(line.rstrip())
        heard.synth_ended()
    shown = out.getvalue().splitlines()
    if end == "findings":
        assert heard.reason == "[Stack] redundancy-range: redundancy_percent is 150; choose 0 to 100"
        expected = [
            "Validation failed with the following errors:",
            "  [Stack] redundancy-range: redundancy_percent is 150; choose 0 to 100",
            *("  [Stack] two", "  lines"),
            lines[-1],
        ]
        assert [line for line in shown if not line.startswith("b'")] == expected  # jsii about the age of Node.js
    else:
        assert heard.reason == ""
        assert [line.strip() for line in lines if line.strip()] == [line.strip() for line in shown if line.strip()]


def test_what_the_app_gave_and_was_refused_is_the_reason_of_a_failed_synthesis() -> None:
    heard = Deployment(Console(file=io.StringIO()), Console(file=io.StringIO()).status(""))
    for line in (
        "Traceback (most recent call last):",
        '  File "app.py", line 7, in <module>',
        "fuota_constructs.errors.FuotaValidationError: image-empty: 'a.bin' is empty; give an image",
        "python3 app.py: Subprocess exited with error 1",
    ):
        heard.synth(line)
    assert heard.reason == "image-empty: 'a.bin' is empty; give an image"


def test_a_name_that_would_steer_the_terminal_is_written_out() -> None:
    hostile = dataclasses.replace(TASK, name="a\x1b[2Jb\nPASSED")
    out = io.StringIO()
    with SessionBars(Console(file=out, width=80, highlight=False)) as bars:
        bars.show([dataclasses.replace(TASK, name="[bold]lamps[/]")])
    assert "[bold]lamps[/]" in out.getvalue()
    assert short_name(hostile) == "a\\x1b[2Jb\\nPASSED"


def test_more_tasks_than_the_screen_has_lines_leave_one_full_view_behind() -> None:
    tasks = [dataclasses.replace(NAMED, task_id=str(number), name=f"lamps-{number:02}") for number in range(40)]
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, highlight=False, force_terminal=True, legacy_windows=False)
    screen = pyte.HistoryScreen(80, 24, history=10_000)
    stream, seen = pyte.Stream(screen), 0

    def scrollback() -> list[str]:
        nonlocal seen
        stream.feed(out.getvalue()[seen:].replace("\n", "\r\n"))
        seen = len(out.getvalue())
        return ["".join(line[column].data for column in range(80)).rstrip() for line in screen.history.top]

    with SessionBars(console) as bars:
        for sent in (100, 200, 267):
            bars.show([dataclasses.replace(task, fragments_sent=sent) for task in tasks])
            bars._progress.refresh()  # by itself it draws some times a second
            assert scrollback() == []  # nothing left the screen: what has, cannot be drawn over any more
    left = [*scrollback(), *(line.rstrip() for line in screen.display)]
    assert [line.split()[0] for line in left if line.startswith("lamps-")] == [task.name for task in tasks]
    assert sum("267/267" in line for line in left) == 40
