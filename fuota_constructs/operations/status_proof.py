"""What MissingFrag and Successful prove, which hangs on the stack of the devices: the one place that says so.

AWS documents neither how it turns a status answer into a FuotaDeviceStatus nor that the answers of widespread stacks
are wrong; `lorawan/device_stacks.json` has what each was measured, or read, to answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fuota_constructs.lorawan import device_stack
from fuota_constructs.lorawan.device_stack import HANG_FRAGMENTS, DeviceStack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION_FIRST: Final = "check the version these devices report before more redundancy is bought"
"""Who runs the new firmware has the image, whatever the status says."""

_DOUBTS: Final = {"MissingFrag": "false_missing", "Successful": "false_successful"}


def doubt(status: str, stacks: Sequence[DeviceStack] = ()) -> str:
    """Why a status may not be true: of these stacks, of all that are known by default; empty where it is."""
    field = _DOUBTS.get(status, "")
    said: dict[str, list[str]] = {}
    for stack in stacks or map(DeviceStack.of, device_stack.names()):
        if field and (why := device_stack.status_meaning(stack.name)[field]):
            said.setdefault(why, []).append(stack.title)
    return "; ".join(f"{_and(titles)} {why if len(titles) == 1 else _plural(why)}" for why, titles in said.items())


def doubts(counts: Mapping[str, int], stacks: Sequence[DeviceStack] = ()) -> tuple[str, ...]:
    """What is to be said of the statuses that devices report, a line each."""
    return tuple(
        f"{status} is what the stack of a device says: {why}"
        for status in _DOUBTS
        if counts.get(status) and (why := doubt(status, stacks))
    )


def after(stacks: Sequence[DeviceStack]) -> tuple[str, ...]:
    """What stays on devices of these stacks, for who sends to them again."""
    return tuple(
        f"before the next session: with {stack.title} {said}"
        for stack in dict.fromkeys(stacks)
        if (said := device_stack.status_meaning(stack.name)["afterwards"])
    )


def may_hang(fragments: int, stacks: Sequence[DeviceStack] = ()) -> str:
    """Which devices are silent because they hang; empty where none do."""
    if fragments < HANG_FRAGMENTS:
        return ""
    hanging = [str(stack) for stack in stacks if stack.hangs_with(fragments)]
    if stacks and not hanging:
        return ""
    who = _and(hanging) if hanging else "STM32CubeWL, and LoRaMac-node up to 4.5.1,"
    verb = "hangs" if len(hanging) == 1 else "hang"
    return f"{who} {verb} for ever from {HANG_FRAGMENTS:,} fragments, and this session had {fragments:,}"


def _plural(said: str) -> str:
    return said.replace("counts", "count", 1)


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
