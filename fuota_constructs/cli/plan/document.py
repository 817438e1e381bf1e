"""The JSON of `fuota plan`: every figure, with its unit in its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fuota_constructs.cli.plan.verdict import verdict_of
from fuota_constructs.lorawan import recommendation
from fuota_constructs.lorawan.session_plan import RECEIVE_MILLIAMPERES, SUPPLY_VOLTS, SessionPlan

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import Planned
    from fuota_constructs.lorawan.recommendation import Option, Recommendation

_NAMES = {
    "data_rate_text": "data_rate_name",
    "loss": "loss_share",
    "version": "ts004_version",
    "duty_cycle_used": "duty_cycle_used_share",
    "duty_cycle_limit": "duty_cycle_limit_share",
}


def as_text(
    result: Planned, best: Recommendation | None, choices: tuple[Option, ...], *, recommended: bool = False
) -> str:
    """Everything, indented. A share is of 1; null is what is not limited or not known."""
    content: dict[str, Any] = {
        "image": result.inputs.image_name,
        "image_bytes": result.inputs.image_bytes,
        "target_share": result.inputs.target,
        "verdict": verdict_of(result)._asdict(),
        "assumed": {name.replace(" ", "_"): why for name, why in result.assumed.items()},
        "plan": _plan(result.plan),
        "findings": [{"rule": rule, "level": level, "message": text} for rule, level, text in result.findings],
    }
    if recommended:
        content["recommendation"] = best and {
            "plan": _plan(best.plan),
            "why": list(best.why),
            "snippet": recommendation.snippet(best.plan),
        }
        content["options"] = [
            {
                "data_rate": option.data_rate.index,
                "data_rate_name": str(option.data_rate),
                "obstacle": option.obstacle or None,
                "plan": _plan(option.plan),
            }
            for option in choices
        ]
    return json.dumps(content, indent=2)


def _plan(plan: SessionPlan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    figures = {_NAMES.get(name, name): value for name, value in plan.as_dict().items()}
    return {**figures, "receive_milliamperes_assumed": RECEIVE_MILLIAMPERES, "supply_volts_assumed": SUPPLY_VOLTS}
