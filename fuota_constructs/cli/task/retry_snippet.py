"""The CDK app that sends an image again, to those that do not have it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan.session_plan import CLASS_B, DEFAULT_LOSS
from fuota_constructs.rf_region import RfRegion

if TYPE_CHECKING:
    from fuota_constructs.operations.image import Image
    from fuota_constructs.operations.retry import Retry
    from fuota_constructs.operations.task import Task

MOST_NAME_CHARACTERS: Final = 256
"""AWS IoT Wireless API: Name of a FUOTA task."""


def snippet(task: Task, image: Image, retry: Retry) -> str:
    """The app as Python; the image is the one that is in the bucket, read by the role that read it."""
    region = _region(task.rf_region)
    lines = [
        '"""Sends the firmware again to the devices that do not have it."""',
        "",
        "import aws_cdk as cdk",
        "from aws_cdk import aws_iam as iam",
        "from aws_cdk import aws_s3 as s3",
        f"from fuota_constructs import {_names(grouped=bool(retry.by_class))}",
        "",
        f"STACK = {_text(_stack(task.name))}",
        f"BUCKET = {_text(image.bucket)}",
        f"KEY = {_text(image.key)}",
        f"ROLE = {_text(task.role)}",
        "",
        "app = cdk.App()",
        "stack = cdk.Stack(app, STACK)",
        'bucket = s3.Bucket.from_bucket_name(stack, "Firmware", BUCKET)',
        'role = iam.Role.from_role_arn(stack, "Role", ROLE, mutable=False)',
    ]
    for number, dl_class in enumerate(retry.by_class, 1):
        lines += [
            f"group_{number} = MulticastGroup(",
            "    stack,",
            f'    "Devices{number}",',
            f"    rf_region={region},",
            f"    dl_class=DlClass.{'CLASS_B' if dl_class == CLASS_B else 'CLASS_C'},",
            *_sent_at(*retry.sent_at.get(dl_class, (None, None))),
            ")",
        ]
    parameters: dict[str, str | int | None] = {
        "fuota_task_name": _text(_next_name(task.name)) if task.name else None,
        "firmware_image": _image(image.size_bytes),
        "firmware_update_role": "role",
        "rf_region": region,
        "redundancy_percent": retry.redundancy_percent,
        "fragment_size_bytes": task.fragment_size_bytes if retry.by_class else None,
        "fragment_interval": _interval(
            1000 * retry.interval_seconds if retry.interval_seconds else task.fragment_interval_ms
        ),
        "descriptor": _text(task.descriptor) if task.descriptor else None,
        "planned_loss_percent": _planned(retry.planned_loss),
    }
    if retry.by_class:
        names = ", ".join(f"group_{number}" for number in range(1, len(retry.by_class) + 1))
        parameters["multicast_groups"] = f"[{names}]"
    lines += ["task = FuotaTask(", "    stack,", '    "Retry",']
    lines += [f"    {name}={value}," for name, value in parameters.items() if value is not None]
    if not retry.by_class:
        lines += ["    wireless_devices=["]
        lines += [f"        {_text(device.id)}," for device in retry.devices]
        lines += ["    ],"]
    lines += [")", 'cdk.CfnOutput(stack, "FuotaTaskId", value=task.fuota_task_id)']
    for end, digest in zip(("base", "target"), image.delta or (), strict=False):  # a patch says neither itself
        lines.append(f'cdk.Tags.of(task).add("fuota-delta:{end}-sha256", "{digest}")')
    for number in range(1, len(retry.by_class) + 1):
        lines.append(f'cdk.CfnOutput(stack, "Group{number}Id", value=group_{number}.multicast_group_id)')
    return "\n".join([*lines, "app.synth()"])


def _sent_at(data_rate: int | None, frequency_hz: int | None) -> list[str]:
    given = {"downlink_data_rate": data_rate, "downlink_frequency_hz": frequency_hz}
    return [f"    {name}={value}," for name, value in given.items() if value is not None]


def _names(*, grouped: bool) -> str:
    names = ("DlClass", "FirmwareImage", "FuotaTask", "MulticastGroup", "RfRegion")
    return ", ".join(name for name in names if grouped or name not in {"DlClass", "MulticastGroup"})


def _region(name: str | None) -> str:
    member = (name or "").replace("-", "_")
    known = isinstance(region := getattr(RfRegion, member, None), RfRegion) and region.value == name
    return f"RfRegion.{member}" if known else f"RfRegion.of({_text(name or '')})"


def _image(size_bytes: int | None) -> str:
    size = f", size_bytes={size_bytes}" if size_bytes else ""
    return f"FirmwareImage.from_bucket(bucket, KEY{size})"


def _interval(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    if milliseconds % 1000:
        return f"cdk.Duration.millis({milliseconds})"
    return f"cdk.Duration.seconds({milliseconds // 1000})"


def _planned(loss: float | None) -> str | None:
    return None if loss is None or loss == DEFAULT_LOSS else f"{100 * loss:g}"


def _next_name(name: str) -> str:
    """The name with -retry, -retry-2 and so on."""
    match = re.fullmatch(r"(?P<base>.*)-retry(?:-(?P<number>[0-9]{1,4}))?", name, re.DOTALL)
    if match is None:
        suffix, base = "-retry", name
    else:
        suffix, base = f"-retry-{int(match['number'] or 1) + 1}", match["base"]
    return base[: MOST_NAME_CHARACTERS - len(suffix)] + suffix


def _stack(name: str | None) -> str:
    """A name for the stack: letters, digits and hyphens, and a letter first."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", name or "").strip("-")[:100].strip("-")
    suggested = _next_name(words) if words else "FirmwareRetry"
    return suggested if suggested[0].isalpha() else f"Fuota-{suggested}"


def _text(value: str) -> str:
    """A text as Python has it: what the service holds may have any characters."""
    return json.dumps(value, ensure_ascii=False) if value.isprintable() and value.isascii() else repr(value)
