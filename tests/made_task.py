"""A task as most tests of constructs make it."""

from typing import Any

from constructs import Construct

from fuota_constructs import FirmwareImage, FuotaTask, RfRegion

TASK, COPY = "Custom::FuotaTask", "Custom::FirmwareObject"
"""The resources of a task, and of the copy of its image in the bucket."""


def make_task(scope: Construct, image: FirmwareImage, name: str = "Task", **given: Any) -> FuotaTask:
    """A task for EU868, unless told otherwise."""
    return FuotaTask(scope, name, **{"firmware_image": image, "rf_region": RfRegion.EU868, **given})
