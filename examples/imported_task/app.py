"""A task that another stack makes: this one only lets an operator's role read and start it.

Here both stacks are in one app. A task of another app is imported by its id, which is an output of its stack:

    task = FuotaTask.from_fuota_task_id(stack, "Update", "11111111-2222-3333-4444-555555555555")
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"

app = cdk.App()

fleet = cdk.Stack(app, "FuotaMeters")
made = FuotaTask(
    fleet,
    "Update",
    firmware_image=FirmwareImage.from_asset(FIRMWARE),
    rf_region=RfRegion.EU868,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    multicast_groups=[MulticastGroup(fleet, "Meters", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)],
)
# The id changes with each release of a task that is done; an export that is in use could not follow it.
cdk.CrossStackReferences.of(made).produce(cdk.ReferenceStrength.WEAK)
cdk.CfnOutput(fleet, "FuotaTaskId", value=made.fuota_task_id)

stack = cdk.Stack(app, "FuotaOperator")
task = FuotaTask.from_fuota_task_arn(stack, "Update", made.fuota_task_arn)
operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
task.grants.read(operator)
task.grants.start(operator)
# For those who check with cdk-nag: the service's list actions know no resources, and the groups are not known here.
groups = "arn:<AWS::Partition>:iotwireless:<AWS::Region>:<AWS::AccountId>:MulticastGroup/*"
cdk.Validations.of(operator).acknowledge(
    cdk.Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason="ListFuotaTasks and ListWirelessDevices"),
    cdk.Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{groups}]", reason="reading groups, nothing else"),
)
cdk.CfnOutput(stack, "OperatorRoleArn", value=operator.role_arn)

app.synth()
