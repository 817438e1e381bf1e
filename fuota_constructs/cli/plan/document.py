"""The JSON of `fuota plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuota_constructs.cli import documents
from fuota_constructs.cli.image.words import facts_content
from fuota_constructs.cli.plan.delta import document_of, snippet_of
from fuota_constructs.cli.plan.verdict import verdict_of

if TYPE_CHECKING:
    from fuota_constructs.cli.plan.inputs import Planned
    from fuota_constructs.cli.repeatable import Typed
    from fuota_constructs.lorawan.recommendation import Option, Recommendation


def as_text(
    result: Planned,
    typed: Typed,
    best: Recommendation | None,
    choices: tuple[Option, ...],
    *,
    recommended: bool = False,
    whole: Planned | None = None,
) -> str:
    """Everything, indented. A share is of 1; null is what is not limited or not known."""
    content: dict[str, Any] = {
        "verdict": verdict_of(result).as_dict(),
        "command": typed.command,
        "planned_at": typed.at,
        "image": result.inputs.image_name,
        "image_bytes": result.inputs.image_bytes,
        "image_sha256": result.inputs.image_sha256,
        "image_facts": result.inputs.image_facts and facts_content(result.inputs.image_facts),
        "target_share": result.inputs.target,
        "assumed": {name.replace(" ", "_"): why for name, why in result.assumed.items()},
        "plan": result.plan and result.plan.as_dict(),
        "findings": [{"rule": rule, "level": level, "message": text} for rule, level, text in result.findings],
    }
    if whole is not None:
        content["delta"] = document_of(result, whole)
    if recommended:
        content["recommendation"] = best and {
            "plan": best.plan.as_dict(),
            "why": list(best.why),
            "snippet": snippet_of(result, best),
        }
        content["options"] = [
            {
                "data_rate": option.data_rate.index,
                "data_rate_name": str(option.data_rate),
                "obstacle": option.obstacle or None,
                "plan": option.plan and option.plan.as_dict(),
            }
            for option in choices
        ]
    return documents.as_text("plan", content)
