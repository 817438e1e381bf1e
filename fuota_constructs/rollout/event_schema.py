"""The events of `FuotaRollout` as JSON Schema (draft 2020-12): what `detail` holds. Standard library only.

Both come from source `fuota-constructs`, at least once each: a step that is repeated may tell again, with a later
`observedAt`. `python -m fuota_constructs.rollout.event_schema` prints them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

SOURCE = "fuota-constructs"
ROLLOUT_CHANGE = "FUOTA Rollout Status Change"
WAVE_CHANGE = "FUOTA Rollout Wave Status Change"

STATUSES = ("RUNNING", "HELD", "SUCCEEDED", "ABORTED", "FAILED")
"""Of a rollout; the same as in the JSON of `fuota rollout status`."""
OUTCOMES = ("RUNNING", "PASSED", "INCONCLUSIVE", "ABORTED", "SKIPPED")
"""Of a wave that has begun."""

_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 0}
_BOUND = {"type": "number", "minimum": 0, "maximum": 1}
_ABOUT = {
    "rollout": {**_TEXT, "description": "its name, as `fuota rollout list` has it: <stack>/<path of the construct>"},
    "execution": {**_TEXT, "description": "the name of the execution; its ARN is in the resources"},
    "observedAt": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$",
        "description": "when the rollout told it; a word of the operator's is heard at its next look",
    },
}
_WAVE = {
    "wave": {**_TEXT, "description": "the name of the wave"},
    "waveNumber": {"type": "integer", "minimum": 1},
}

ROLLOUT_CHANGE_DETAIL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": ROLLOUT_CHANGE,
    "description": "the status of a rollout is another one",
    "type": "object",
    "required": ["rollout", "execution", "observedAt", "status"],
    "additionalProperties": False,
    "properties": {
        **_ABOUT,
        **_WAVE,
        "status": {
            "enum": list(STATUSES),
            "description": "HELD: it waits for somebody to say approve, resume, skip or abort;"
            " FAILED: its execution died",
        },
        "previousStatus": {"enum": list(STATUSES), "description": "not there with the first"},
        "reason": {**_TEXT, "description": "what its gate, its operator or its execution said"},
        "wantsApproval": {
            "type": "boolean",
            "description": "with HELD: whether that is because the wave has approval=True",
        },
        "said": {
            "type": "object",
            "description": "the word by which it goes on after HELD, or was aborted",
            "required": ["word"],
            "additionalProperties": False,
            "properties": {
                "word": {"enum": ["abort", "hold", "resume", "approve", "skip"]},
                "who": {**_TEXT, "description": "ARN"},
                "when": _TEXT,
            },
        },
    },
}

WAVE_CHANGE_DETAIL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": WAVE_CHANGE,
    "description": "the outcome of a wave is another one; counts and bounds are there once its gate has judged",
    "type": "object",
    "required": ["rollout", "execution", "observedAt", "wave", "waveNumber", "outcome"],
    "additionalProperties": False,
    "properties": {
        **_ABOUT,
        **_WAVE,
        "outcome": {
            "enum": list(OUTCOMES),
            "description": "INCONCLUSIVE: neither proven nor refuted; a canary goes on with it, others hold for the"
            " operator. RUNNING once more: devices are tried again",
        },
        "previousOutcome": {"enum": list(OUTCOMES), "description": "not there with the first of a wave"},
        "reason": {**_TEXT, "description": "what its gate said"},
        "targets": {**_COUNT, "description": "devices of the wave"},
        "attempted": {**_COUNT, "description": "delivered, failed and not heard of"},
        "delivered": _COUNT,
        "failed": {**_COUNT, "description": "those that lost the image to the radio, too"},
        "silent": {**_COUNT, "description": "have the image, and were not heard since"},
        "applied": {**_COUNT, "description": "run the version that was asked for; with applied=... only"},
        "already": {**_COUNT, "description": "ran it before, and are not attempted; with applied=... only"},
        "lowerBound": {**_BOUND, "description": "of the share of devices that have the image"},
        "upperBound": _BOUND,
        "attempts": {"type": "integer", "minimum": 1, "description": "sessions, retries among them"},
        "redundancyPercent": {"type": "integer", "minimum": 0, "maximum": 100, "description": "of its latest session"},
    },
}

DETAILS = {ROLLOUT_CHANGE: ROLLOUT_CHANGE_DETAIL, WAVE_CHANGE: WAVE_CHANGE_DETAIL}
"""The schema of `detail` by `detail-type`."""

if __name__ == "__main__":
    sys.stdout.write(json.dumps(DETAILS, indent=2) + "\n")
