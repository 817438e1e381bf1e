"""A task for groups, one for devices, a group with a device; revision 2 changes all that can be changed in place."""

import aws_cdk as cdk

from fuota_constructs import DeviceList, DlClass, FirmwareImage, FuotaTask, MulticastGroup, RfRegion

app = cdk.App()
revision = int(app.node.try_get_context("revision") or "1")
devices = str(app.node.try_get_context("devices")).split(",")
stack = cdk.Stack(app, "LeastPrivilege")
groups = [
    MulticastGroup(stack, name, rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C) for name in ("GroupA", "GroupB")
]
for name, targets in (
    (
        "ForGroups",
        {
            "multicast_groups": [groups[revision - 1]],
            "fragment_size_bytes": 100,
            "fragment_interval": cdk.Duration.seconds(7),
        },
    ),
    ("ForDevices", {"wireless_devices": [devices[revision - 1]]}),
):
    task = FuotaTask(
        stack,
        name,
        firmware_image=FirmwareImage.from_asset("firmware.bin"),
        rf_region=RfRegion.EU868,
        description=f"revision {revision}",
        redundancy_percent=10 * revision,
        **targets,
    )
    cdk.Tags.of(task).add("revision-1" if revision == 1 else "revision-2", "yes")
MulticastGroup(
    stack,
    "GroupC",
    rf_region=RfRegion.EU868,
    dl_class=DlClass.CLASS_C,
    wireless_devices=DeviceList.of([devices[revision - 1]]),
    downlink_data_rate=2 + revision,
    downlink_frequency_hz=869_525_000,
)
app.synth()
