"""What the provider's Lambda may do: statements of a policy, each with a Sid, in a fixed number whatever the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fuota_constructs.template.pseudo_parameters import ACCOUNT, PARTITION, REGION, STACK_ID, joined

if TYPE_CHECKING:
    from fuota_constructs.template.role_policy import Resource, Statement

SERVICE_PRINCIPAL = "iotwireless.amazonaws.com"
"""AWS IoT Wireless, as roles trust it."""

_UNSCOPED_ACTIONS = ["CreateFuotaTask", "ListFuotaTasks", "ListWirelessDevices"]
"""Actions without resource-level permissions (Service Authorization Reference): their resource can only be `*`."""

_READ_TASKS = ["GetFuotaTask", "ListMulticastGroupsByFuotaTask", "ListTagsForResource"]
"""Allowed on all tasks: what a cut-off request left is found by its tags."""

_CHANGE_TASKS = ["DeleteFuotaTask", "TagResource", "UntagResource", "UpdateFuotaTask"]

STACK_TAG = "fuota-constructs:stack-id"
"""What every task of a stack carries; the same name as in `runtime/task_tags.py`."""

ROLLOUT_TAG = "fuota-constructs:rollout"
"""What every task and group of a rollout carries; the same name as in `runtime/fuota_rollout.py`."""

_ATTACHMENTS = [
    "AssociateMulticastGroupWithFuotaTask",
    "AssociateWirelessDeviceWithFuotaTask",
    "DisassociateMulticastGroupFromFuotaTask",
    "DisassociateWirelessDeviceFromFuotaTask",
]
"""Both ends of an attachment are checked: the task, and the group or device (Service Authorization Reference)."""

_SET_UP_GROUPS = [
    "AssociateWirelessDeviceWithMulticastGroup",
    "DisassociateWirelessDeviceFromMulticastGroup",
    "GetMulticastGroup",
    "ListTagsForResource",
    "TagResource",
    "UntagResource",
    "UpdateMulticastGroup",
]
"""Tags say which request is at work on a group."""

_MEMBERSHIP = [action for action in _SET_UP_GROUPS if "WirelessDevice" in action]

WILDCARDS = {
    "CreateAndListTasks": "these actions have no resource-level permissions (Service Authorization Reference)",
    "ReadTasks": "the service makes up the ids of FUOTA tasks, so no policy can name them beforehand",
    "ManageTasks": "the service makes up the ids of FUOTA tasks; those of other stacks are excluded by their tag",
    "AttachTargets": "groups and devices are attached by ids that may be known at deployment only",
    "SetUpGroups": "groups get their devices by ids that may be known at deployment only",
    "MoveDevices": "devices join groups by ids that may be known at deployment only",
    "NoteRollout": "the names of executions are made up when a rollout is started",
    "ListGroups": "this action has no resource-level permissions (Service Authorization Reference)",
    "ReadGroupTags": "the service makes up the ids of groups, so no policy can name them beforehand",
    "DeleteGroupsOfRollouts": "the service makes up the ids of groups; those of others are excluded by their tag",
    "LeaveGroups": "devices leave groups by ids that may be known at deployment only",
    "DecryptAssets": "which key encrypts the bucket of the CDK assets, if any, the app does not know",
    "ReadAssets": "the names of CDK assets change with their content, and a rollback reads those of older deployments",
    "UseFirmwareKey": "a key of another account cannot be named here; its own policy says who may use it",
    "WriteFirmware": "the names of images under firmware/ change with their content",
}
"""Why each statement, by Sid, cannot do without a wildcard."""


def for_tasks(log_group_arn: str) -> list[Statement]:
    """What every provider needs."""
    return [
        statement("CreateAndListTasks", _iotwireless(_UNSCOPED_ACTIONS), "*"),
        statement("ReadTasks", _iotwireless(_READ_TASKS), _any("FuotaTask")),
        {
            **statement("ManageTasks", _iotwireless([*_CHANGE_TASKS, *_ATTACHMENTS]), _any("FuotaTask")),
            # Not the tasks of other stacks. A task without the tag is one that is just being made, or one whose tag
            # somebody took off: that must stay deletable. IoT Wireless supports tags in policies (AWS IoT Wireless
            # Developer Guide, "How AWS IoT Wireless works with IAM"); tried on AWS it was not.
            "Condition": {"StringEqualsIfExists": {f"aws:ResourceTag/{STACK_TAG}": STACK_ID}},
        },
        statement("AttachTargets", _iotwireless(_ATTACHMENTS), _any("MulticastGroup"), _any("WirelessDevice")),
        # Why a Delete comes, and whether a Create is still waited for.
        statement("ReadOwnStack", ["cloudformation:DescribeStackResource", "cloudformation:DescribeStacks"], STACK_ID),
        write_logs(log_group_arn),
    ]


def for_members() -> list[Statement]:
    """What putting devices into multicast groups and setting these up needs."""
    return [
        statement("SetUpGroups", _iotwireless(_SET_UP_GROUPS), _any("MulticastGroup")),
        # Both ends of a membership are checked (Service Authorization Reference).
        statement("MoveDevices", _iotwireless(_MEMBERSHIP), _any("WirelessDevice")),
    ]


def for_rollout(table_arn: str, executions_arn: str) -> list[Statement]:
    """What noting the settings of a rollout, and stopping it, needs."""
    # One statement, because each rollout has its own, and all inline policies of a role have 10,240 characters.
    note = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return [
        statement("NoteRollout", [*note, "states:DescribeExecution", "states:StopExecution"], table_arn, executions_arn)
    ]


def for_rollouts() -> list[Statement]:
    """What taking away the groups of rollouts needs."""
    return [
        statement("ListGroups", _iotwireless(["ListMulticastGroups"]), "*"),
        # Groups and tasks of rollouts are named by the service; a rollout deletes none but those with its tag.
        statement("ReadGroupTags", _iotwireless(["ListTagsForResource"]), _any("MulticastGroup")),
        {
            **statement(
                "DeleteGroupsOfRollouts",
                _iotwireless(["DeleteMulticastGroup", "DisassociateWirelessDeviceFromMulticastGroup"]),
                _any("MulticastGroup"),
            ),
            "Condition": {"StringLike": {f"aws:ResourceTag/{ROLLOUT_TAG}": "*"}},
        },
        statement(
            "LeaveGroups", _iotwireless(["DisassociateWirelessDeviceFromMulticastGroup"]), _any("WirelessDevice")
        ),
    ]


def for_assets(asset_bucket: str) -> list[Statement]:
    """What reading CDK assets needs."""
    bucket, objects = (joined("arn:", PARTITION, ":s3:::", asset_bucket, end) for end in ("", "/*"))
    return [
        statement("ReadAssets", ["s3:GetObject"], objects),
        # The bucket may have been bootstrapped with a key, or be one of AppStagingSynthesizer's. The context of the
        # encryption is the object, or with a bucket key the bucket (Amazon S3 User Guide, SSE-KMS).
        {
            **statement("DecryptAssets", ["kms:Decrypt"], joined("arn:", PARTITION, ":kms:*:*:key/*")),
            "Condition": {
                "StringLike": {
                    "kms:EncryptionContext:aws:s3:arn": [bucket, objects],
                    "kms:ViaService": "s3.*",
                }
            },
        },
    ]


def for_copies(asset_bucket: str, bucket_arn: str, key_arn: str | None, *, made_here: bool) -> list[Statement]:
    """What copying firmware images from the CDK assets to a firmware bucket, with its KMS key if it has one, needs.

    `made_here`: it is the bucket of tasks that are given none, whose policy this library writes.
    """
    statements = [
        *for_assets(asset_bucket),
        statement("WriteFirmware", ["s3:GetObject", "s3:PutObject"], f"{bucket_arn}/firmware/*"),
    ]
    if not made_here:
        statements.append(read_encryption(bucket_arn))
    if key_arn:
        statements.append(statement("UseFirmwareKey", ["kms:Decrypt", "kms:GenerateDataKey"], key_arn))
    return statements


def read_encryption(bucket_arn: str) -> Statement:
    """What writing to a bucket needs whose policy insists on a header that names its default encryption."""
    return statement("ReadBucketEncryption", ["s3:GetEncryptionConfiguration"], bucket_arn)


def write_logs(log_group_arn: str) -> Statement:
    """What a function needs to log."""
    return statement("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group_arn)


def pass_role(role_arn: str, service: str) -> Statement:
    """What handing a firmware update role to the service needs."""
    return {
        **statement("PassFirmwareUpdateRole", ["iam:PassRole"], role_arn),
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }


def statement(sid: str, actions: list[str], *resources: Resource) -> Statement:
    """An Allow of a policy."""
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}


def _iotwireless(names: list[str]) -> list[str]:
    return [f"iotwireless:{name}" for name in names]


def _any(kind: str) -> Resource:
    return joined("arn:", PARTITION, ":iotwireless:", REGION, ":", ACCOUNT, f":{kind}/*")
