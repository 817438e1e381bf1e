"""What is refused at once, where it is given: it is of a wrong kind, and nothing can be made of it.

A synth asks none of this: the constructs raise `FuotaValidationError` themselves. The table is for people.
"""

from __future__ import annotations

from fuota_constructs.rules.rule import Level, Remarks, Rule, TaskPlan

_WHY = "nothing can be deployed with it, so `FuotaValidationError` is raised where it is given, not at the end"
_CDK = "AWS CDK API reference"
_TASKS = "AWS IoT Wireless API, CreateFuotaTask"
_S3 = "Amazon S3 User Guide"
_SCHEDULER = "EventBridge Scheduler User Guide"
_LAMBDA = "AWS Lambda Developer Guide"
_ALARMS = "CloudWatch API, PutMetricAlarm"
_BUSES = "EventBridge User Guide, sending and receiving events between AWS accounts, and Regions"
_ROLLOUTS = "`FuotaRollout`, in the reference of the constructs"

_BUS = "`event_bus` is no bus, or is in another Region", "a bus of this Region, with a rule that sends events on"
_ACTIONS = (
    "`alarm_actions` is no list of up to five ARNs or actions, or has one of another Region (error), account (warning)",
    "a topic of this Region, to which all subscribe",
)


def _nothing(plan: TaskPlan) -> Remarks:
    del plan
    return ()


def _refusal(
    id: str, what: str, remedy: str, *, source: str = _CDK, why: str = _WHY, levels: tuple[Level, ...] = ("error",)
) -> Rule:
    return Rule(id=id, levels=levels, what=what, why=why, remedy=remedy, source=source, check=_nothing)


_OF_TASKS = (
    _refusal(
        "firmware-image",
        "`firmware_image` is no `FirmwareImage`",
        "`FirmwareImage.from_asset`, `.from_bucket` or `.delta`",
        source=_TASKS,
    ),
    _refusal(
        "image-file",
        "the file of an image, or of a key, cannot be read, or changed during the synth",
        "the right path; build the firmware first",
        source="the file system",
    ),
    _refusal("image-bucket", "the bucket of `from_bucket` is no bucket", "an `s3.IBucket`, or an L1 of one"),
    _refusal(
        "image-key",
        "the key of `from_bucket` cannot be one, begins with a slash or names its bucket, or names a version",
        "the key inside the bucket, 1 to 1,024 bytes",
        source=f"{_S3}, naming objects",
    ),
    _refusal(
        "firmware-bucket",
        "`firmware_bucket` is no bucket, or given beside `from_bucket`; `FirmwareBucket` is asked for less than it is"
        " for",
        "a bucket for images that are copied; none for `from_bucket`",
    ),
    _refusal(
        "firmware-update-role",
        "`firmware_update_role` is no role, or its ARN is not that of a role",
        "a `FirmwareUpdateRole`, or any `iam.IRole`",
        source=_TASKS,
    ),
    _refusal(
        "encryption-key",
        "a key is none, is an alias of a key that the app does not know, or is of another Region than its bucket",
        "`kms.Key`, or `kms.Key.from_key_arn` with the ARN of a key",
        source="AWS KMS Developer Guide, using aliases to control access to KMS keys",
    ),
    _refusal(
        "rf-region", "`rf_region` is no `RfRegion`, or is spelt otherwise than AWS does", "a member of `RfRegion`"
    ),
    _refusal(
        "fragment-interval",
        "`fragment_interval` is no `Duration`, or a token in a unit that CloudFormation would have to multiply",
        "`cdk.Duration.seconds(...)`",
    ),
    _refusal("access-per-image", "`access_per_image` is neither True nor False", "True, False, or leave it out"),
    _refusal("allow-downgrade", "`allow_downgrade` is neither True nor False", "True, False, or leave it out"),
    _refusal(
        "adopt-fuota-task-id",
        "`adopt_fuota_task_id` is no id, is that of a task which this app makes, or is adopted twice in one place",
        "the id of a task that nobody else manages",
        source=_TASKS,
    ),
    _refusal("removal-policy", "`removal_policy` is no `RemovalPolicy`", "`cdk.RemovalPolicy.RETAIN` or `.DESTROY`"),
    _refusal(
        "device-stack",
        "`device_stack` is no stack that is known",
        "its name, or `DeviceStack.of(...)`",
        source="the page about device stacks",
    ),
    _refusal("fuota-task", "a task, its id or its ARN is none", "a `FuotaTask`, made or imported", source=_TASKS),
    _refusal(
        "grantee",
        "a grant is given to what can be granted nothing (error), or is known to be of another account (warning)",
        "a role, a user or another `iam.IGrantable` of the same account",
        source="IAM User Guide, policy evaluation logic",
        why="across accounts the policy of the resource must allow it, too, and a task has none",
        levels=("error", "warning"),
    ),
)

