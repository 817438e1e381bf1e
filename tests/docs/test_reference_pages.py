"""The pages of docs/ that say what there is: all of it, and nothing else. (Rules and IAM have tests of their own.)"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import click
import pytest
import yaml

import fuota_constructs
from fuota_constructs.cli import exit_codes
from fuota_constructs.cli.documents import NAMES, identity
from fuota_constructs.cli.root import fuota
from fuota_constructs.local.iotwireless import IotWirelessService, serve
from fuota_constructs.local.iotwireless.admin import Admin
from fuota_constructs.operations.device_status import DEVICE_STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = {
    path: path.read_text(encoding="utf-8")
    for pattern in ("*.py", "*.js")
    for path in sorted((ROOT / "fuota_constructs").rglob(pattern))
}


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def table_rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_variable_of_ours_is_on_the_page() -> None:
    named = {name for text in SOURCE.values() for name in re.findall(r"[\"'](FUOTA_[A-Z_]+)[\"']", text)}
    statuses = {"FUOTA_DONE"}
    assert named - statuses == set(re.findall(r"`(FUOTA_[A-Z_]+)`", page("reference/environment.md"))) - {
        "FUOTA_REQUIRE_BROWSER"
    }
    assert "FUOTA_REQUIRE_BROWSER" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_local_cloud_has_the_routes_of_its_page() -> None:
    routes = {
        f"{verb} {path}"
        for cells in table_rows(page("reference/local-api.md"))
        for verbs, path in re.findall(r"((?:`[A-Z]+`, )*`?[A-Z]+) (/_fuota/[a-z-]+)", cells[0])
        for verb in re.findall("[A-Z]+", verbs)
    }
    _, _, said = Admin(IotWirelessService()).handle("GET", "/_fuota/none", b"", {})
    assert routes == set(re.findall(r"[A-Z]+ /_fuota/[a-z-]+", said.decode().partition("there are: ")[2]))


def test_exit_codes_are_those_of_the_code() -> None:
    given = {value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}
    on_the_page = {int(cells[0]) for cells in table_rows(page("reference/exit-codes.md")) if cells[0].isdigit()}
    assert on_the_page == given


def command(*words: str) -> click.Command:
    """A command by its words after `fuota`."""
    found: click.Command = fuota
    for word in words:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), word)
        assert inner is not None, word
        found = inner
    return found


def names_in(group: click.Command) -> set[str]:
    """The commands of a group."""
    assert isinstance(group, click.Group)
    return set(group.list_commands(click.Context(group)))


def test_every_command_is_on_the_page() -> None:
    rows = {cells[0]: cells[1] for cells in table_rows(page("reference/commands.md"))}
    assert set(rows) - {"command"} == {f"`fuota {name}`" for name in names_in(command())}
    assert set(re.findall(r"`([\w-]+)`", rows["`fuota local`"])) == names_in(command("local"))


def test_every_public_name_is_on_the_page_and_in_the_full_part() -> None:
    text = page("reference/constructs.md")
    in_full = set(re.findall(r"\.\. auto(?:class|exception):: (\w+)", text))
    for name in fuota_constructs.__all__:
        assert f"`{name}" in text or f"{name}(" in text or f"{name}." in text, name
        assert name in in_full, name


@pytest.mark.parametrize("room", ["monitor", "rollout"])
def test_the_schema_of_events_is_what_the_module_prints(room: str) -> None:
    module = [sys.executable, "-m", f"fuota_constructs.{room}.event_schema"]
    printed = subprocess.run(module, capture_output=True, text=True, check=True).stdout
    assert f"```json\n{printed}```" in page("reference/events.md")


def test_every_json_document_is_on_the_page() -> None:
    text = page("reference/json.md")
    assert set(re.findall(r"^\| `(fuota/[\w-]+/\d+)` ", text, re.MULTILINE)) == {identity(name) for name in NAMES}
    assert set(re.findall(r"```\{json-schema\} ([\w-]+)\n", text)) == set(NAMES)


def test_every_status_of_a_device_is_explained() -> None:
    explained = re.findall(r"`(\w+)`", " ".join(cells[0] for cells in table_rows(page("explanation/fuota-done.md"))))
    assert set(DEVICE_STATUSES) <= set(explained)


OTHERS = re.compile(r"\((CDK|IAM|S3|CloudFormation)\)")


def our_messages() -> list[str]:
    """What the first column of the troubleshooting tables quotes and is said by this library."""
    cells = [cells[0] for cells in table_rows(page("how-to/troubleshooting.md")) if not OTHERS.search(cells[0])]
    return [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("message", our_messages())
def test_a_message_of_troubleshooting_is_said_somewhere(message: str) -> None:
    code = re.sub(r"\"\s*f?\"", "", "".join(SOURCE.values()))  # texts that go on in the next line
    for part in message.split("..."):
        assert part.strip(" ':") in code, part


def yaml_blocks() -> list[Any]:
    text = page("tutorials/gate-in-ci.md")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def test_pipelines_are_yaml_and_run_commands_that_exist() -> None:
    github, gitlab = yaml_blocks()
    steps = [step["run"] for step in github["jobs"]["rehearse"]["steps"] if "run" in step]
    gates = [line for line in (*steps, *gitlab["rehearse"]["script"]) if line.startswith("fuota ")]
    assert len(gates) == 2
    for line in gates:
        _, name, *arguments = shlex.split(line)
        fleet = DOCS / "index.md"  # any file that exists
        # With its parent, as it is called: click keeps the first help option it makes, and -h is of the parent.
        given = [str(fleet) if each == "fleet.yaml" else each for each in arguments]
        context = command(name).make_context(name, given, parent=click.Context(fuota, **fuota.context_settings))
        assert context.params["require"] is not None


def test_the_device_of_the_page_is_one_that_can_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    text = page("how-to/devices-into-groups.md")
    [block] = re.findall(r"<!-- run against the local service -->\n\n```py\n(.*?)```", text, re.DOTALL)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000000")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with serve(IotWirelessService()) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_IOT_WIRELESS", url)
        client: Any = boto3.client("iotwireless")
        client.create_destination(
            Name="uplinks", ExpressionType="RuleName", Expression="r", RoleArn="arn:aws:iam::1:role/r"
        )
        names: dict[str, Any] = {}
        exec(compile(block, "devices-into-groups.md", "exec"), names)  # noqa: S102  # running it is the test
        [member] = client.list_wireless_devices(MulticastGroupId=names["group"]["Id"])["WirelessDeviceList"]
    assert member["Id"] == names["device"]["Id"]


def test_policies_and_events_are_json() -> None:
    for path in sorted(DOCS.rglob("*.md")):
        for block in re.findall(r"^```json\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            json.loads(block)


def test_sources_of_assumptions_exist_and_speak_of_them() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", page("explanation/assumptions.md")))
    assert len(named) > 10
    doubt = re.compile(r"assum|not document|documented nowhere")
    silent = {name for name in named if not doubt.search(SOURCE[ROOT / "fuota_constructs" / name].lower())}
    assert silent == set()


def test_all_that_is_marked_assumed_is_on_the_page() -> None:
    """In the code that runs for AWS; the local service's assumptions are a list of their own."""
    mark = re.compile(r"\bassumed: |\bAssumed|is assumed|\(assumed|assumed\)")
    marked = {
        path.relative_to(ROOT / "fuota_constructs").as_posix()
        for path, text in SOURCE.items()
        if mark.search(text) and not path.is_relative_to(ROOT / "fuota_constructs" / "local")
    }
    elsewhere = {name for name in marked if name.startswith("cli/")}  # words of the reports, for the same assumptions
    named = set(re.findall(r"`([\w/]+\.py)`", page("explanation/assumptions.md")))
    assert marked - elsewhere - named == set()


def test_every_type_of_resource_is_on_the_page() -> None:
    templates = (ROOT / "tests" / "constructs" / "__snapshots__").rglob("test_template*.json")
    resources = [body for each in templates for body in json.loads(each.read_text())["Resources"].values()]
    on_the_page = set(re.findall(r"`((?:AWS|Custom)::[\w:]+)`", page("reference/stack.md")))
    made = {body["Type"] for body in resources} - {"AWS::KMS::Key"}  # the key is given
    assert made | {"AWS::Scheduler::Schedule"} == on_the_page  # a start at a fixed time is in no snapshot
