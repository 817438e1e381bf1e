"""A function behind custom resources that answers as their properties say, and keeps what it was asked."""

import io
import json
import time
import uuid
import zipfile
from typing import Any

from fuota_constructs.local.cloud import LocalCloud

_CODE = """
import boto3, json, time, urllib.request

def handler(event, context):
    properties, stack = event["ResourceProperties"], event["StackId"].split("/")[1]
    asked = [event["RequestType"], event["LogicalResourceId"], event.get("PhysicalResourceId"), properties.get("V")]
    boto3.client("ssm").put_parameter(Name=f"/{stack}/{time.time_ns():020}", Value=json.dumps(asked), Type="String")
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    physical_id = event.get("PhysicalResourceId") or event["LogicalResourceId"].lower()
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": physical_id}
    answer |= json.loads(properties.get(event["RequestType"], "{}"))
    if answer.get("Status") == "NONE":
        return
    body = json.dumps({name: value for name, value in answer.items() if value is not None}).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT")
    request.add_header("Content-Type", "")
    urllib.request.urlopen(request).close()
"""
FAILED = {"Status": "FAILED", "Reason": "the volcano erupted"}
NONE = {"Status": "NONE"}  # CloudFormation waits for its answer
HALF = {**FAILED, "PhysicalResourceId": "half"}


class ToldFunction:
    """The function in a cloud, and stacks of its custom resources."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.stacks, self._ssm = cloud.client("cloudformation"), cloud.client("ssm")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", _CODE)
        made = cloud.client("lambda").create_function(
            FunctionName=f"f-{uuid.uuid4().hex}",
            Runtime="python3.13",
            Handler="index.handler",
            Role=f"arn:aws:iam::{cloud.account}:role/any",
            Code={"ZipFile": packed.getvalue()},
            Timeout=60,
        )
        self.arn = made["FunctionArn"]

    def resource(
        self, version: Any = "1", *, after: str = "", policy: dict[str, str] | None = None, **told: Any
    ) -> Any:
        """A custom resource: `told` is what its answers to a Create, Update or Delete are to say, None to leave it out.

        `after` is what it depends on.
        """
        answers = {kind: json.dumps(answer) for kind, answer in told.items()}
        properties = {"ServiceToken": self.arn, "V": version, **answers}
        depends = {"DependsOn": after} if after else {}
        return {"Type": "Custom::Thing", "Properties": properties, **depends, **(policy or {})}

    def deploy(self, name: str, resources: dict[str, Any], *, rollback: bool = True, **outputs: Any) -> str:
        """Create a stack, or update it if there is one; answer its status."""
        template = {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}
        known = any(
            each["StackName"] == name
            for page in self.stacks.get_paginator("list_stacks").paginate()
            for each in page["StackSummaries"]
        )
        call = self.stacks.update_stack if known else self.stacks.create_stack
        call(StackName=name, TemplateBody=json.dumps(template), DisableRollback=not rollback)
        return self.settled(name)

    def settled(self, name: str) -> str:
        """The status of the stack when nothing is in progress any more."""
        stack_id = self.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        while True:
            status = str(self.stacks.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.05)

    def delete(self, name: str, **options: Any) -> str:
        """Delete a stack; answer its status."""
        stack_id = self.stacks.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.stacks.delete_stack(StackName=name, **options)
        return self.settled(stack_id)

    def asked(self, name: str) -> list[list[str | None]]:
        """What was asked for the stack, in order: the request, the logical and the physical id, the version."""
        pages = self._ssm.get_paginator("get_parameters_by_path").paginate(Path=f"/{name}", Recursive=True)
        kept = sorted((each["Name"], each["Value"]) for page in pages for each in page["Parameters"])
        return [json.loads(value) for _, value in kept]

    def reasons(self, name: str, status: str) -> list[str]:
        """The reasons of the events with that status, oldest first."""
        events = self.stacks.describe_stack_events(StackName=name)["StackEvents"]
        return [each.get("ResourceStatusReason", "") for each in reversed(events) if each["ResourceStatus"] == status]

    def outputs(self, name: str) -> dict[str, str]:
        """The outputs of the stack."""
        found = self.stacks.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in found}

    def physical_ids(self, name: str) -> dict[str, str]:
        """The physical ids on record, by logical id."""
        found = self.stacks.describe_stack_resources(StackName=name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
