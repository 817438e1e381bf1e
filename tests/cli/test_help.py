"""Help and suggestions, of every command: nothing is started, nothing is cut, and the next best name is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner, Result

from fuota_constructs.cli.root import fuota
from fuota_constructs.local.iotwireless.faults import ERROR_OF_FAULT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WIDTH = 80


def run(*arguments: str) -> Result:
    """The command in this process, 80 columns wide."""
    return CliRunner(env={"COLUMNS": str(WIDTH)}).invoke(fuota, arguments, prog_name="fuota")


def _tree(group: click.Group, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _tree(command, *path, name)


COMMANDS = [((), fuota), *_tree(fuota)]
each_command = pytest.mark.parametrize(
    ("path", "command"), [pytest.param(path, command, id=" ".join(path) or "fuota") for path, command in COMMANDS]
)


@each_command
def test_every_command_has_help_that_fits_a_terminal(path: tuple[str, ...], command: click.Command) -> None:
    long, short = run(*path, "--help"), run(*path, "-h")
    assert (long.exit_code, short.exit_code) == (0, 0)
    assert long.stdout == short.stdout
    assert long.stdout.startswith(" ".join(["Usage: fuota", *path]))
    assert [line for line in long.stdout.splitlines() if len(line) > WIDTH] == []
    assert command.help


@pytest.mark.parametrize(
    "arguments",
    [
        ("rehearse", "-h"),
        ("rehearse", "--devices", "5", "-h"),
        ("rehearse", "--", "-h"),
        ("local", "up", "--detach", "-h"),
        ("local", "deploy", "Stack", "-h"),
        ("local", "destroy", "-h", "--", "--all"),
        ("local", "cdk", "-h"),
        ("start", "street", "--at", "+45m", "-h"),
        ("status", "street", "--watch", "-h"),
        ("report", "-h"),
    ],
    ids=" ".join,
)
def test_help_starts_nothing(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_STATE_DIR", str(tmp_path / "state"))
    done = run(*arguments)
    assert done.exit_code == 0
    assert done.stdout.startswith("Usage: fuota ")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("path", [path for path, command in COMMANDS if isinstance(command, click.Group)], ids=" ".join)
def test_lists_commands_with_whole_first_sentences(path: tuple[str, ...]) -> None:
    group = dict(COMMANDS)[path]
    assert isinstance(group, click.Group)
    shown = " ".join(run(*path, "--help").stdout.split())
    assert "..." not in shown.partition("Commands:")[2]
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        first = (command.help or "").partition("\n\n")[0]
        assert f" {name} {' '.join(first.split())}" in shown


def test_names_the_rehearsal_first() -> None:
    shown = run("--help").stdout
    listed = shown.partition("Commands:\n")[2]
    assert listed.split()[0] == "rehearse"
    assert shown.index("fuota rehearse") < shown.index("fuota plan") < shown.index("fuota local up")


def test_help_of_faults_names_all_of_the_service() -> None:
    shown = " ".join(run("local", "faults", "add", "--help").stdout.split())
    assert f"Faults: {', '.join(ERROR_OF_FAULT)}." in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("paln",), "fuota has no command 'paln': did you mean fuota plan?"),
        (("STATUS", "x"), "fuota has no command 'STATUS': did you mean fuota status"),
        (("up",), "fuota has no command 'up': did you mean fuota local up?"),
        (("deploy",), "did you mean fuota local deploy?"),
        (("xyzzy",), "fuota has no command 'xyzzy': see fuota --help"),
        (("local", "statsu"), "fuota local has no command 'statsu': did you mean fuota local status?"),
        (
            ("local", "faults", "lsit"),
            "fuota local faults has no command 'lsit': did you mean fuota local faults li",
        ),
        (("status", "x", "--wach"), "fuota status has no option '--wach': did you mean --watch?"),
        (("status", "x", "--intervall", "5"), "did you mean --interval?"),
        (("status", "x", "--xyzzy"), "fuota status has no option '--xyzzy': see fuota status --help"),
        (("plan", "1kB", "--rfregion", "EU868"), "did you mean --rf-region?"),
        (("preflight", "x", "--LOCAL"), "did you mean --local?"),
        (("start", "x", "--no-prefligth"), "did you mean --no-preflight?"),
        (("report", "x", "--htlm", "x.html"), "did you mean --html?"),
        (("report", "x", "--json", "x.json"), "--json is a flag; to write a file give --json-file FILE"),
        (("local", "status", "--prot", "1"), "fuota local status has no option '--prot': did you mean --port?"),
        (("local", "faults", "add", "*", "slow", "--tims", "1"), "did you mean --times?"),
        (("local", "faults", "add", "creatfuotatask", "slow"), "did you mean CreateFuotaTask"),
        (("local", "faults", "add", "*", "throtle"), "'throtle' is no fault: did you mean throttle?"),
        (("rehearse", "--requre", "99%"), "did you mean --require?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_fails_naming_what_was_meant(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert done.stderr.count("Error:") == 1