_OF_STARTS = (
    _refusal("start-time-zone", "the time of `schedule_start` has no time zone", "a `datetime` with one"),
    _refusal("start-time-once", "`schedule_start` is called a second time", "one call: a task starts once"),
    _refusal(
        "start-dead-letter-queue",
        "`dead_letter_queue` is no queue, is a FIFO queue, or is in another Region",
        "a standard queue in the Region of the task",
        source=f"{_SCHEDULER}, configuring a dead-letter queue",
    ),
    _refusal(
        "start-schedule-group",
        "`schedule_group` is no schedule group, or is of another account or Region",
        "a group of this account and Region",
        source=_SCHEDULER,
    ),
    _refusal(
        "start-role",
        "the `role` of `schedule_start` is none, is of another account, or `scheduler.amazonaws.com` may not assume it",
        "a role that trusts the scheduler, or leave it out",
        source=f"{_SCHEDULER}, setting up the execution role",
    ),
)

_OF_GROUPS = (
    _refusal(
        "multicast-groups",
        "`multicast_groups` is no list of groups, or a group, its id or its ARN is none, or it is filled twice",
        "a list of `MulticastGroup`, made or imported",
    ),
    _refusal("multicast-group", "grants are asked for on what is no group", "a `MulticastGroup`, made or imported"),
    _refusal(
        "wireless-devices",
        "`wireless_devices` is no list of ids or devices, is a token that more is added to, or has some of elsewhere",
        "a list of ids, or a `DeviceList`",
    ),
    _refusal(
        "participating-gateways",
        "`participating_gateways` is no list of ids or gateways, or has gateways of elsewhere",
        "a list of ids of this account and Region",
    ),
    _refusal("dl-class", "`dl_class` is no `DlClass`", "`DlClass.CLASS_B` or `DlClass.CLASS_C`"),
    _refusal(
        "data-rate",
        "`downlink_data_rate` is no whole number from 0 to 15",
        "a data rate of the region",
        source="AWS IoT Wireless API, DlDr",
    ),
)

_OF_MONITORS = (
    _refusal("monitor-task", "`task` is no task", "a `FuotaTask`, or one that is imported"),
    _refusal("monitor-interval", "`interval` is no `Duration` of 1 to 60 whole minutes", "`cdk.Duration.minutes(...)`"),
    _refusal("monitor-stuck-after", "`stuck_after` is no `Duration` of whole minutes", "`cdk.Duration.minutes(...)`"),
    _refusal("monitor-failure-ratio", "`failure_ratio` is no number from 0 to 1", "a share from 0 to 1"),
    _refusal(
        "monitor-namespace",
        "`namespace` is none that CloudWatch takes",
        "1 to 255 letters, digits, spaces and `._/#:-`, not beginning with `AWS/`",
        source="CloudWatch API, PutMetricData",
    ),
    _refusal(
        "monitor-device-status",
        "`status` of `metric_devices` is none that a device can have",
        "one of those in the message",
        why="an alarm on a metric that nobody writes never fires",
    ),
    _refusal(
        "event-bus-account",
        "`event_bus` of a monitor or a rollout is known to be of another account",
        "the statement in the message, in the policy of the bus; acknowledge it then",
        source=_BUSES,
        why="a bus takes from other accounts what its policy allows only, and a lost event ends neither",
        levels=("warning",),
    ),
    _refusal("monitor-event-bus", *_BUS, source=_BUSES),
    _refusal("monitor-alarm-actions", *_ACTIONS, source=_ALARMS, levels=("error", "warning")),
)

_OF_ROLLOUTS = (
    _refusal(
        "rollout-id",
        "the path of a rollout below its stack cannot be the value of a tag",
        "an id of ASCII letters, digits, spaces and `_.:/=+-@`",
        source="AWS General Reference, tag naming limits; CloudWatch API, Dimension",
    ),
    _refusal(
        "rollout-count",
        "the rollouts of a stack make the policies of its provider's role longer than IAM takes",
        "some of them in a stack of their own",
        source="IAM User Guide, IAM and AWS STS quotas",
    ),
    _refusal(
        "rollout-targets",
        "`targets` is no `RolloutTargets`, is made of nothing, or of a device profile of elsewhere",
        "`RolloutTargets.devices`, `.multicast_groups` or `.device_profile`",
        source=_ROLLOUTS,
    ),
    _refusal(
        "rollout-applied",
        "`applied` is no `Applied`, or names a table, message or time that cannot be used",
        "`Applied.version(...)`",
        source=_ROLLOUTS,
    ),
    _refusal(
        "rollout-image-size", "the size of the image is not known", "a `size_bytes` for `from_bucket`", source=_ROLLOUTS
    ),
    *(
        _refusal(f"rollout-{name.replace('_', '-')}", f"`{name}` is {wrong}", remedy, source=_ROLLOUTS)
        for name, wrong, remedy in (
            ("redundancy_percent", "no whole number from 0 to 100, or a token", "a number that is known at synth"),
            ("most_redundancy_percent", "not from `redundancy_percent` to 100", "a number that is known at synth"),
            ("fragment_size_bytes", "no whole number from 1 to 255, or a token", "a number that is known at synth"),
            ("success_percent", "no number from 1 and below 100", "a share in percent"),
            ("confidence_percent", "no number from 1 and below 100", "a share in percent"),
            ("planned_loss_percent", "a token", "a number that is known at synth"),
            ("retries", "no whole number from 0 to 3", "0 to 3"),
            ("most_silent", "no whole number from 0 to 1,000,000", "a number of devices"),
            ("silent_after", "no `Duration` of a minute to a week", "`cdk.Duration.hours(...)`"),
            ("setup_within", "no `Duration` of an hour to a week", "`cdk.Duration.days(...)`"),
            ("devices_per_gateway", "no number from 1 to 100,000", "how many devices one gateway serves"),
            ("gateway_correlation", "no number above 0, up to 1, or without `devices_per_gateway`", "such as 0.05"),
        )
    ),
    _refusal(
        "rollout-fragment-interval-in-milliseconds",
        "`fragment_interval` is no whole number of ms, or longer than the service takes",
        "`cdk.Duration.seconds(...)`",
        source=_TASKS,
    ),
    _refusal(
        "rollout-statuses", "`statuses` of a rule names a status that no rollout has", "one of those in the message"
    ),
    _refusal(
        "rollout-outcomes", "`outcomes` of a rule names an outcome that no wave has", "one of those in the message"
    ),
    _refusal("rollout-event-target", "`target` of a rule is no target", "one of `aws_events_targets`"),
    _refusal("rollout-event-bus", f"{_BUS[0]}, or of another account for a rule", _BUS[1], source=_BUSES),
    _refusal(
        "rollout-alarm-after",
        "`after` of an alarm is no `Duration` that CloudWatch can wait for",
        "`cdk.Duration.hours(...)`",
        source=_ALARMS,
    ),
    _refusal("rollout-alarm-actions", *_ACTIONS, source=_ALARMS, levels=("error", "warning")),
)

