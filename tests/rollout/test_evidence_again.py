"""Looking at the evidence again and again: what is as it was is not read again."""

import json
from typing import Any

from rollout_rig import Rig
from rollout_stores import BUCKET

from fuota_constructs.operations.aws import Aws
from fuota_constructs.operations.rollout_evidence import Evidence, Kept, read_evidence
from fuota_constructs.operations.rollouts import Rollout

ROLLOUT = Rollout("Stack/Rollout", "arn:aws:states:eu-west-1:000000000000:stateMachine:Rollout", "table", BUCKET)
FOLDER = "rollouts/Rollout/one"


def test_only_what_changed_is_read_again(rig: Rig) -> None:
    aws, kept, read = Aws(region="eu-west-1"), Kept(), list[str]()
    aws.s3.meta.events.register("before-parameter-build.s3.GetObject", lambda params, **_: read.append(params["Key"]))

    def keep(name: str, document: Any) -> None:
        rig.s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}/{name}", Body=json.dumps(document).encode())

    def look() -> tuple[Evidence, set[str]]:
        read.clear()
        found = read_evidence(aws, ROLLOUT, "one", kept)
        names = {key.removeprefix(f"{FOLDER}/") for key in read}
        assert found == read_evidence(aws, ROLLOUT, "one")  # as who looks for the first time
        return found, names

    keep("sizes.json", [3, 7])
    keep("wave-0/check-0.json", {"attempted": 3})
    keep("wave-0/counts-0.json", {"Successful": 3})
    assert look()[1] == {"sizes.json", "wave-0/check-0.json", "wave-0/counts-0.json"}
    assert look()[1] == set()
    keep("wave-0/counts-0.json", {"Successful": 2, "MissingFrag": 1})
    found, again = look()
    assert again == {"wave-0/counts-0.json"}
    assert found.statuses == {0: {"Successful": 2, "MissingFrag": 1}}
    keep("wave-0/gate-0.json", {"reason": "3 of 3"})
    found, again = look()
    assert again == {"wave-0/gate-0.json"}
    assert (found.gate(0), found.statuses) == ({"attempt": 0, "reason": "3 of 3"}, {})
