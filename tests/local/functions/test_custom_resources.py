"""A custom resource whose function does not answer fails, with what Lambda knows, after Lambda's repetitions."""

import contextlib
import json
import re
import textwrap
import uuid
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from told_function import ToldFunction

from fuota_constructs.local.cloud import LocalCloud

ANSWER = """
import json, urllib.request
def answer(event, **more):
    said = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    said = {**said, "Status": "SUCCESS", "PhysicalResourceId": "made", **more}
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(said).encode(), method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request).close()
"""


def python(body: str) -> dict[str, Any]:
    code = f"{ANSWER}\ndef handler(event, context):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    return {"Runtime": "python3.13", "Code": {"ZipFile": code}}


def create(cloud: LocalCloud, function: dict[str, Any], **properties: Any) -> tuple[str, str]:
    """Create a stack with a custom resource of a function: its name, and why the resource failed."""
    role = f"arn:aws:iam::{cloud.account}:role/any"
    made = {"Handler": "index.handler", "Role": role, "Timeout": 60, **function}
    custom = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, **properties}
    resources = {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": made},
        "Custom": {"Type": "Custom::Thing", "Properties": custom},
    }
    name, stacks = f"s-{uuid.uuid4().hex}", cloud.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    with contextlib.suppress(WaiterError):  # what it says lies in the events
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    reasons = [each["ResourceStatusReason"] for each in failed if each["LogicalResourceId"] == "Custom"]
    return name, reasons[0] if reasons else ""


FAILING = {
    "python does not start": (
        {"Runtime": "python3.13", "Code": {"ZipFile": "import no_such_module"}},
        "no_such_module",
    ),
    "node does not start": (
        {"Runtime": "nodejs24.x", "Code": {"ZipFile": "require('no-such-module')"}},
        "no-such-module",
    ),
    "no runtime here": ({"Runtime": "ruby3.3", "Code": {"ZipFile": "x"}}, "runs functions in Python, in Node.js and"),
    "python raises": (
        python("raise ValueError('not today')"),
        "ended 3 times without an answer to CloudFormation: not today",
    ),
    "python ends": (
        python("import os; os._exit(1)"),
        "ended 3 times without an answer to CloudFormation: Worker process died",
    ),
    "takes too long": ({**python("import time; time.sleep(60)"), "Timeout": 1}, "Task timed out after 1.00 seconds"),
    "node throws": (
        {
            "Runtime": "nodejs24.x",
            "Code": {"ZipFile": "exports.handler = async () => { throw new Error('not today'); }"},
        },
        "ended 3 times without an answer to CloudFormation: not today",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_fails_with_the_reason_and_without_waiting(case: str, cloud: LocalCloud) -> None:
    function, reason = FAILING[case]
    _, said = create(cloud, function)
    assert said
    assert reason in said


def test_a_function_that_succeeds_the_second_time_has_succeeded(cloud: LocalCloud) -> None:
    name = f"/attempts/{uuid.uuid4().hex}"
    body = f"""
        import boto3
        ssm = boto3.client("ssm")
        version = ssm.put_parameter(Name={name!r}, Value="x", Type="String", Overwrite=True)["Version"]
        if event["RequestType"] == "Create" and version == 1:
            raise ValueError("not the first time")
        answer(event)
    """
    stack, reason = create(cloud, python(body))
    assert reason == ""
    assert cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Version"] == 2
    [custom] = cloud.client("cloudformation").describe_stack_resources(StackName=stack, LogicalResourceId="Custom")[
        "StackResources"
    ]
    assert custom["PhysicalResourceId"] == "made"


def test_a_function_that_answers_and_then_fails_has_answered(cloud: LocalCloud) -> None:
    _, reason = create(cloud, python("answer(event); raise ValueError('too late')"))
    assert reason == ""


def test_what_the_function_says_itself_is_the_reason(cloud: LocalCloud) -> None:
    body = "answer(event, Status='FAILED', Reason='the volcano erupted'); raise ValueError('not this')"
    _, reason = create(cloud, python(body))
    assert "the volcano erupted" in reason
    assert "not this" not in reason


def test_fails_on_an_answer_longer_than_cloudformation_takes(cloud: LocalCloud) -> None:
    _, reason = create(
        cloud, python("answer(event, Data={'Long': 'x' * 4096 if event['RequestType'] != 'Delete' else ''})")
    )
    assert re.search(r"Response object is too long: 4\d{3} bytes, CloudFormation takes 4096", reason)


def test_fails_on_the_first_answer_whatever_is_answered_later(cloud: LocalCloud) -> None:
    _, reason = create(cloud, python("answer(event, Status='FAILED', Reason='no')\nanswer(event)"))
    assert "Message returned: no " in reason


def test_data_that_is_not_to_be_echoed_goes_to_resources_and_not_to_outputs(told: ToldFunction, stack: str) -> None:
    secret = told.resource(Create={"Data": {"Key": 7}, "NoEcho": True})
    reader = told.resource({"Fn::GetAtt": ["A", "Key"]})
    told.deploy(stack, {"A": secret, "B": reader}, Key={"Fn::GetAtt": ["A", "Key"]})
    assert told.asked(stack)[1] == ["Create", "B", None, "7"]
    assert told.outputs(stack) == {"Key": "*****"}


def test_numbers_and_booleans_of_data_are_outputs(told: ToldFunction, stack: str) -> None:
    data = {"Number": 7, "Yes": True, "a.dotted.name": "x"}
    outputs = {f"Output{number}": {"Fn::GetAtt": ["A", name]} for number, name in enumerate(data)}
    told.deploy(stack, {"A": told.resource(Create={"Data": data})}, **outputs)
    assert told.outputs(stack) == {"Output0": "7", "Output1": "true", "Output2": "x"}


def test_fails_on_an_attribute_that_the_answer_has_not(told: ToldFunction, stack: str) -> None:
    told.deploy(stack, {"A": told.resource(), "B": told.resource({"Fn::GetAtt": ["A", "Key"]})})
    [reason] = told.reasons(stack, "CREATE_FAILED")
    assert reason == "CustomResource attribute error: Vendor response doesn't contain Key attribute in object A"


@pytest.mark.parametrize("seconds", [0, 3601, "60s"])
def test_fails_on_a_service_timeout_that_is_out_of_range(told: ToldFunction, stack: str, seconds: object) -> None:
    resource = told.resource()
    resource["Properties"]["ServiceTimeout"] = seconds
    assert told.deploy(stack, {"A": resource}) == "ROLLBACK_COMPLETE"
    [reason] = told.reasons(stack, "CREATE_FAILED")
    assert reason == f"Invalid ServiceTimeout: {seconds} is not an integer from 1 to 3600"
    assert told.asked(stack) == []


def test_fails_when_the_service_timeout_is_over(cloud: LocalCloud) -> None:
    _, reason = create(cloud, python("pass"), ServiceTimeout=1)
    assert "CloudFormation did not receive a response from your Custom Resource" in reason
