"""Every example runs, deploys what it says, and passes cdk-nag and cfn-lint."""

import json
import runpy
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest

from .nag_packs import PACKS

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/app.py"))
APPS = {path.name: path for path in EXAMPLES} | {"app": ROOT}


TASKS = {
    "minimal": 1,
    "delta": 1,
    "existing_bucket_and_role": 1,
    "two_regions": 2,
    "imported_task": 1,
    "monitored": 1,
    "rollout": 0,
    "app": 1,
}


OWN_FINDINGS = {
    "monitored": ("CloudWatchAlarmAction", "its alarms have actions when it is deployed with a mail address"),
    "imported_task": ("IAMNoInlinePolicy", "its own role is granted something, which the CDK writes so"),
}
"""What cdk-nag says about what an example makes besides."""


@pytest.fixture(params=APPS)
def assembly(request, tmp_path, monkeypatch) -> tuple[str, Path]:
    """An app as `cdk synth` runs it, with its own context, and cdk-nag looking on."""
    folder = APPS[request.param]
    context = json.loads((folder / "cdk.json").read_text()).get("context", {})
    make = cdk.App.__init__

    def as_the_cli_runs_it(app: cdk.App) -> None:
        make(app, outdir=str(tmp_path / "cdk.out"), context=context)
        cdk.Validations.of(app).add_plugins(*(pack(app, verbose=True) for pack in PACKS))
        if own := OWN_FINDINGS.get(request.param):
            ids = [f"{pack}-{own[0]}" for pack in ("HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI.DSS.321")]
            cdk.Validations.of(app).acknowledge(*(cdk.Acknowledgment(id=each, reason=own[1]) for each in ids))

    monkeypatch.chdir(folder)
    monkeypatch.setattr(cdk.App, "__init__", as_the_cli_runs_it)
    runpy.run_path(str(folder / "app.py"), run_name="__main__")
    return request.param, tmp_path / "cdk.out"


def test_example(assembly) -> None:
    name, directory = assembly
    templates = list(directory.glob("*.template.json"))
    types = [body["Type"] for path in templates for body in json.loads(path.read_text())["Resources"].values()]
    assert types.count("Custom::FuotaTask") == TASKS[name]
    for path in templates:
        assert [str(match) for match in cfnlint.api.lint(path.read_text())] == []
    said = [entry for path in directory.glob("*.metadata.json") for entry in warnings_in(json.loads(path.read_text()))]
    assert said == []


def warnings_in(metadata: dict[str, list[dict[str, str]]]) -> list[str]:
    """The warnings of a stack's metadata, which the CDK keeps in a file beside the manifest."""
    return [entry["data"] for entries in metadata.values() for entry in entries if entry["type"] == "aws:cdk:warning"]


def test_fails_to_be_quiet_about_an_app_with_a_warning(tmp_path) -> None:
    from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

    app = cdk.App(outdir=str(tmp_path / "cdk.out"))
    stack = cdk.Stack(app, "Stack")
    group = MulticastGroup(stack, "Group", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
    image = FirmwareImage.from_asset(ROOT / "firmware" / "sensor-1.1.0.bin")
    FuotaTask(stack, "Task", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=[group])
    app.synth()
    [said] = warnings_in(json.loads((tmp_path / "cdk.out" / "Stack.metadata.json").read_text()))
    assert "parameters-not-given" in said


def test_every_example_is_tested() -> None:
    assert set(TASKS) == set(APPS)


def test_every_example_is_short_and_says_how_it_is_run() -> None:
    for folder in EXAMPLES:
        assert json.loads((folder / "cdk.json").read_text())["app"] == "python3 app.py"
        assert len((folder / "app.py").read_text().splitlines()) <= 60
