"""One device: what its packages know and answer, fragmentation (TS004), multicast set-up (TS005) and clock (TS003)."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fuota_constructs.local.fleet.cipher import encrypt
from fuota_constructs.local.fleet.cohort import BASE_DESCRIPTOR
from fuota_constructs.local.fleet.device_clock import DeviceClock
from fuota_constructs.local.fleet.frames import commands_in, frame_of
from fuota_constructs.local.fleet.multicast_package import MulticastPackage
from fuota_constructs.local.fleet.stack_limits import NOTHING_COUNTED, Counted
from fuota_constructs.local.fleet.stack_status import stack_answer
from fuota_constructs.lorawan.clock_sync import CLOCK_SYNC_PORT
from fuota_constructs.lorawan.fragmentation.messages import (
    FRAGMENTATION_PORT,
    PACKAGE_IDENTIFIER,
    DataFragment,
    FragSessionDeleteAns,
    FragSessionDeleteReq,
    FragSessionSetupAns,
    FragSessionSetupAnsV2,
    FragSessionSetupReq,
    FragSessionSetupReqV2,
    FragSessionStatusAns,
    FragSessionStatusAnsV2,
    FragSessionStatusReq,
)
from fuota_constructs.lorawan.multicast.keys import mc_ke_key, mc_root_key
from fuota_constructs.lorawan.multicast.messages import MULTICAST_SETUP_PORT
from fuota_constructs.lorawan.package_messages import Message, PackageVersionAns, PackageVersionReq
from fuota_constructs.lorawan.regions import region

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.cohort import Cohort
    from fuota_constructs.local.fleet.firmware import Firmware
    from fuota_constructs.lorawan.device_stack import DeviceStack

FRAG_INDEXES: Final = 4
_GOLDEN: Final = 0.6180339887498949
_SILVER: Final = 0.4142135623730951
_BRONZE: Final = 0.3027756377319946
"""Multiples of these, modulo 1, are spread evenly however many there are, and each apart from the other."""
"""FragIndex has two bits."""


@dataclass
class FragmentationSession:
    """What a device keeps of a session it accepted."""

    fragments: int
    fragment_bytes: int
    padding: int
    mc_group_bit_mask: int
    session_cnt: int | None = None
    mic: bytes | None = None
    received: int = 0
    missing: int | None = None  # None while fragments still come
    memory_error: bool = False
    mic_error: bool = False
    done: bool = False
    counted: Counted = NOTHING_COUNTED

    @property
    def image_bytes(self) -> int:
        """The block without its padding."""
        return self.fragments * self.fragment_bytes - self.padding


class Device:
    """One device of a cohort; `ordinal` counts over the fleet and is what its randomness hangs on."""

    def __init__(
        self,
        cohort: Cohort,
        device_id: str,
        ordinal: int,
        seed: int,
        gen_app_key: bytes,
        *,
        app_key: bytes | None = None,
        rf_region: str | None = None,
    ) -> None:
        """`app_key` is that of a LoRaWAN 1.1 device, which derives its multicast keys from it."""
        self.cohort = cohort
        self.id = device_id
        self.ordinal = ordinal
        self.seed = seed
        self.gen_app_key = gen_app_key
        self.sessions_begun = 0
        self.firmware: Firmware | None = None  # None: nobody said
        self.build = cohort.build
        self.hung = False
        self.memory_error = False  # of any session: not every stack forgets it
        self.rows_since_boot = 0
        self.unfinished: int | None = None  # the FragIndex of a session that stands in the way of others
        self.sessions: dict[int, FragmentationSession] = {}
        # Assumed: the packages of a firmware come together, all 1.0.0 or all 2.0.0.
        self.clock = DeviceClock(cohort.ts004)
        root = {"gen_app_key": gen_app_key} if app_key is None else {"app_key": app_key}
        self.mc_ke_key = mc_ke_key(encrypt, mc_root_key(encrypt, **root))
        self.multicast = MulticastPackage(
            cohort.ts004,
            self.clock,
            self.mc_ke_key,
            dl_class=cohort.dl_class,
            region=region(cohort.region or rf_region or ""),
            class_b_as_class_c=self.build is not None and self.build.class_b_as_class_c,
            most_groups=cohort.most_groups,
        )
        self._last_session_cnt = dict.fromkeys(range(FRAG_INDEXES), cohort.session_cnt)

    @property
    def phase(self) -> float:
        """At which part of its uplink interval it sends, 0 to 1: each device at a time of its own."""
        return (self.ordinal * _GOLDEN + self.seed % 1009 / 1009) % 1

    @property
    def is_brick(self) -> bool:
        """Whether it is never heard again once it has the image."""
        return (self.ordinal * _SILVER + self.seed % 997 / 997) % 1 < self.cohort.bricks

    @property
    def never_reboots(self) -> bool:
        """Whether it goes on with its old firmware when it has the image."""
        return (self.ordinal * _BRONZE + self.seed % 991 / 991) % 1 < self.cohort.never_reboots

    def last_uplink(self, now: float, every: float) -> float:
        """When it sent last, if it sends every so many seconds."""
        return (self.phase + math.floor(now / every - self.phase)) * every

    @property
    def version(self) -> int:
        """1 or 2: TS004-1.0.0 or TS004-2.0.0."""
        return self.cohort.ts004

    def answer(
        self,
        frame: bytes,
        *,
        port: int = FRAGMENTATION_PORT,
        multicast: bool = False,
        mc_group_id: int | None = None,
        now: float = 0.0,
    ) -> bytes:
        """Take a downlink on one of the ports 200 to 202 and give the uplink; empty where the device stays silent.

        Of what comes on a multicast address (that of `mc_group_id`, where it is known) the device takes only fragments
        of sessions that are for the group, and questions for their progress.
        """
        if self.hung or "no-package" in self.cohort.faults or (multicast and port != FRAGMENTATION_PORT):
            return b""
        answers = [
            self._answer(port, command, now)
            for command in commands_in(bytes(frame), port=port, version=self.version, uplink=False)
            if not multicast or self._is_for_group(command, mc_group_id)
        ]
        return b"".join(frame_of(answer) for answer in answers if answer is not None)

    def _is_for_group(self, command: Message, mc_group_id: int | None) -> bool:
        if isinstance(command, DataFragment):
            session = self.sessions.get(command.frag_index)
            return session is not None and (mc_group_id is None or bool(session.mc_group_bit_mask >> mc_group_id & 1))
        return isinstance(command, FragSessionStatusReq)

    def _answer(self, port: int, command: Message, now: float) -> Message | None:
        if port == MULTICAST_SETUP_PORT:
            return self.multicast.answer(command, now)
        if port == CLOCK_SYNC_PORT:
            return self.clock.answer(command, now)
        return self._fragmentation(command)

    def _fragmentation(self, command: Message) -> Message | None:
        match command:
            case PackageVersionReq():
                return PackageVersionAns(package_identifier=PACKAGE_IDENTIFIER, package_version=self.version)
            case FragSessionSetupReq() | FragSessionSetupReqV2():
                return self._set_up(command)
            case FragSessionStatusReq():
                return self._progress(command)
            case FragSessionDeleteReq():
                gone = self.sessions.pop(command.frag_index, None)
                self.unfinished = None if self.unfinished == command.frag_index else self.unfinished
                return FragSessionDeleteAns(command.frag_index, session_does_not_exist=gone is None)
            case DataFragment() if command.frag_index in self.sessions:
                self.hear(command.frag_index, self.sessions[command.frag_index].received + 1)
        return None

    def hear(self, frag_index: int, fragments: int) -> None:
        """Note that so many fragments of a session came.

        The first one uses its SessionCnt up: until then the server may repeat a set-up whose answer it missed (as
        SWL2001 does it).
        """
        session = self.sessions[frag_index]
        session.received = fragments
        if fragments and session.session_cnt is not None:
            self._last_session_cnt[frag_index] = session.session_cnt

    def finish(self, frag_index: int, *, memory_error: bool = False) -> None:
        """End a session: the image is complete, or there was no room for its matrix."""
        session = self.sessions[frag_index]
        session.done, session.memory_error = not memory_error, memory_error
        self.memory_error |= memory_error
        self.unfinished = None

    def _progress(self, asked: FragSessionStatusReq) -> Message | None:
        session = self.sessions.get(asked.frag_index)
        if self.build is not None and self.cohort.status_as == "stack":
            return self._progress_of_stack(self.build, asked, session)
        if session is None:
            return self._no_session(asked)
        missing = min(255, session.fragments if session.missing is None else session.missing)  # the field saturates
        if not asked.participants and not missing:
            return None  # TS004: then only devices that miss fragments answer
        if self.version == 1:
            return FragSessionStatusAns(asked.frag_index, session.received, missing, session.memory_error)
        return FragSessionStatusAnsV2(
            asked.frag_index, session.received, missing, session.memory_error, session.mic_error, False
        )

    def _progress_of_stack(
        self, build: DeviceStack, asked: FragSessionStatusReq, session: FragmentationSession | None
    ) -> Message | None:
        if session is None and self.version == 1 and self.sessions and asked.frag_index in build.frag_indexes:
            session = next(reversed(self.sessions.values()))  # there is one decoder, whatever the index
        if session is None:
            return self._no_session(asked)
        said = stack_answer(
            build,
            session.counted,
            frag_index=asked.frag_index,
            version=self.version,
            fragments=session.fragments,
            missing=session.fragments if session.missing is None else session.missing,
            done=session.done,
            memory_error=session.memory_error or (self.memory_error and build.memory_error_stays),
        )
        if said is None or (not asked.participants and not said.missing):
            return None
        if self.version == 1:
            return FragSessionStatusAns(*said)
        return FragSessionStatusAnsV2(*said, session.mic_error and not said.missing, session_does_not_exist=False)

    def _no_session(self, asked: FragSessionStatusReq) -> Message | None:
        if self.version == 1 or not asked.participants:
            return None  # TS004-1.0.0 has no word for it; and who has no session misses no fragments
        return FragSessionStatusAnsV2(asked.frag_index, 0, 0, False, False, session_does_not_exist=True)

    def _not_enough_memory(self, asked: FragSessionSetupReq | FragSessionSetupReqV2) -> bool:
        cohort, build, block_bytes = self.cohort, self.build, asked.nb_frag * asked.frag_size
        limits = [(block_bytes, cohort.memory_bytes)]
        if build is None:
            limits += [(asked.nb_frag, cohort.max_fragments), (asked.frag_size, cohort.max_fragment_bytes)]
        elif build.checks_block_only and build.max_fragments and build.max_fragment_bytes:
            limits.append((block_bytes, build.max_fragments * build.max_fragment_bytes))
        else:
            limits += [(asked.nb_frag, build.max_fragments), (asked.frag_size, build.max_fragment_bytes)]
        return any(limit is not None and wanted > limit for wanted, limit in limits)

    def _descriptor(self, asked: bytes) -> bytes:
        """The descriptor that the application accepts."""
        wanted = self.cohort.descriptor
        if wanted == BASE_DESCRIPTOR and self.firmware is not None:
            return bytes.fromhex(self.firmware.sha256)[:4]
        return asked if wanted is None else base64.b64decode(wanted)

    def _set_up(self, asked: FragSessionSetupReq | FragSessionSetupReqV2) -> Message:
        cohort = self.cohort
        flags = {
            "frag_algo_unsupported": asked.frag_algo != 0 or "no-frag-algo" in cohort.faults,
            "not_enough_memory": self._not_enough_memory(asked),
            "frag_index_unsupported": asked.frag_index not in cohort.frag_indexes
            or self.unfinished not in (None, asked.frag_index),
            "wrong_descriptor": asked.descriptor != self._descriptor(asked.descriptor),
        }
        session = FragmentationSession(asked.nb_frag, asked.frag_size, asked.padding, asked.mc_group_bit_mask)
        answer: FragSessionSetupAns | FragSessionSetupAnsV2
        if isinstance(asked, FragSessionSetupReqV2):
            # TS004-2.0.0: a SessionCnt that is not above the last one of its FragIndex is a replay.
            last = self._last_session_cnt[asked.frag_index]
            flags["session_cnt_replay"] = last is not None and asked.session_cnt <= last
            session.session_cnt, session.mic = asked.session_cnt, asked.mic
            answer = FragSessionSetupAnsV2(frag_index=asked.frag_index, **flags)
        else:
            answer = FragSessionSetupAns(frag_index=asked.frag_index, **flags)
        if not any(flags.values()):
            self.sessions.pop(asked.frag_index, None)  # the latest one is the last
            self.sessions[asked.frag_index] = session
            if self.build is not None and self.build.one_session_at_a_time:
                self.unfinished = asked.frag_index
        return answer
