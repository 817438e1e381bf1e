"""What of a session gateways send to a multicast group, and what they may have no airtime for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.lorawan.fragments import groups_of_a_gateway
from fuota_constructs.lorawan.session_plan import Conditions, SessionPlan, plan_session
from fuota_constructs.lorawan.unsent_fragments import (
    doubt_of_airtime,
    rule_of_unsent,
    slower,
    why_unsent,
    worst_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuota_constructs.local.fleet.multicast_server import SessionOrder
    from fuota_constructs.local.fleet.session_parameters import SessionParameters
    from fuota_constructs.local.iotwireless.store import MulticastGroup

_LEAST_PING_SLOT_PERIOD = 32
"""A ping slot period is 2^(5 + Periodicity) slots (TS005)."""


def session_of_group(
    group: MulticastGroup, order: SessionOrder, parameters: SessionParameters, redundancy_percent: int
) -> SessionPlan | None:
    """The session as it is planned for such a group, to devices that lose nothing; None without a known data rate."""
    if parameters.region is None or parameters.data_rate is None:
        return None
    sending = group.details["LoRaWAN"].get("ParticipatingGateways") or {}
    conditions = Conditions(
        parameters.region,
        dl_class=order.dl_class,
        frequency_hz=order.frequency_hz,
        gateways=len(_gateways(group)) or 1,
        gateway_spacing_seconds=(sending.get("TransmissionInterval") or 0) / 1000,
        ping_slot_period=_LEAST_PING_SLOT_PERIOD << order.periodicity,
        loss=0.0,
    )
    return plan_session(
        len(parameters.image),
        conditions,
        data_rate=parameters.data_rate,
        fragment_bytes=parameters.fragment_bytes,
        interval_seconds=int(parameters.interval_seconds),
        redundancy_percent=redundancy_percent,
    )


def air_report(plans: Sequence[SessionPlan], groups: Sequence[MulticastGroup]) -> dict[str, Any] | None:
    """What of a session to these groups is not sent, or may not be; None where there is airtime for all of it."""
    worst = worst_of(plans)
    if worst is None:
        return None
    if worst.unsent:
        return {
            "fragments_unsent": worst.fragments - worst.sent_fragments,
            "cause": why_unsent(worst),
            "remedy": f"choose {slower(worst)}",
            "rule": rule_of_unsent(worst),
        }
    together = groups_of_a_gateway([_gateways(group) for group in groups])
    doubted = next((plan for plan in plans if doubt_of_airtime(plan, together)), None)
    if doubted is None:
        return None
    return {
        "fragments_unsent": 0,
        "cause": doubt_of_airtime(doubted, together),
        "remedy": f"choose {slower(doubted, together)}, or be sure of it",
        "rule": "duty-cycle",
    }


def _gateways(group: MulticastGroup) -> list[str]:
    return (group.details["LoRaWAN"].get("ParticipatingGateways") or {}).get("GatewayList") or []
