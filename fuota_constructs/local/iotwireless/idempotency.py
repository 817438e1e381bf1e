"""ClientRequestToken: a repeated request gets the same answer instead of a second resource.

Documented: the same token with the same parameters succeeds, with other parameters it is a ConflictException.
Assumed: a token belongs to one operation of one account and region; it is kept for good; and it gives the first
answer again even when that resource was deleted meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from fuota_constructs.local.iotwireless.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuota_constructs.local.iotwireless.operations import Answer, Call


def answer_once(call: Call, token_member: str | None, execute: Callable[[Call], Answer]) -> Answer:
    """Execute an operation unless its token was used before; failures are not remembered."""
    token = call.request.get(token_member) if token_member else None
    if token is None:
        return execute(call)
    key = f"{call.operation}:{token}"
    parameters = {name: value for name, value in call.request.items() if name != token_member}
    fingerprint = hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
    if remembered := call.state.tokens.get(key):
        if remembered["fingerprint"] != fingerprint:
            message = f"ClientRequestToken {token!r} was already used for {call.operation} with other parameters"
            raise ServiceError("ConflictException", message)
        answer: Answer = remembered["answer"]
        return answer
    answer = execute(call)
    call.state.tokens[key] = {"fingerprint": fingerprint, "answer": answer}
    return answer
