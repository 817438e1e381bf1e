"""The example app: one firmware update for one multicast group, with the fragment parameters CfnFuotaTask lacks."""

import aws_cdk as cdk

from fuota_constructs import DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "FuotaExample")

sensors = MulticastGroup(
    stack,
    "Sensors",
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    multicast_group_name="street-sensors",
)
task = FuotaTask(
    stack,
    "Update",
    firmware_image=FirmwareImage.from_asset("firmware/sensor-1.1.0.bin"),
    rf_region=RfRegion.EU868,
    fuota_task_name="street-sensors-1-1-0",
    description="Sensor firmware 1.1.0",
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    multicast_groups=[sensors],
)
cdk.Tags.of(app).add("fleet", "street-sensors")
cdk.CfnOutput(stack, "FuotaTaskId", value=task.fuota_task_id)
cdk.CfnOutput(stack, "FuotaTaskArn", value=task.fuota_task_arn)

app.synth()
