"""Code in a template finds the module with which AWS lets it answer CloudFormation."""

import json
import time
import uuid
from typing import Any

import pytest

from fuota_constructs.local.cloud import LocalCloud

CODE = {
    "python3.13": "import cfnresponse\n"
    "def handler(event, context):\n"
    "    given = event['ResourceProperties']\n"
    "    cfnresponse.send(event, context, given['Status'], {'Said': 'ü'}, given.get('Id'), reason=given.get('Why'))\n",
    "nodejs24.x": "const response = require('cfn-response');\n"
    "exports.handler = async (event, context) => {\n"
    "  const given = event.ResourceProperties;\n"
    "  await response.send(event, context, response[given.Status], {Said: 'ü'}, given.Id);\n"
    "};\n",
}


def _deployed(cloud: LocalCloud, runtime: str, code: str, **properties: str) -> tuple[dict[str, Any], list[str]]:
    """A stack with a custom resource of that code, and why resources of it failed."""
    role = f"arn:aws:iam::{cloud.account}:role/any"
    made = {"Handler": "index.handler", "Role": role, "Timeout": 60, "Runtime": runtime, "Code": {"ZipFile": code}}
    custom = {"ServiceToken": {"Fn::GetAtt": ["F", "Arn"]}, **properties}
    template = {
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function", "Properties": made},
            "C": {"Type": "Custom::Thing", "Properties": custom},
        },
        "Outputs": {"Ref": {"Value": {"Ref": "C"}}, "Said": {"Value": {"Fn::GetAtt": ["C", "Said"]}}},
    }
    name, stacks = f"s-{uuid.uuid4().hex}", cloud.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template), OnFailure="DO_NOTHING")
    while (stack := stacks.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"] == "CREATE_IN_PROGRESS":
        time.sleep(0.1)
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    return stack, [each["ResourceStatusReason"] for each in events if each["ResourceStatus"] == "CREATE_FAILED"]


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("runtime", CODE)
def test_inline_code_answers_with_the_module_of_aws(runtime: str, cloud: LocalCloud) -> None:
    stack, failed = _deployed(cloud, runtime, CODE[runtime], Status="SUCCESS", Id="thing-1")
    assert failed == []
    assert {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]} == {"Ref": "thing-1", "Said": "ü"}


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize(
    ("runtime", "why"), [("python3.13", "no room in the cellar"), ("nodejs24.x", "See the details in CloudWatch Log")]
)
def test_fails_with_what_inline_code_says(runtime: str, why: str, cloud: LocalCloud) -> None:
    _, failed = _deployed(cloud, runtime, CODE[runtime], Status="FAILED", Why="no room in the cellar")
    assert any(why in reason for reason in failed), failed


def test_fails_to_import_the_module_by_another_statement_than_the_documented_one(cloud: LocalCloud) -> None:
    code = "from cfnresponse import send\ndef handler(event, context): pass\n"
    _, failed = _deployed(cloud, "python3.13", code)
    assert any("No module named 'cfnresponse'" in reason for reason in failed), failed
