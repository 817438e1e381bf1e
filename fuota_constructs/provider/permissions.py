"""What the provider's Lambda may do: statements of a policy, each with a Sid, in a fixed number whatever the tasks."""

from __future__ import annotations

from typing import Any

Statement = dict[str, Any]

TRUST: Statement = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ],
}

_UNSCOPED_ACTIONS = ["CreateFuotaTask", "ListFuotaTasks", "ListWirelessDevices"]
"""Actions without resource-level permissions (Service Authorization Reference): their resource can only be `*`."""

_TASK_ACTIONS = [
    "DeleteFuotaTask",
    "GetFuotaTask",
    "ListMulticastGroupsByFuotaTask",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
    "UpdateFuotaTask",
]

_ATTACHMENTS = [
    "AssociateMulticastGroupWithFuotaTask",
    "AssociateWirelessDeviceWithFuotaTask",
    "DisassociateMulticastGroupFromFuotaTask",
    "DisassociateWirelessDeviceFromFuotaTask",
]
"""Both ends of an attachment are checked: the task, and the group or device (Service Authorization Reference)."""

WILDCARDS = {
    "CreateAndListTasks": "these actions have no resource-level permissions (Service Authorization Reference)",
    "ManageTasks": "the service makes up the ids of FUOTA tasks, so no policy can name them beforehand",
    "AttachTargets": "groups and devices are attached by ids that may be known at deployment only",
    "ReadAssets": "the names of CDK assets change with their content, and a rollback reads those of older deployments",
    "WriteFirmware": "the names of images under firmware/ change with their content",
}
"""Why each statement, by Sid, cannot do without a wildcard."""


def for_tasks(log_group_arn: object) -> dict[str, Statement]:
    """What every provider needs, by Sid."""
    statements = (
        statement("CreateAndListTasks", _iotwireless(_UNSCOPED_ACTIONS), "*"),
        statement("ManageTasks", _iotwireless([*_TASK_ACTIONS, *_ATTACHMENTS]), _any("FuotaTask")),
        statement("AttachTargets", _iotwireless(_ATTACHMENTS), _any("MulticastGroup"), _any("WirelessDevice")),
        statement("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group_arn),
    )
    return {each["Sid"]: each for each in statements}


def for_copies(asset_bucket: str, bucket_arn: str, key_arn: str | None) -> list[Statement]:
    """What copying firmware images from the CDK assets to a firmware bucket, with its KMS key if it has one, needs."""
    read = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", asset_bucket, "/*"]]}
    statements = [
        statement("ReadAssets", ["s3:GetObject"], read),
        statement("WriteFirmware", ["s3:GetObject", "s3:PutObject"], f"{bucket_arn}/firmware/*"),
    ]
    if key_arn:
        statements.append(statement("UseFirmwareKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn))
    return statements


def pass_role(role_arn: str, service: str) -> Statement:
    """What handing a firmware update role to the service needs."""
    return {
        **statement("PassFirmwareUpdateRole", ["iam:PassRole"], role_arn),
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }


def statement(sid: str, actions: list[str], *resources: object) -> Statement:
    """An Allow of a policy."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}


def _iotwireless(names: list[str]) -> list[str]:
    return [f"iotwireless:{name}" for name in names]


def _any(kind: str) -> object:
    # An intrinsic as it stands in the template costs no round trip to the CDK, as Stack.format_arn would.
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iotwireless:${{AWS::Region}}:${{AWS::AccountId}}:{kind}/*"}
