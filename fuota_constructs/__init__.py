"""AWS CDK constructs for LoRaWAN firmware updates over the air.

Importing this package loads nothing but the standard library; a construct is loaded when its name is first used (PEP
562), and needs the extra `cdk`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuota_constructs.errors import FuotaValidationError as FuotaValidationError
    from fuota_constructs.firmware.firmware_bucket import FirmwareBucket as FirmwareBucket
    from fuota_constructs.firmware.firmware_image import FirmwareImage as FirmwareImage
    from fuota_constructs.firmware.firmware_update_role import FirmwareUpdateRole as FirmwareUpdateRole
    from fuota_constructs.fleet.device_list import DeviceList as DeviceList
    from fuota_constructs.fleet.dl_class import DlClass as DlClass
    from fuota_constructs.fleet.multicast_group import IMulticastGroup as IMulticastGroup
    from fuota_constructs.fleet.multicast_group import MulticastGroup as MulticastGroup
    from fuota_constructs.fleet.multicast_group_grants import MulticastGroupGrants as MulticastGroupGrants
    from fuota_constructs.monitor.fuota_monitor import FuotaMonitor as FuotaMonitor
    from fuota_constructs.provider.fuota_provider import FuotaProvider as FuotaProvider
    from fuota_constructs.rf_region import RfRegion as RfRegion
    from fuota_constructs.rollout.applied import Applied as Applied
    from fuota_constructs.rollout.device_versions import DeviceVersions as DeviceVersions
    from fuota_constructs.rollout.fuota_rollout import FuotaRollout as FuotaRollout
    from fuota_constructs.rollout.maintenance_window import MaintenanceWindow as MaintenanceWindow
    from fuota_constructs.rollout.rollout_grants import RolloutGrants as RolloutGrants
    from fuota_constructs.rollout.rollout_targets import RolloutTargets as RolloutTargets
    from fuota_constructs.rollout.rollout_wave import RolloutWave as RolloutWave
    from fuota_constructs.rules import DeviceStack as DeviceStack
    from fuota_constructs.rules import Finding as Finding
    from fuota_constructs.rules import SessionPlan as SessionPlan
    from fuota_constructs.task.descriptor import Descriptor as Descriptor
    from fuota_constructs.task.fuota_task import FuotaTask as FuotaTask
    from fuota_constructs.task.fuota_task_grants import FuotaTaskGrants as FuotaTaskGrants
    from fuota_constructs.task.imported_fuota_task import IFuotaTask as IFuotaTask
    from fuota_constructs.task.session_schedule import SessionSchedule as SessionSchedule

__all__ = [
    "Applied",
    "Descriptor",
    "DeviceList",
    "DeviceStack",
    "DeviceVersions",
    "DlClass",
    "Finding",
    "FirmwareBucket",
    "FirmwareImage",
    "FirmwareUpdateRole",
    "FuotaMonitor",
    "FuotaProvider",
    "FuotaRollout",
    "FuotaTask",
    "FuotaTaskGrants",
    "FuotaValidationError",
    "IFuotaTask",
    "IMulticastGroup",
    "MaintenanceWindow",
    "MulticastGroup",
    "MulticastGroupGrants",
    "RfRegion",
    "RolloutGrants",
    "RolloutTargets",
    "RolloutWave",
    "SessionPlan",
    "SessionSchedule",
]

_MODULES = {
    "Applied": "rollout.applied",
    "Descriptor": "task.descriptor",
    "DeviceList": "fleet.device_list",
    "DeviceStack": "rules",
    "DeviceVersions": "rollout.device_versions",
    "DlClass": "fleet.dl_class",
    "Finding": "rules",
    "FirmwareBucket": "firmware.firmware_bucket",
    "FirmwareImage": "firmware.firmware_image",
    "FirmwareUpdateRole": "firmware.firmware_update_role",
    "FuotaMonitor": "monitor.fuota_monitor",
    "FuotaProvider": "provider.fuota_provider",
    "FuotaRollout": "rollout.fuota_rollout",
    "FuotaTask": "task.fuota_task",
    "FuotaTaskGrants": "task.fuota_task_grants",
    "FuotaValidationError": "errors",
    "IFuotaTask": "task.imported_fuota_task",
    "IMulticastGroup": "fleet.multicast_group",
    "MaintenanceWindow": "rollout.maintenance_window",
    "MulticastGroup": "fleet.multicast_group",
    "MulticastGroupGrants": "fleet.multicast_group_grants",
    "RfRegion": "rf_region",
    "RolloutGrants": "rollout.rollout_grants",
    "RolloutTargets": "rollout.rollout_targets",
    "RolloutWave": "rollout.rollout_wave",
    "SessionPlan": "rules",
    "SessionSchedule": "task.session_schedule",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        exported: object = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        from fuota_constructs import extras

        explained = extras.explained(error, name, "cdk")
        if explained is None:
            raise
        raise explained from None
    globals()[name] = exported
    return exported


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
