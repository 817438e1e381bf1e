"""What the template of a rollout says."""

import json
from typing import Any


def settings_of(template: Any) -> dict[str, Any]:
    """The input of its executions, with "token" for what only a deployment knows."""
    text = template.properties("Custom::FuotaRollout")["Settings"]["Fn::Join"][1]
    settings: dict[str, Any] = json.loads("".join(part if isinstance(part, str) else "token" for part in text))
    return settings
