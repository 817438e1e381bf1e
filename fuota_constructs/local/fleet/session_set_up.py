"""What the service asks a device before the first fragment of a session, and when the device then listens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from fuota_constructs.local.fleet.frames import commands_in, frame_of
from fuota_constructs.local.fleet.integrity import data_block_mic
from fuota_constructs.local.fleet.radio import Arrived, arrivals, sent
from fuota_constructs.local.fleet.stack_trouble import unsent
from fuota_constructs.lorawan.fragmentation.messages import (
    FRAGMENTATION_PORT,
    PACKAGE_IDENTIFIER,
    FragSessionSetupAns,
    FragSessionSetupAnsV2,
    FragSessionSetupReq,
    FragSessionSetupReqV2,
)
from fuota_constructs.lorawan.package_messages import Message, PackageVersionAns, PackageVersionReq

if TYPE_CHECKING:
    from fuota_constructs.local.fleet.device import Device
    from fuota_constructs.local.fleet.multicast_package import ClassSession
    from fuota_constructs.local.fleet.multicast_server import ServedGroup
    from fuota_constructs.local.fleet.session_parameters import SessionParameters
    from fuota_constructs.local.fleet.stack_trouble import StackTrouble
    from fuota_constructs.lorawan.session_plan import SessionPlan

_REFUSALS: Final = (
    ("frag_algo_unsupported", "FragAlgo_unsupported"),
    ("not_enough_memory", "Not_enough_memory"),
    ("frag_index_unsupported", "FragIndex_unsupported"),
    ("wrong_descriptor", "Wrong_descriptor"),
    ("session_cnt_replay", "SessionCnt_replay"),
)
_PACKAGE_ASKED: Final = PackageVersionReq().encode()
INITIAL: Final = "Initial"


@dataclass(frozen=True)
class Receiver:
    """A device a session is for; of a multicast session with its group, and the McGroupID it has it under.

    `plan` is the session of that group, which says what of it is sent; None where nothing is known of the region.
    """

    device: Device
    group: ServedGroup | None = None
    mc_group_id: int | None = None
    plan: SessionPlan | None = None

    @property
    def left_out(self) -> bool:
        """Whether the device is not set up for its group."""
        return self.group is not None and self.mc_group_id is None

    @property
    def class_session(self) -> ClassSession | None:
        """What the device was told of the class session of its group; None where it was told of none."""
        if self.group is None or self.mc_group_id is None:
            return None
        there = self.device.multicast.groups[self.mc_group_id]
        return there.session if there.mc_nwk_s_key == self.group.mc_nwk_s_key else None


def set_up(receiver: Receiver, parameters: SessionParameters, frag_index: int) -> str:
    """PackageVersionReq and FragSessionSetupReq, and the status that the answers are."""
    device = receiver.device
    versions = [
        answer.package_version
        for answer in heard_from(device, device.answer(_PACKAGE_ASKED))
        if isinstance(answer, PackageVersionAns) and answer.package_identifier == PACKAGE_IDENTIFIER
    ]
    if not versions:
        return "Package_Not_Supported"
    if receiver.left_out:
        return INITIAL
    request = _request(parameters, frag_index, receiver.mc_group_id)
    sent = frame_of(request) if versions[0] == 1 else _version_2(request, parameters, device).encode()
    (answer,) = heard_from(device, device.answer(sent))
    assert isinstance(answer, (FragSessionSetupAns, FragSessionSetupAnsV2))  # noqa: S101  # for mypy: so do our devices answer
    return next((status for flag, status in _REFUSALS if getattr(answer, flag, False)), INITIAL)


def _request(parameters: SessionParameters, frag_index: int, mc_group_id: int | None) -> FragSessionSetupReq:
    return FragSessionSetupReq(
        frag_index=frag_index,
        mc_group_bit_mask=0 if mc_group_id is None else 1 << mc_group_id,
        nb_frag=parameters.data_fragments,
        frag_size=parameters.fragment_bytes,
        padding=parameters.data_fragments * parameters.fragment_bytes - len(parameters.image),
        descriptor=parameters.descriptor,
    )


def _version_2(request: FragSessionSetupReq, parameters: SessionParameters, device: Device) -> FragSessionSetupReqV2:
    # The service counts the sessions of a device (assumed: from 1).
    session_cnt = device.sessions_begun & 0xFFFF
    mic = data_block_mic(
        parameters.image,
        gen_app_key=device.gen_app_key,
        session_cnt=session_cnt,
        frag_index=request.frag_index,
        descriptor=request.descriptor,
    )
    return FragSessionSetupReqV2(
        frag_index=request.frag_index,
        mc_group_bit_mask=request.mc_group_bit_mask,
        nb_frag=request.nb_frag,
        frag_size=request.frag_size,
        padding=request.padding,
        session_cnt=session_cnt,
        mic=mic,
        descriptor=request.descriptor,
    )


def heard_by(receiver: Receiver, parameters: SessionParameters, random: np.random.Generator) -> Arrived:
    """Which fragments arrive at a device: what the radio lets through while it listens."""
    loss = receiver.device.cohort.loss
    arrived = arrivals(loss, random, parameters.fragments, parameters.region, parameters.data_rate)
    if receiver.group is None or receiver.mc_group_id is None:
        return arrived
    there, session = receiver.device.multicast.groups[receiver.mc_group_id], receiver.class_session
    if session is None:
        return np.zeros_like(arrived)
    # Fragment n is sent at start + (n - 1) * interval, with the frame count f_count + n - 1.
    interval, counted = parameters.interval_seconds, receiver.group.f_count
    first = max(math.ceil((session.start - parameters.start) / interval), there.min_f_count - counted, 0)
    end = min(math.ceil((session.end - parameters.start) / interval), there.max_f_count - counted)
    arrived[:first] = False
    arrived[max(0, end) :] = False
    one_of = receiver.plan.one_sent_of if receiver.plan else 1
    return np.asarray(arrived & sent(len(arrived), interval, session.seconds_a_ping_slot, one_of))


def trouble_with_air(receiver: Receiver) -> StackTrouble | None:
    """What is in the way of a device that is not sent all fragments."""
    return unsent(receiver.plan) if receiver.plan and receiver.plan.unsent else None


def heard_from(device: Device, uplink: bytes) -> tuple[Message, ...]:
    """The commands of an uplink on the fragmentation port."""
    return commands_in(uplink, port=FRAGMENTATION_PORT, version=device.version, uplink=True)
