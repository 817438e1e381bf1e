"""One FUOTA session as the devices of a fleet live it: set-up, fragments, and what each has to report."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fuota_constructs.local.fleet.cohort import BASE_DESCRIPTOR
from fuota_constructs.local.fleet.delta_trouble import other_base_named
from fuota_constructs.local.fleet.frames import frame_of
from fuota_constructs.local.fleet.installation import Installation
from fuota_constructs.local.fleet.integrity import data_block_mic
from fuota_constructs.local.fleet.own_memory import OwnMemory
from fuota_constructs.local.fleet.reception import Reception
from fuota_constructs.local.fleet.session_set_up import (
    INITIAL,
    Receiver,
    heard_by,
    heard_from,
    set_up,
    trouble_with_air,
)
from fuota_constructs.local.fleet.stack_decoder import End
from fuota_constructs.local.fleet.stack_devices import (
    at_set_up,
    at_the_end,
    early_trouble,
    ends_of,
    flash_trouble,
    goes_its_own_way,
    is_done_late,
    trouble_at_the_end,
)
from fuota_constructs.local.fleet.stack_limits import Counted, counted
from fuota_constructs.local.fleet.transmission import MULTICAST_FRAG_INDEX, UNICAST_FRAG_INDEX, Transmission
from fuota_constructs.lorawan.fragmentation.messages import (
    FragSessionStatusAns,
    FragSessionStatusAnsV2,
    FragSessionStatusReq,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.radio import Arrived
    from fuota_constructs.local.fleet.session_parameters import SessionParameters
    from fuota_constructs.local.fleet.stack_limits import EarlyEnd
    from fuota_constructs.local.fleet.stack_trouble import StackTrouble

SUCCESSFUL: Final = "Successful"


@dataclass
class Outcome:
    """How far a device is. `fragment` is the number of the fragment that decided, None while nothing has.

    `status` is what the device reports, `has_image` whether it has it, `trouble` what its stack has to do with it.
    """

    status: str = INITIAL
    fragment: int | None = None
    listening: bool = False
    has_image: bool = False
    trouble: StackTrouble | None = None


class SessionRun:
    """The devices of one task during its session."""

    def __init__(
        self,
        parameters: SessionParameters,
        receivers: Sequence[Receiver],
        *,
        conflicting: set[str],
    ) -> None:
        """Set every device up."""
        self.parameters = parameters
        self.frag_index = MULTICAST_FRAG_INDEX if parameters.multicast else UNICAST_FRAG_INDEX
        self.outcomes: dict[str, Outcome] = {}
        self._installation = Installation(parameters.image, parameters.tags)
        self._sha256 = hashlib.sha256(parameters.image).digest()
        self._receptions: list[tuple[Reception, list[Device], Arrived]] = []
        self._own: list[tuple[OwnMemory, Device]] = []
        self._delivered = 0
        self._closed: dict[str, tuple[int, int]] | None = None
        listening: list[tuple[Device, np.random.Generator, Arrived]] = []
        self._receivers = {receiver.device.id: receiver for receiver in receivers}
        served = {receiver.group.id: receiver.group for receiver in receivers if receiver.group is not None}
        for receiver in receivers:
            device = receiver.device
            outcome = self.outcomes[device.id] = Outcome()
            if device.id in conflicting:
                outcome.status = "Device_exist_in_conflict_fuota_task"
                continue
            device.sessions_begun += 1
            outcome.status = set_up(receiver, parameters, self.frag_index)
            outcome.trouble = at_set_up(device, self.parameters, self.frag_index, outcome.status)
            if outcome.status == "Wrong_descriptor" and device.cohort.descriptor == BASE_DESCRIPTOR and device.firmware:
                outcome.trouble = other_base_named(device.firmware.sha256)
            # Assumed: a device that is not set up for its group by now has no fragmentation session.
            if outcome.status == INITIAL and not receiver.left_out:
                outcome.listening = True
                random = np.random.default_rng([device.seed, device.ordinal, device.sessions_begun])
                listening.append((device, random, heard_by(receiver, parameters, random)))
        for group in served.values():
            group.f_count += parameters.fragments
        self._begin(listening)

    def _begin(
        self,
        listening: Sequence[tuple[Device, np.random.Generator, Arrived]],
    ) -> None:
        for version in sorted({device.version for device, _, _ in listening}):
            # Assumed: each device gets the coded fragments of its own package version.
            parameters = self.parameters
            sent = Transmission(
                parameters.image,
                parameters.fragment_bytes,
                parameters.coded_fragments,
                version=version,
                frag_index=self.frag_index,
            )
            together = []
            for device, random, arrived in listening:
                if device.version != version:
                    continue
                if goes_its_own_way(device):
                    self._own.append((self._own_memory(sent, device, arrived, random), device))
                else:
                    together.append((device, arrived))
            if together:
                members = [device for device, _ in together]
                heard = np.stack([arrived for _, arrived in together])
                reception = Reception(
                    sent,
                    heard,
                    self._for(members, heard),
                    ends=ends_of(members, parameters, heard),
                    on_end=self._end_for(members, heard),
                    done_late={place for place, device in enumerate(members) if is_done_late(device)},
                )
                self._receptions.append((reception, members, heard))

    def _for(self, members: Sequence[Device], heard: Arrived) -> Callable[[int, int, bytes], None]:
        data = self.parameters.data_fragments

        def complete(place: int, n: int, image: bytes) -> None:
            device = members[place]
            if device.build is not None and device.build.one_session_per_boot:
                device.rows_since_boot += data - int(np.count_nonzero(heard[place, :data]))
            self._complete(device, n, self._counted(device, heard[place], n), image)

        return complete

    def _counted(self, device: Device, heard: Arrived, n: int) -> Counted:
        if device.cohort.status_as == "spec":  # nobody will ask for more
            return Counted(0, 0, int(np.count_nonzero(heard[:n])))
        return counted(self.parameters.data_fragments, heard, n, n)

    def _end_for(self, members: Sequence[Device], heard: Arrived) -> Callable[[int, EarlyEnd], None]:
        data = self.parameters.data_fragments

        def end_early(place: int, early: EarlyEnd) -> None:
            n = early.n or 0
            missing = data - int(heard[place, :data].sum())
            self._end(members[place], n, counted(data, heard[place], n, n), early.end, missing)

        return end_early

    def _end(self, device: Device, n: int, has: Counted, end: End, missing: int) -> None:
        """A device whose decoder gives up: it has no room, or is not heard of any more."""
        self._note(device, has)
        trouble = early_trouble(device, self.parameters, end)
        if end in {End.HANG, End.CRASH}:
            device.hung = True
            self.outcomes[device.id] = Outcome(INITIAL, n, trouble=trouble)
            return
        device.sessions[self.frag_index].missing = missing
        device.finish(self.frag_index, memory_error=True)
        self.outcomes[device.id] = Outcome(self._ask(device), n, trouble=trouble)

    def _note(self, device: Device, has: Counted) -> None:
        device.hear(self.frag_index, has.frames)
        device.sessions[self.frag_index].counted = has

    def _own_memory(
        self,
        sent: Transmission,
        device: Device,
        arrived: Arrived,
        random: np.random.Generator,
    ) -> OwnMemory:
        own = OwnMemory(
            sent,
            device,
            arrived,
            random,
            on_image=lambda n, image: self._complete(device, n, own.counted, image),
            on_end=lambda n, end: self._end(device, n, own.counted, end, own.missing),
        )
        return own

    def _complete(self, device: Device, n: int, has: Counted, image: bytes | None) -> None:
        self._note(device, has)
        session = device.sessions[self.frag_index]
        session.missing = 0
        device.finish(self.frag_index)
        unwritten = flash_trouble(device, self.parameters)
        session.mic_error = image is None or unwritten is not None or not self._intact(device, image)
        uninstalled = None if session.mic_error else self._installation.install(device)
        has_image = not session.mic_error and uninstalled is None
        # Assumed: TS004-1.0.0 has no MIC and no way to tell, and no version tells what became of a delta; what the
        # image's own digest or signature shows is a MICError too.
        told = device.cohort.status_as == "stack" or (session.mic_error and device.version != 1)
        status = self._ask(device) if has_image or told else "MICError"
        trouble = unwritten or uninstalled
        before = self.outcomes[device.id].trouble
        trouble = trouble or trouble_at_the_end(device, before, status, has_image=has_image)
        self.outcomes[device.id] = Outcome(status, n, has_image=has_image, trouble=trouble)

    def _ask(self, device: Device) -> str:
        """Ask a device how far it is, as the service does after the last fragment.

        Assumed: who does not answer stays Initial.
        """
        request = FragSessionStatusReq(frag_index=self.frag_index, participants=True)
        answers = heard_from(device, device.answer(frame_of(request)))
        if not answers:
            return INITIAL
        (answer,) = answers
        assert isinstance(answer, (FragSessionStatusAns, FragSessionStatusAnsV2))  # noqa: S101  # for mypy: so do our devices answer
        flags = {
            "MemoryError": getattr(answer, "memory_error", False) or getattr(answer, "not_enough_matrix_memory", False),
            "MICError": getattr(answer, "mic_error", False),
            "MissingFrag": answer.missing_frag > 0,
        }
        return next((status for status, raised in flags.items() if raised), SUCCESSFUL)

    def _intact(self, device: Device, image: bytes) -> bool:
        session = device.sessions[self.frag_index]
        if session.mic is not None and session.session_cnt is not None:
            found = data_block_mic(
                image,
                gen_app_key=device.gen_app_key,
                session_cnt=session.session_cnt,
                frag_index=self.frag_index,
                descriptor=self.parameters.descriptor,
            )
            if found != session.mic:
                return False
        return hashlib.sha256(image).digest() == self._sha256

    def sent(self, now: float) -> int:
        """How many fragments were sent; each takes its whole interval."""
        parameters = self.parameters
        passed = int((now - parameters.start) / parameters.interval_seconds + 1e-9)
        return max(0, min(parameters.fragments, passed))

    def deliver(self, now: float) -> None:
        """Let the devices hear all that was sent until now; when it was the last, those that wait miss fragments."""
        until = self.sent(now)
        if until <= self._delivered:
            return
        self._delivered = until
        for reception, *_ in self._receptions:
            reception.deliver(until)
        for own, _ in self._own:
            own.deliver(until)
        if until == self.parameters.fragments:
            self._close()

    def _close(self) -> None:
        self._closed = self.fragments()
        parameters = self.parameters
        data, total = parameters.data_fragments, parameters.fragments
        for _, members, heard in self._receptions:
            for place, device in enumerate(members):
                if self.outcomes[device.id].listening:
                    lost = data - int(np.count_nonzero(heard[place, :data]))
                    device.rows_since_boot += lost - self._closed[device.id][1]
                    self._end_without(device, counted(data, heard[place], total, total))
        for own, device in self._own:
            if self.outcomes[device.id].listening:
                self._end_without(device, own.counted)
        self._receptions, self._own = [], []  # what a session weighs ends with it

    def _end_without(self, device: Device, has: Counted) -> None:
        """A device that is not done when the session is over."""
        before = self.outcomes[device.id].trouble
        session = device.sessions[self.frag_index]
        _, session.missing = self._closed[device.id] if self._closed else (0, 0)
        self._note(device, has)
        receiver = self._receivers[device.id]
        trouble = at_the_end(device, self.parameters, has, session, receiver.class_session)
        trouble = trouble or trouble_with_air(receiver)
        status = self._ask(device)
        self.outcomes[device.id] = Outcome(
            status, trouble=trouble or trouble_at_the_end(device, before, status, has_image=False)
        )

    def fragments(self) -> dict[str, tuple[int, int]]:
        """How many fragments each listening device received, and how many it still needs."""
        if self._closed is not None:
            return self._closed
        counts = {
            device.id: found
            for reception, members, _ in self._receptions
            for device, found in zip(members, reception.counts(), strict=True)
        }
        return {**counts, **{device.id: (own.received, own.missing) for own, device in self._own}}

    def completed_at(self, device_id: str) -> float | None:
        """When a device had its image, in epoch seconds."""
        outcome = self.outcomes[device_id]
        if not outcome.has_image or outcome.fragment is None:
            return None
        return self.parameters.start + outcome.fragment * self.parameters.interval_seconds

    def counts(self) -> Counter[str]:
        """How many devices report what."""
        return Counter(outcome.status for outcome in self.outcomes.values())
