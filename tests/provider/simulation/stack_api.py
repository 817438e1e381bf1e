"""CloudFormation's own API, as far as the handler asks it: the status of the stack, and a resource on record."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from simulation.cloudformation import CloudFormation

NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
Answer = tuple[int, dict[str, str], bytes]


def error(status: int, code: str, message: str) -> Answer:
    """An error as the query protocol writes it."""
    text = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return _xml(status, f'<ErrorResponse xmlns="{NAMESPACE}">{text}<RequestId>1</RequestId></ErrorResponse>')


def answer(stack: CloudFormation, body: str) -> Answer:
    """Answer a request."""
    asked = {name: values[0] for name, values in parse_qs(body).items()}
    if asked["Action"] == "DescribeStacks":
        status = stack.phase
        member = "<StackName>Fleet</StackName><CreationTime>2026-11-23T10:11:12Z</CreationTime>"
        return _result(
            "DescribeStacks", f"<Stacks><member>{member}<StackStatus>{status}</StackStatus></member></Stacks>"
        )
    name = asked["LogicalResourceId"]
    if asked["StackName"] != stack.stack_id or name not in stack.statuses:
        return error(400, "ValidationError", f"Resource {name} does not exist for stack Fleet")
    record = stack.records.get(name)
    detail = (
        f"<LogicalResourceId>{name}</LogicalResourceId><ResourceStatus>{stack.statuses[name]}</ResourceStatus>"
        "<ResourceType>Custom::FuotaTask</ResourceType><LastUpdatedTimestamp>2026-11-23T10:11:12Z</LastUpdatedTimestamp>"
        f"<PhysicalResourceId>{record.physical_id if record else ''}</PhysicalResourceId>"
    )
    return _result("DescribeStackResource", f"<StackResourceDetail>{detail}</StackResourceDetail>")


def _result(operation: str, content: str) -> Answer:
    result = f"<{operation}Result>{content}</{operation}Result>"
    return _xml(200, f'<{operation}Response xmlns="{NAMESPACE}">{result}</{operation}Response>')


def _xml(status: int, text: str) -> Answer:
    return status, {"Content-Type": "text/xml"}, text.encode()
