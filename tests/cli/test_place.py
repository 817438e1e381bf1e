"""Where a command looks, in words, as options and as what a shell takes."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from fuota_constructs.cli.aws_access import _place_of
from fuota_constructs.cli.place import Place
from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.next_step import NextStep, step

if TYPE_CHECKING:
    from pathlib import Path

OWN = ("000000000000", "eu-west-1")
AWS_PLACE = Place("eu-west-1", "111122223333", "prod")


@pytest.mark.parametrize(
    ("place", "said", "options"),
    [
        (AWS_PLACE, "AWS account 111122223333/eu-west-1, profile prod", "--profile prod --region eu-west-1"),
        (Place("us-west-2", "111122223333"), "AWS account 111122223333/us-west-2", "--region us-west-2"),
        (Place("us-west-2"), "AWS us-west-2", "--region us-west-2"),
        (Place("eu-west-1", OWN[0], port=4566, own=OWN), "local cloud :4566", "--local"),
        (Place("eu-west-1", OWN[0], port=43000, own=OWN), "local cloud :43000", "--local --port 43000"),
        (
            Place("us-west-2", "444455556666", port=43000, own=OWN),
            "local cloud :43000, account 444455556666/us-west-2",
            "--local --port 43000 --account 444455556666 --region us-west-2",
        ),
        (
            Place("eu-west-1", OWN[0], port=43000, own=OWN, named=True),
            "local cloud :43000",
            "--local --port 43000 --account 000000000000 --region eu-west-1",
        ),
        (
            Place("eu-west-1", "111122223333", endpoint="http://localhost:4566"),
            "http://localhost:4566, account 111122223333/eu-west-1",
            "--region eu-west-1",
        ),
        (Place("eu-west-1", profile="my \x1b[31mown"), "AWS eu-west-1, profile my \\x1b[31mown", None),
    ],
)
def test_is_said_and_leads_there_again(place: Place, said: str, options: str | None) -> None:
    assert str(place) == said
    if options is not None:
        assert " ".join(place.options) == options
        assert place.command("start", "task-id") == f"fuota start task-id {options}"


def test_names_the_port_where_the_environment_has_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUOTA_LOCAL_PORT", "43000")
    assert Place("eu-west-1", OWN[0], port=4566, own=OWN).options == ("--local", "--port", "4566")


@pytest.mark.parametrize("profile", ["two words", "it's", "$HOME", "a;touch x", "`id`", "*", 'a"b', "ä", "-x"])
def test_a_shell_hands_on_what_was_meant(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1/a b")
    place = Place("eu-west-1", profile=profile, endpoint="http://localhost:1/a b")
    show = "import json, os, sys; print(json.dumps([os.environ['AWS_ENDPOINT_URL'], *sys.argv[1:]]))"
    shell = f'fuota() {{ python3 -c {shlex.quote(show)} "$@"; }}\n{place.command("start", "id")}'
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    expected = ["http://localhost:1/a b", "start", "id", "--profile", profile, "--region", "eu-west-1"]
    assert json.loads(done.stdout) == expected


def test_steps_that_ask_no_service_get_no_options() -> None:
    plan = NextStep(("plan", "20000B", "--rf-region", "EU868"), asks_the_service=False)
    assert AWS_PLACE.commands([step("start", "id"), plan]) == [
        "fuota start id --profile prod --region eu-west-1",
        "fuota plan 20000B --rf-region EU868",
    ]


def test_json_has_no_more_than_where_it_is() -> None:
    assert AWS_PLACE.as_dict() == {
        "name": "AWS account 111122223333/eu-west-1, profile prod",
        "cloud": "aws",
        "region": "eu-west-1",
        "account": "111122223333",
        "profile": "prod",
        "port": None,
        "endpoint": None,
    }
    assert Place("eu-west-1", port=4566).as_dict()["cloud"] == "local"
    assert Place("eu-west-1", endpoint="http://x").as_dict()["cloud"] == "other"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (AWS_PLACE, "fuota list --profile prod --region eu-west-1"),
        (Place("eu-west-1", port=43000), "fuota list --local --port 43000"),
        (Place("eu-west-1", port=4566), "fuota list --local"),
    ],
)
def test_names_the_command_that_lists_tasks(place: Place, command: str) -> None:
    assert place.list_command == command


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration with two profiles, and nothing of AWS in the environment."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    keys = "aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n"
    (tmp_path / "config").write_text(
        f"[default]\n{keys}region = sa-east-1\n[profile prod]\n{keys}region = eu-west-1\n"
        f"[profile vpc]\n{keys}region = eu-west-1\nendpoint_url = http://10.0.0.1:8080\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


def test_goes_by_the_environment_as_the_sdks_of_aws_do(config: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(_place_of(Aws(), None)) == "AWS sa-east-1"
    assert str(_place_of(Aws(profile="prod"), "prod")) == "AWS eu-west-1, profile prod"
    monkeypatch.setenv("AWS_PROFILE", "prod")
    assert str(_place_of(Aws(), None)) == "AWS eu-west-1, profile prod"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert Aws().region == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert Aws().region == "us-east-1"
    assert Aws(profile="prod").region == "us-east-1"
    assert Aws(region="ap-northeast-1").region == "ap-northeast-1"
    monkeypatch.setenv("AWS_REGION", "")
    assert Aws().region == "us-west-2"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    assert Aws().region == "eu-west-1"  # of the profile
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOTHER")
    # Keys count before AWS_PROFILE: with --profile it would be another account.
    assert str(_place_of(Aws(), None)) == "AWS eu-west-1"
    assert str(_place_of(Aws(profile="vpc"), "vpc")) == "http://10.0.0.1:8080, eu-west-1, profile vpc"
