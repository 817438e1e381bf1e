"""Whoever interrupts `fuota rollout status --watch` keeps what was seen last."""

import io

import pytest
from rich.console import Console

from fuota_constructs.cli.place import Place
from fuota_constructs.cli.rollout import status
from fuota_constructs.cli.rollout.access import FoundRollout
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.rollout_evidence import Evidence
from fuota_constructs.operations.rollout_waves import wave_statuses

from .conftest import NAME, status_of


@pytest.mark.parametrize("terminal", [True, False])
def test_an_interrupted_watch_leaves_the_last_view(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    monkeypatch.setenv("TERM", "xterm-256color")
    evidence = Evidence(sizes=[30])
    settings = {"waves": [{"name": "canary"}], "session": {"redundancyPercent": 36}, "gate": {}}
    seen = status_of("RUNNING", wave_statuses(settings, evidence, {}, "RUNNING"), evidence)
    found = FoundRollout(Aws(region="eu-west-1"), Place("eu-west-1"), seen.rollout)
    shown = Console(file=io.StringIO(), force_terminal=terminal, width=100, height=24)
    with pytest.raises(KeyboardInterrupt):
        status._watch(found, seen, 1.0, shown, quiet=False)
    left = shown.file.getvalue().rpartition("Ctrl-C leaves")[2]
    assert NAME in left
    assert "canary" in left
    assert "the watch ended before the rollout; it goes on" in capsys.readouterr().out
