"""A bucket and a role that another team owns: here they are a stack of their own, yours may be imported by name.

For ones that exist already, replace `Storage` by

    bucket = FirmwareBucket.from_bucket_name(stack, "Firmware", "acme-firmware")
    role = FirmwareUpdateRole.from_role_name(stack, "Reader", "acme-firmware-reader")
"""

from pathlib import Path

import aws_cdk as cdk
from constructs import Construct

from fuota_constructs import (
    DlClass,
    FirmwareBucket,
    FirmwareImage,
    FirmwareUpdateRole,
    FuotaTask,
    MulticastGroup,
    RfRegion,
)

FIRMWARE = Path(__file__).parents[2] / "firmware" / "sensor-1.1.0.bin"


class Storage(cdk.Stack):
    """Where firmware lives, and who may read it."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        """One bucket and one role for all fleets."""
        super().__init__(scope, construct_id)
        self.bucket = FirmwareBucket(self, "Firmware")
        self.role = FirmwareUpdateRole(self, "Reader", description="Lets AWS IoT Wireless read our firmware")


app = cdk.App()
storage = Storage(app, "FuotaStorage")
fleet = cdk.Stack(app, "FuotaFleet")

FuotaTask(
    fleet,
    "Update",
    firmware_image=FirmwareImage.from_asset(FIRMWARE),
    rf_region=RfRegion.EU868,
    redundancy_percent=30,
    fragment_size_bytes=112,
    fragment_interval=cdk.Duration.seconds(7),
    multicast_groups=[MulticastGroup(fleet, "Meters", rf_region=RfRegion.EU868, dl_class=DlClass.CLASS_C)],
    firmware_bucket=storage.bucket,
    firmware_update_role=storage.role,
)

app.synth()
