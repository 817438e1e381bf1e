"""What a rehearsal shows: nothing that counts is cut, whatever the terminal and the name of the task."""

import dataclasses
import io

import pytest
from rich.console import Console

from fuota_constructs.cli.rehearse.output import Deployment, SessionBars, short_name
from fuota_constructs.local.task_outcome import TaskProgress

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


def test_a_name_that_would_steer_the_terminal_is_written_out() -> None:
    hostile = dataclasses.replace(TASK, name="a\x1b[2Jb\nPASSED")
    out = io.StringIO()
    with SessionBars(Console(file=out, width=80, highlight=False)) as bars:
        bars.show([dataclasses.replace(TASK, name="[bold]lamps[/]")])
    assert "[bold]lamps[/]" in out.getvalue()
    assert short_name(hostile) == "a\\x1b[2Jb\\nPASSED"
