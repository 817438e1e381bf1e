"""What CloudFormation makes of the answer of a custom resource; MiniStack takes whatever comes.

Sources: CloudFormation User Guide, custom resource response objects; the texts are those of stack events that users
report. The request an answer belongs to is told by its ResponseURL alone: whether AWS looks at the StackId, RequestId
and LogicalResourceId in it, and how, is not documented. Of several answers the first counts (assumed).
"""

import json
from collections.abc import Mapping
from typing import Any

MOST_ANSWER_BYTES = 4096
MOST_ID_BYTES = 1024
LONGEST_REASON = 2000
_RECEIVED = "Received response status [FAILED] from custom resource"


class HiddenData(dict[str, Any]):
    """The Data of an answer with NoEcho: whoever reads the outputs of the stack sees asterisks.

    So it is documented; of an output and a property users measured that AWS has the value in both (go-to-k/cdkd#2274).
    """

    def masked(self) -> dict[str, str]:
        """What they see."""
        return dict.fromkeys(self, "*****")


class HiddenText(str):
    """An output with such data in it: itself for a template that imports it or has the stack in it, else as shown."""

    shown: str

    def __new__(cls, text: str, shown: str) -> "HiddenText":
        """Take both."""
        made = super().__new__(cls, text)
        made.shown = shown
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # as many as there are to be copied
        """Both, for a copy of the record of its stack."""
        return self.plain, self.shown

    def __str__(self) -> str:
        """What is shown."""
        return self.shown

    @property
    def plain(self) -> str:
        """The text itself."""
        return str.__str__(self)


def judged(answer: Any, event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as CloudFormation takes it: failed, with the reason of its stack event, where it does not take it.

    One that says itself that it failed keeps its PhysicalResourceId, which is what the Delete that follows will name.
    Of one that is not taken nothing is (assumed).
    """
    answer = answer if isinstance(answer, Mapping) else {}
    physical_id, data = answer.get("PhysicalResourceId"), answer.get("Data")
    has_id = isinstance(physical_id, str) and 0 < len(physical_id.encode(errors="replace")) <= MOST_ID_BYTES
    if problem := _problem(answer, has_id=has_id, event=event):
        names = has_id and problem.startswith(_RECEIVED)
        return {"Status": "FAILED", "Reason": problem, "PhysicalResourceId": physical_id if names else None}
    # A null is taken for no attribute (assumed).
    attributes = {name: as_text(value) for name, value in (data or {}).items() if value is not None}
    hidden = HiddenData(attributes) if answer.get("NoEcho") is True else attributes
    return {"Status": "SUCCESS", "PhysicalResourceId": physical_id, "Data": hidden}


def _problem(answer: Mapping[str, Any], *, has_id: bool, event: Mapping[str, Any]) -> str | None:
    # As short as its JSON can be: what was sent is no shorter.
    size = len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode(errors="replace"))
    if size > MOST_ANSWER_BYTES:
        return f"Response object is too long: {size} bytes, CloudFormation takes {MOST_ANSWER_BYTES}"
    status, said = answer.get("Status"), str(answer.get("Reason") or "no reason was given")[:LONGEST_REASON]
    if not isinstance(status, str) or status not in {"SUCCESS", "FAILED"}:
        return f"Invalid Response object: '{status}' is not a valid ResponseStatus"
    if not has_id:
        # On AWS the reason of the function is lost with it (aws/aws-lambda-go#107).
        hidden = f", which on AWS hides its reason: {said}" if status == "FAILED" else ""
        return f"Invalid PhysicalResourceId: the answer needs one of 1 to {MOST_ID_BYTES} bytes{hidden}"
    if status == "FAILED":
        return f"{_RECEIVED}. Message returned: {said} (RequestId: {event.get('RequestId')})"
    if not isinstance(answer.get("Data") or {}, Mapping):
        return "Invalid Response object: Data is not a JSON object"
    return None


def as_text(value: Any) -> Any:
    """A value of Data as Fn::GetAtt answers it: its numbers and booleans are strings, at any depth."""
    if isinstance(value, Mapping):
        return {name: as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_text(each) for each in value]
    return json.dumps(value) if isinstance(value, (bool, int, float)) else value
