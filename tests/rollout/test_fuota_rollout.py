"""FuotaRollout: what is in the template."""

import json
import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import cfnlint.api
import pytest
from aws_cdk import aws_iam as iam
from rollout_template import settings_of

from fuota_constructs import (
    Applied,
    DeviceVersions,
    FuotaValidationError,
)
from fuota_constructs.operations.rollouts import BUCKET_TAG, ROLLOUT_TAG, TABLE_TAG

LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")


def test_versions_have_a_table_of_their_own_where_they_count(stack, rollout_of, synth) -> None:
    rollout, role = rollout_of(applied=Applied.version("2.4.0")), iam.Role(stack, "Pipeline", assumed_by=LAMBDA)
    rollout.grants.report_versions(role)
    template = synth(stack)
    assert settings_of(template)["applied"] == {"version": "2.4.0", "withinSeconds": 172_800, "table": "token"}
    [table] = [body for name, body in template.all("AWS::DynamoDB::Table").items() if "Versions" in name]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["KeySchema"] == [{"AttributeName": "WirelessDeviceId", "KeyType": "HASH"}]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    allowed = json.dumps(template.all("AWS::IAM::Policy"))
    assert allowed.count('"dynamodb:BatchGetItem"') == allowed.count('"dynamodb:BatchWriteItem"') == 1


def test_rollouts_may_share_a_table_and_those_without_a_version_have_none(stack, rollout_of, synth) -> None:
    versions = DeviceVersions(stack, "FleetVersions")
    asked = Applied.version("2.4.0", within=cdk.Duration.hours(12), versions=versions)
    first, second, plain = rollout_of("A", applied=asked), rollout_of("B", applied=asked), rollout_of("C")
    assert first.versions is second.versions is versions
    assert plain.versions is None
    tables = [name for name in synth(stack).all("AWS::DynamoDB::Table") if "Versions" in name]
    assert len(tables) == 1
    with pytest.raises(FuotaValidationError, match="give it applied=Applied"):
        plain.grants.report_versions(iam.Role(stack, "Pipeline", assumed_by=LAMBDA))
    with pytest.raises(FuotaValidationError, match="give a role, a function"):
        versions.grant_report("pipeline")


def test_machines_are_as_their_files_say(stack, rollout_of, synth) -> None:
    rollout_of()
    machines = synth(stack).all("AWS::StepFunctions::StateMachine")
    assert len(machines) == 2
    for name, body in machines.items():
        file = "wave" if "Wave" in name else "rollout"
        text = Path(sys.modules["fuota_constructs.rollout.fuota_rollout"].__file__).parent / "machine"
        assert body["Properties"]["DefinitionString"] == (text / f"{file}.asl.json").read_text()
        assert "FunctionArn" in body["Properties"]["DefinitionSubstitutions"]


def test_the_asset_has_all_that_the_function_imports(stack, rollout_of, synth) -> None:
    """In a Python that has the asset, and nothing else."""
    rollout_of()
    synth(stack)
    assembly = Path(stack.node.root.outdir)
    files = json.loads((assembly / f"{stack.stack_name}.assets.json").read_text())["files"].values()
    [code] = [
        assembly / file["source"]["path"]
        for file in files
        if (assembly / file["source"]["path"] / "rollout_step.py").exists()
    ]
    check = (
        f"import sys; sys.path = [{str(code)!r}, *[path for path in sys.path if 'site-packages' not in path]];"
        "import rollout_step; from session_length import decode_probability; print(decode_probability(100, 30, 0.1))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0.9 < float(done.stdout) < 1
    assert all(path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644) for path in code.rglob("*"))


def test_the_template_and_its_machines_are_valid(stack, rollout_of, synth) -> None:
    rollout_of()
    synth(stack)
    text = (Path(stack.node.root.outdir) / stack.template_file).read_text()
    assert [str(match) for match in cfnlint.api.lint(text)] == []


def test_aspects_see_functions_tables_and_machines(stack, rollout_of) -> None:
    rollout = rollout_of()
    from aws_cdk import aws_dynamodb, aws_lambda, aws_stepfunctions

    kinds = (aws_lambda.CfnFunction, aws_dynamodb.CfnTable, aws_stepfunctions.CfnStateMachine)
    seen = [kind for node in rollout.node.find_all() for kind in kinds if isinstance(node, kind)]
    assert sorted(map(kinds.index, seen)) == [0, 1, 2, 2]


def test_the_machine_says_by_tags_where_word_and_evidence_are(stack, rollout_of, synth) -> None:
    rollout_of()
    machines = synth(stack).all("AWS::StepFunctions::StateMachine").values()
    [tags] = [machine["Properties"]["Tags"] for machine in machines if "Tags" in machine["Properties"]]
    found = {tag["Key"]: tag["Value"] for tag in tags}
    assert set(found) == {ROLLOUT_TAG, TABLE_TAG, BUCKET_TAG}
    assert [list(found[tag]) for tag in (TABLE_TAG, BUCKET_TAG)] == [["Ref"], ["Ref"]]
