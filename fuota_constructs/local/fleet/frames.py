"""Application payloads by port: the same frame goes to many devices, so what was read is kept for a while."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fuota_constructs.lorawan import clock_sync
from fuota_constructs.lorawan.clock_sync import CLOCK_SYNC_PORT
from fuota_constructs.lorawan.fragmentation import messages as fragmentation
from fuota_constructs.lorawan.fragmentation.messages import FRAGMENTATION_PORT
from fuota_constructs.lorawan.multicast import messages as multicast
from fuota_constructs.lorawan.multicast.messages import MULTICAST_SETUP_PORT
from fuota_constructs.lorawan.package_messages import Message, MessageError

_DECODE: Final = {
    MULTICAST_SETUP_PORT: multicast.decode_frame,
    FRAGMENTATION_PORT: fragmentation.decode_frame,
    CLOCK_SYNC_PORT: clock_sync.decode_frame,
}


@lru_cache(maxsize=256)
def commands_in(frame: bytes, *, port: int, version: int, uplink: bool) -> tuple[Message, ...]:
    """The commands of a frame; none where it is not understood, and on a port that none of the packages has."""
    if port not in _DECODE:
        return ()
    try:
        return tuple(_DECODE[port](frame, version=version, uplink=uplink))
    except MessageError:
        return ()  # TS004: commands that are not understood are dropped


@lru_cache(maxsize=4096)
def frame_of(message: Message) -> bytes:
    """A command as it is sent; equal ones are equal bytes."""
    return message.encode()
