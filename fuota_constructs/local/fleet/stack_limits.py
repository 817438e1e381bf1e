"""What a stack does with a session that it hears in order, without decoding it: where it gives up, what it counts.

`stack_decoder` has the decoders themselves; for a session in order both say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from fuota_constructs.local.fleet.stack_decoder import End

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.radio import Arrived
    from fuota_constructs.lorawan.device_stack import DeviceStack


class EarlyEnd(NamedTuple):
    """How a decoder ends before it is done, and at which fragment; None where no status ever says so."""

    end: End
    n: int | None


def early_end(build: DeviceStack, fragments: int, heard: Arrived) -> EarlyEnd | None:
    """Where the decoder of a stack gives up in a session of so many data fragments; None where it does not.

    `heard` says of every fragment sent whether it comes.
    """
    most, hangs = build.most_lost_fragments(fragments), build.decoder == "semtech" and build.hangs_with(fragments)
    most = fragments if most is None else most
    if most >= fragments and not hangs:
        return None
    data = heard[:fragments]
    lost = fragments - int(np.count_nonzero(data))
    coded = (fragments + 1 + np.flatnonzero(heard[fragments:])).tolist()
    if not coded or not lost or not (hangs or lost > most):
        return None
    if build.decoder == "mbed":
        return EarlyEnd(End.CRASH, coded[0])
    if build.decoder == "lowmem":
        return EarlyEnd(End.OVERFLOW, None)
    # What was lost after the last data fragment is counted with the first coded one only, after the look at the matrix.
    behind = int(np.argmax(data[::-1])) if lost < fragments else fragments
    if lost - behind <= most and hangs:
        return EarlyEnd(End.HANG, coded[0])
    seen = coded if lost - behind > most else coded[1:]
    return EarlyEnd(End.OVERFLOW, seen[0] if seen else None)


class Counted(NamedTuple):
    """What a device has counted: the last fragment it took, what was lost until then, and how many frames came."""

    last: int
    lost: int
    frames: int


NOTHING_COUNTED: Final = Counted(0, 0, 0)


def counted(fragments: int, heard: Arrived, taken: int, sent: int) -> Counted:
    """What a device counted that took what came up to fragment `taken`, of `sent` ones."""
    came = np.flatnonzero(heard[:taken])
    last = int(came[-1]) + 1 if len(came) else 0
    lost = min(last, fragments) - int(np.count_nonzero(heard[: min(last, fragments)]))
    return Counted(last, lost, int(np.count_nonzero(heard[:sent])))
