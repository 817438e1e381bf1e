"""Arguments for the CDK CLI, told apart as it tells them apart."""

import pytest

from fuota_constructs.local import cdk_cli
from fuota_constructs.local.cdk_options import look_at, options_of


@pytest.fixture(autouse=True, scope="module")
def installed() -> None:
    cdk_cli.ensure()


@pytest.mark.parametrize(
    ("arguments", "positional"),
    [
        ([], ()),
        (["Stack", "Other"], ("Stack", "Other")),
        (["--all"], ()),
        (["-c", "stage=test", "Stack"], ("Stack",)),
        (["-c=stage=test", "Stack"], ("Stack",)),
        (["-cstage=test", "Stack"], ("Stack",)),
        (["--context=stage=test", "Stack", "--outputs-file", "out.json"], ("Stack",)),
        (["--outputsFile", "out.json", "Stack"], ("Stack",)),
        (["--require-approval", "never", "-fv", "Stack"], ("Stack",)),
        (["--no-rollback", "Stack", "-R", "Other", "--no-color"], ("Stack", "Other")),
        (["--parameters", "A=1", "--parameters", "B=2", "Stack"], ("Stack",)),
        (["--exclusively", "Stack"], ("Stack",)),
        (["--telemetry", "Stack", "-vvv", "-h"], ("Stack",)),
        (["-fO", "out.json", "Stack"], ("Stack",)),
        (["Stack", "--", "--all"], ("Stack", "--all")),
        (["-"], ("-",)),
    ],
)
def test_known_arguments(arguments: list[str], positional: tuple[str, ...]) -> None:
    found = look_at(arguments, "deploy")
    assert found.positional == positional
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("arguments", "unknown"),
    [
        (["--require", "99%"], ("--require",)),
        (["--requires=99%"], ("--requires",)),
        (["--ALL"], ("--ALL",)),
        (["--al"], ("--al",)),
        (["-Z"], ("-Z",)),
        (["-fZ"], ("-Z",)),
        (["--no-outputs-file"], ("--no-outputs-file",)),
        (["--toolkit-bucket-name", "x"], ("--toolkit-bucket-name",)),  # an option of bootstrap
    ],
)
def test_options_that_deploy_does_not_have(arguments: list[str], unknown: tuple[str, ...]) -> None:
    assert look_at(arguments, "deploy").unknown == unknown


def test_without_a_command_every_option_of_any_is_known() -> None:
    assert look_at(["bootstrap", "--toolkit-bucket-name", "x", "--long", "--nope"]).unknown == ("--nope",)
    assert set(options_of("deploy")) < set(options_of(None))