_OF_FUNCTIONS = (
    _refusal("provider-scope", "the scope of `FuotaProvider.configure` is no construct", "the app, a Stage or a stack"),
    _refusal(
        "provider-role",
        "`role` is none, does not trust Lambda, is of another account or comes too late (error), or takes no policy of"
        " this app (warning)",
        "a role that `lambda.amazonaws.com` may assume, given first; for the warning the statements in the message",
        source=f"{_LAMBDA}, execution role",
        why="a function cannot run without it, and what it may do must be written somewhere",
        levels=("error", "warning"),
    ),
    _refusal(
        "provider-vpc", "`vpc` is no VPC, or is of another account or Region", "a VPC for each stack", source=_LAMBDA
    ),
    _refusal(
        "provider-vpc-subnets",
        "`vpc_subnets` selects nothing that can be, or public subnets",
        "`ec2.SubnetType.PRIVATE_WITH_EGRESS`",
        source=f"{_LAMBDA}, giving functions access to a VPC",
    ),
    _refusal(
        "provider-vpc-endpoints",
        "the subnets of `vpc` have no way out",
        "endpoints for the services in the message; acknowledge it then",
        source=f"{_LAMBDA}, giving functions access to a VPC",
        why="the function calls public APIs of AWS, and fails when its time is up",
        levels=("warning",),
    ),
    _refusal("provider-security-groups", "`security_groups` is no list of security groups", "a list of one or more"),
    _refusal(
        "provider-reserved-concurrent-executions",
        "`reserved_concurrent_executions` is no whole number from 1",
        "1 or more: with 0 no deployment gets an answer",
        source=_LAMBDA,
    ),
    _refusal("provider-log-retention", "`log_retention` is no `RetentionDays`", "such as `RetentionDays.ONE_YEAR`"),
    _refusal(
        "provider-log-group-encryption-key",
        "`log_group_encryption_key` is of another Region",
        "a key for each stack",
        source="Amazon CloudWatch Logs User Guide, encrypt log data using AWS KMS",
    ),
    _refusal(
        "provider-log-key",
        "this app cannot write the policy of `log_group_encryption_key`",
        "the statement in the message, in the policy of the key; acknowledge it then",
        source="Amazon CloudWatch Logs User Guide, encrypt log data using AWS KMS",
        why="the log group cannot be made where the service may not use its key",
        levels=("warning",),
    ),
    _refusal(
        "provider-environment-encryption",
        "`environment_encryption` is of another Region",
        "a key for each stack",
        source=_LAMBDA,
    ),
    _refusal("provider-tracing", "`tracing` is no `lambda.Tracing`", "such as `Tracing.ACTIVE`"),
    _refusal("provider-architecture", "`architecture` is none of Lambda's", "`Architecture.ARM_64` or `.X86_64`"),
    _refusal(
        "provider-runtime",
        "`runtime` is no Python of 3.11 or newer",
        "such as `Runtime.PYTHON_3_13`",
        source=f"{_LAMBDA}, Lambda runtimes",
    ),
)

REFUSALS: tuple[Rule, ...] = (
    *_OF_TASKS,
    *_OF_STARTS,
    *_OF_GROUPS,
    *_OF_MONITORS,
    *_OF_ROLLOUTS,
    *_OF_FUNCTIONS,
)
"""By what they are about; each has a row in the page of the rules, and `fuota explain` knows it."""
