"""The example app: one firmware update for a multicast group and its devices, with what CfnFuotaTask lacks."""

import aws_cdk as cdk

from fuota_constructs import DeviceList, DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
stack = cdk.Stack(app, "FuotaExample")

sensors = MulticastGroup(
    stack,
    "Sensors",
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    # Made up, and simulated in a rehearsal: for a real account put the ids of your devices there.
    wireless_devices=DeviceList.from_file("devices/street-sensors.csv"),
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
