"""What type checkers must refuse, in the lines that say so; nothing here is run."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FuotaMonitor,
    FuotaTask,
    FuotaTaskGrants,
    IFuotaTask,
    IMulticastGroup,
    MulticastGroup,
    RfRegion,
)

stack = cdk.Stack(cdk.App(), "Stack")
image = FirmwareImage.from_asset("sensor.bin")
user = iam.User(stack, "User")
group = MulticastGroup.from_multicast_group_id(stack, "Group", "g")

FuotaTask(stack, "A", firmware_image="sensor.bin", rf_region=RfRegion.EU868)  # refused
FuotaTask(stack, "B", firmware_image=image, rf_region="EU868")  # refused
FuotaTask(stack, "C", firmware_image=image, rf_region=RfRegion.EU868, fragment_interval=3)  # refused
FuotaTask(stack, "D", firmware_image=image, rf_region=RfRegion.EU868, redundancy_percent="30")  # refused
FuotaTask(stack, "E", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=group)  # refused
FuotaTask(stack, "F", firmware_image=image, rf_region=RfRegion.EU868, multicast_groups=["g"])  # refused
FuotaTask(stack, "G", firmware_image=image, rf_region=RfRegion.EU868, wireless_devices=[1])  # refused
FuotaTask(stack, "H", firmware_image=image, rf_region=RfRegion.EU868, firmware_bucket="acme")  # refused
FuotaTask(stack, "I", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role="arn")  # refused
FuotaTask(stack, "J", firmware_image=image, rf_region=RfRegion.EU868, firmware_update_role=user)  # refused
FuotaTask(stack, "K", firmware_image=image, rf_region=RfRegion.EU868, fragment_size=48)  # refused
FuotaTask(stack, "L", rf_region=RfRegion.EU868)  # refused
FirmwareBucket(stack, "M", encryption_key="alias/firmware")  # refused
MulticastGroup(stack, "N", rf_region=RfRegion.EU868, dl_class="ClassC")  # refused
MulticastGroup(stack, "O", rf_region=RfRegion.of(868), dl_class=DlClass.CLASS_C)  # refused
FuotaMonitor(stack, "P", task=group)  # refused
FuotaMonitor(stack, "Q", task="t")  # refused
FuotaTaskGrants.from_fuota_task(group)  # refused
task: IFuotaTask = group  # refused
other: IMulticastGroup = FuotaTask.from_fuota_task_id(stack, "R", "t")  # refused
FuotaTask.from_fuota_task_id(stack, "S", "t").schedule_start("tomorrow")  # refused
FuotaTask.from_fuota_task_id(stack, "T", "t").add_wireless_device("d")  # refused
