"""What goes to the CDK CLI and what is refused: no option gets lost on the way, because none is passed by mistake."""

import subprocess
from collections.abc import Callable

import click
import pytest
from click.testing import CliRunner

from fuota_constructs.cli.cdk_arguments import CdkCommand, cdk_arguments, require_known
from fuota_constructs.local import cdk_cli

Fuota = Callable[..., subprocess.CompletedProcess[str]]


@click.command(cls=CdkCommand, cdk_command="deploy", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--require")
@click.option("--loss")
@click.option("--devices", type=int)
@click.option("--json", "as_json", is_flag=True)
@click.option("--json-file")
@click.option("--keep", is_flag=True)
@cdk_arguments()
@click.pass_context
def rehearse(ctx: click.Context, cdk_arguments: tuple[str, ...], **given: object) -> None:
    """Says what it got."""
    require_known(ctx, cdk_arguments)
    click.echo(f"ran with {given['require']} {given['keep']} {list(cdk_arguments)}")


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    cdk_cli.ensure()


def said(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(rehearse, arguments, prog_name="fuota rehearse")
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "None False []"),
        (("--require", "99%"), "99% False []"),
        (("--require=99%", "--keep"), "99% True []"),
        (("Stack", "--keep", "Stage/*"), "None True ['Stack', 'Stage/*']"),
        (("--", "--all", "-c", "a=b"), "None False ['--all', '-c', 'a=b']"),
        (("Stack", "--require", "1%", "--", "--outputs-file", "o"), "1% False ['Stack', '--outputs-file', 'o']"),
        (("--", "Stack", "--", "Other"), "None False ['Stack', '--', 'Other']"),
        (("--",), "None False []"),
    ],
)
def test_hands_on_stacks_and_what_is_behind_the_dashes(arguments: tuple[str, ...], expected: str) -> None:
    assert said(*arguments) == (0, f"ran with {expected}\n")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--requires", "99%"), "did you mean --require?"),
        (("--requre", "100%"), "did you mean --require?"),
        (("--los", "60%"), "did you mean --loss?"),
        (("--req", "99%"), "did you mean --require?"),
        (("--requires=99%",), "did you mean --require=99%?"),
        (("--require99%",), "did you mean --require 99%?"),
        (("--devices5",), "did you mean --devices 5?"),
        (("--Require", "99%"), "did you mean --require?"),
        (("--REQUIRE=99%",), "did you mean --require=99%?"),
        (("--json_file", "x"), "did you mean --json-file?"),
        (("--jsonfile", "x"), "did you mean --json-file?"),
        (("-require", "99%"), "did you mean --require?"),
        (("-loss=5%",), "did you mean --loss=5%?"),
        (("\u2014require", "99%"), "did you mean --require?"),
        (("\u2013\u2013require=99%",), "did you mean --require=99%?"),
        (("require=99%",), "did you mean --require=99%?"),
        (("--keep", "99%"), "'99%' is no stack name"),
        (("--require", "99%", "of all"), "'of all' is no stack name"),
        (("---require", "99%"), "did you mean --require?"),
        (("--no-keep",), "has no option '--no-keep'"),
        (("--keep=yes",), "does not take a value"),
        (("--require",), "requires an argument"),
        (("--require", "--", "99%"), "requires an argument"),
    ],
)
def test_fails_on_what_is_no_option_and_says_what_was_meant(arguments: tuple[str, ...], remedy: str) -> None:
    code, output = said(*arguments)
    assert code == 2
    assert "ran with" not in output
    assert remedy in output


@pytest.mark.parametrize(
    ("arguments", "behind"),
    [
        (("--all",), "--all"),
        (("-c", "stage=test"), "-c stage=test"),
        (("--context=a=b",), "--context=a=b"),
        (("-fe",), "-fe"),
        (("--progress", "x"), "--progress x"),
        (("--app", "python3 other.py"), "--app 'python3 other.py'"),
        (("--all", "--loss", "5%"), "--all"),
    ],
)
def test_fails_on_options_of_the_cdk_before_the_dashes(arguments: tuple[str, ...], behind: str) -> None:
    code, output = said(*arguments)
    assert code == 2
    assert f"options of the CDK CLI go behind --, as in: fuota rehearse -- {behind}\n" in output
    assert "did you mean" not in output


@pytest.mark.parametrize(
    ("behind", "remedy"),
    [
        (("--require", "99%"), "it is one of fuota rehearse, so give it before the --"),
        (("--all", "--requires=99%"), "did you mean --require before the --?"),
        (("--alll",), "did you mean --all?"),
        (("--ALL",), "did you mean --all?"),
        (("--xyzzy",), "leave it out"),
        (("Stack", "-Z"), "'-Z' is no option of the CDK CLI, which would ignore it"),
    ],
)
def test_fails_behind_the_dashes_on_what_the_cdk_would_ignore(behind: tuple[str, ...], remedy: str) -> None:
    code, output = said("--", *behind)
    assert code == 2
    assert "ran with" not in output
    assert remedy in output


@pytest.mark.parametrize("arguments", [("-h",), ("--help",), ("--", "-h"), ("Stack", "--", "--all", "--help")])
def test_help_starts_nothing(arguments: tuple[str, ...]) -> None:
    code, output = said(*arguments)
    assert code == 0
    assert output.startswith("Usage: fuota rehearse [OPTIONS] [STACK]... [-- CDK ARGUMENTS]")


@pytest.mark.parametrize("command", [("rehearse",), ("local", "deploy"), ("local", "destroy"), ("local", "cdk")])
def test_every_such_command_refuses_and_helps(command: tuple[str, ...], fuota: Fuota) -> None:
    refused = fuota(*command, "--requires", "99%")
    assert refused.returncode == 2
    assert f"fuota {' '.join(command)} has no option '--requires'" in refused.stderr
    helped = fuota(*command, "-h")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"Usage: fuota {' '.join(command)} [OPTIONS]")
