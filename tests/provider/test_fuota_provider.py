"""One provider a stack: its ids, its time-outs, in nested stacks and Stages too."""

import json
from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from fuota_constructs import FirmwareBucket, FirmwareUpdateRole
from fuota_constructs.provider.fuota_provider import LAMBDA_TIMEOUT_SECONDS, SERVICE_TIMEOUT_SECONDS

from ..made_task import COPY, TASK, make_task


def test_r28_construct_ids_and_logical_ids_are_contract(stack, image, synth):
    make_task(stack, image)
    shared = stack.node.find_child("FuotaConstructs")
    assert [child.node.id for child in shared.node.find_child("Provider").node.children] == [
        "Role",
        "LogGroup",
        "Function",
        "Policy",
    ]
    template = synth(stack)
    [function] = template.all("AWS::Lambda::Function")
    assert function == "FuotaConstructsProviderFunctionAC845B0A"
    for kind in (TASK, COPY):
        assert template.properties(kind)["ServiceToken"] == {"Fn::GetAtt": [function, "Arn"]}


def test_r28_the_service_token_does_not_depend_on_the_stack_or_app(image, tmp_path):
    names = set()
    for name in ("One", "Two"):
        app = cdk.App(outdir=str(tmp_path / name))
        stack = cdk.Stack(app, name)
        make_task(stack, image, f"{name}Task")
        template = app.synth().get_stack_by_name(name).template
        names |= {n for n, body in template["Resources"].items() if body["Type"] == "AWS::Lambda::Function"}
    assert len(names) == 1


def test_r29_service_timeout_is_the_lambda_timeout_and_a_margin(stack, image, synth):
    make_task(stack, image)
    template = synth(stack)
    assert template.properties("AWS::Lambda::Function")["Timeout"] == LAMBDA_TIMEOUT_SECONDS == 300
    assert SERVICE_TIMEOUT_SECONDS == 330
    for kind in (TASK, COPY):
        assert template.properties(kind)["ServiceTimeout"] == "330"


def test_second_stack_has_its_own_provider_and_takes_bucket_and_role_of_the_first(app, stack, image, synth):
    other = cdk.Stack(app, "Other")
    bucket, role = FirmwareBucket(stack, "Bucket"), FirmwareUpdateRole(stack, "Role")
    make_task(stack, image, firmware_bucket=bucket, firmware_update_role=role)
    task = make_task(other, image, firmware_bucket=bucket, firmware_update_role=role)
    cdk.CfnOutput(stack, "Elsewhere", value="x")
    assert cdk.Stack.of(task) is other
    template = synth(other)
    assert len(template.all("AWS::Lambda::Function")) == 1
    assert not template.all("AWS::S3::Bucket")
    assert "Fn::ImportValue" in template.properties(TASK)["FirmwareUpdateRole"]


def test_nested_stack(stack, image, synth):
    nested = cdk.NestedStack(stack, "Nested")
    task = make_task(nested, image)
    cdk.CfnOutput(stack, "TaskId", value=task.fuota_task_id)
    template = synth(nested)
    assert len(template.all("AWS::Lambda::Function")) == 1
    assert len(template.all(TASK)) == 1


def test_stage(app, image):
    stage = cdk.Stage(app, "Prod")
    make_task(cdk.Stack(stage, "Stack"), image)
    directory = Path(app.synth().get_nested_assembly("assembly-Prod").directory)
    [assets] = [json.loads(path.read_text()) for path in directory.glob("*.assets.json")]
    sources = [directory / file["source"]["path"] for file in assets["files"].values()]
    assert all(source.exists() for source in sources)
    assert sum(source.parent.parent == directory for source in sources) == 2


def test_construct_scope_below_a_stack_shares_with_the_stack(stack, image, synth):
    make_task(stack, image)
    make_task(Construct(stack, "Fleet"), image)
    assert len(synth(stack).all("AWS::Lambda::Function")) == 1
