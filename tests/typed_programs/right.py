"""What users write, and type checkers must let pass; nothing here is run."""

import datetime as dt
from collections.abc import Sequence

import aws_cdk as cdk
import constructs
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_iotwireless as iotwireless
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk.interfaces.aws_iotwireless import IFuotaTaskRef, IMulticastGroupRef

from fuota_constructs import (
    Descriptor,
    DlClass,
    Finding,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaMonitor,
    FuotaProvider,
    FuotaTask,
    FuotaTaskGrants,
    IFuotaTask,
    IMulticastGroup,
    MulticastGroup,
    RfRegion,
    SessionPlan,
    SessionSchedule,
)

app = cdk.App()
stack = cdk.Stack(app, "Stack")

made: MulticastGroup = MulticastGroup(stack, "Made", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)
by_id: IMulticastGroup = MulticastGroup.from_multicast_group_id(stack, "Id", "g")
by_arn: IMulticastGroup = MulticastGroup.from_multicast_group_arn(stack, "Arn", "arn")
known: IMulticastGroup = MulticastGroup.from_multicast_group_attributes(
    stack, "Known", multicast_group_id="g", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_B, downlink_data_rate=3
)
l1 = iotwireless.CfnMulticastGroup(
    stack,
    "L1",
    lo_ra_wan=iotwireless.CfnMulticastGroup.LoRaWANProperty(rf_region="EU868", dl_class="ClassC"),
)
groups: list[IMulticastGroup] = [by_id, by_arn, known]
references: list[IMulticastGroupRef] = [by_id, by_arn, known, l1]

bucket = FirmwareBucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))
role = FirmwareUpdateRole(stack, "Role")

task: FuotaTask = FuotaTask(
    stack,
    "Task",
    firmware_image=FirmwareImage.from_asset(
        "sensor.bin", signed_by="production.pem", replaces="1.0.0", max_image_bytes=400_000
    ),
    allow_downgrade=True,
    rf_region=RfRegion.EU868,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    descriptor=Descriptor.of_version("2.4.0"),
    multicast_groups=groups,
    planned_loss_percent=12.5,
    firmware_bucket=bucket,
    firmware_update_role=role,
)
FuotaTask(
    stack,
    "References",
    firmware_image=FirmwareImage.from_bucket(s3.Bucket.from_bucket_name(stack, "Imported", "acme"), "key"),
    rf_region=RfRegion.of("EU868"),
    multicast_groups=references,
    firmware_update_role=iam.Role.from_role_arn(stack, "ImportedRole", "arn"),
)
FuotaTask(
    stack,
    "Devices",
    firmware_image=FirmwareImage.delta(base="old.bin", target=FirmwareImage.from_asset("sensor.bin")),
    rf_region=RfRegion.EU868,
    wireless_devices=cdk.CfnParameter(stack, "Ids", type="CommaDelimitedList").value_as_list,
)
for group in groups:
    task.add_multicast_group(group)
    path: str = group.node.path
    region: str = group.env.region
    cdk.Annotations.of(group).add_info(path + region)

tasks: list[IFuotaTask] = [
    task,
    FuotaTask.from_fuota_task_id(stack, "TaskId", "t"),
    FuotaTask.from_fuota_task_arn(stack, "TaskArn", "arn"),
    FuotaTask.from_fuota_task_attributes(stack, "TaskAttributes", fuota_task_id="t"),
]


def is_construct(construct: constructs.IConstruct) -> str:
    """Takes any construct."""
    return construct.node.path


def is_reference(reference: IFuotaTaskRef) -> str:
    """Takes any task of the CDK's."""
    return reference.fuota_task_ref.fuota_task_id


for number, each in enumerate(tasks):
    schedule: SessionSchedule = each.schedule_start(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    monitor = FuotaMonitor(stack, f"Monitor{number}", task=each)
    grants: FuotaTaskGrants = FuotaTaskGrants.from_fuota_task(each)
    grant: iam.Grant = grants.read(iam.User(stack, f"User{number}"))
    names = is_construct(each) + is_reference(each) + is_construct(schedule) + is_construct(monitor)
    cdk.Annotations.of(each).acknowledge_warning("few-fragments", "it is a test image")
    cdk.Tags.of(each).add("name", names)

findings: Sequence[Finding] = task.findings
plan: SessionPlan | None = task.plan
if plan is not None:
    cdk.CfnOutput(stack, "Seconds", value=str(plan.duration_seconds))
fragments: int | None = task.encoded_fragments

vpc = ec2.Vpc(stack, "Vpc")
FuotaProvider.configure(
    stack,
    vpc=vpc,
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
    security_groups=[ec2.SecurityGroup(stack, "Group of functions", vpc=vpc)],
    role=iam.Role(stack, "Role of functions", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
    log_retention=logs.RetentionDays.ONE_YEAR,
    log_group_encryption_key=kms.Key(stack, "Key of logs"),
    tracing=lambda_.Tracing.ACTIVE,
    architecture=lambda_.Architecture.ARM_64,
    runtime=lambda_.Runtime.PYTHON_3_13,
)
l1_bucket = s3.CfnBucket(stack, "L1Bucket")
FuotaTask(
    stack,
    "OfL1s",
    firmware_image=FirmwareImage.from_bucket(l1_bucket, "key"),
    rf_region=RfRegion.EU868,
    firmware_bucket=l1_bucket,
    firmware_update_role=iam.CfnRole(stack, "L1Role", assume_role_policy_document={}),
    wireless_devices=[iotwireless.CfnWirelessDevice(stack, "L1Device", destination_name="d", type="LoRaWAN"), "id"],
    adopt_fuota_task_id="0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
)
