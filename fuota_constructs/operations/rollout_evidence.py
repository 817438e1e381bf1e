"""What a rollout keeps of an execution in S3: who is in which wave, what each gate said, how the devices fared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollouts import Rollout

REFUSALS: Final = frozenset({"FragAlgo_unsupported", "Not_enough_memory", "Package_Not_Supported"})
CONFLICT: Final = "Device_exist_in_conflict_fuota_task"
DELIVERED, INITIAL = "Successful", "Initial"
_OF_A_WAVE = re.compile(r"wave-(?P<wave>\d+)/(?P<kind>check|gate|decision|counts)-(?P<attempt>\d+)\.json")


@dataclass(slots=True)
class Evidence:
    """The documents; `sizes` is None before the devices were chosen.

    `checks` (how many are sent to, and are not), `gates` and `decisions` are by wave, in the order of its sessions;
    `statuses` is how devices fared in waves of which
    no gate has judged the last session, because it was aborted.
    """

    sizes: list[int] | None = None
    checks: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    gates: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    decisions: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    statuses: dict[int, dict[str, int]] = field(default_factory=dict)
    outcome: dict[str, Any] = field(default_factory=dict)

    def gate(self, wave: int) -> dict[str, Any]:
        """What the last gate of a wave was told and said; empty before there was one."""
        gates = self.gates.get(wave)
        return gates[-1] if gates else {}

    def check(self, wave: int) -> dict[str, Any]:
        """What was found before the first session of a wave; empty before that."""
        checks = self.checks.get(wave)
        return checks[0] if checks else {}

    def result(self, wave: int) -> dict[str, Any]:
        """How a wave ended, as the end of the rollout tells; empty before that."""
        results: list[dict[str, Any]] = self.outcome.get("waves") or []
        return next((result for result in results if int(result["wave"]) == wave), {})

    def is_skipped(self, wave: int) -> bool:
        """Whether the operator skipped it."""
        return any(said.get("Word") == "skip" for said in self.decisions.get(wave, ()))


Kept = dict[str, tuple[str, Any]]
"""Documents that were read before, by their keys, each with its ETag: what is the same is not read again."""


def read_evidence(aws: Aws, rollout: Rollout, execution: str, kept: Kept | None = None) -> Evidence:
    """Everything of an execution but the devices one by one, of whom there may be 100,000.

    Who looks again and again gives what was read as `kept`, which is filled here.
    """
    folder = rollout.evidence_of(execution)
    keys = _keys(aws, rollout, folder)
    kept = {} if kept is None else kept

    def read(name: str) -> Any:
        if (had := kept.get(folder + name)) is None or had[0] != keys[name]:
            had = kept[folder + name] = keys[name], _read(aws, rollout, folder + name)
        return had[1]

    found = Evidence()
    if "sizes.json" in keys:
        found.sizes = read("sizes.json") or None
    if "outcome.json" in keys:
        found.outcome = read("outcome.json")
    latest: dict[int, tuple[int, str]] = {}
    for wave, attempt, kind, key in sorted(_of_waves(keys)):
        if kind == "counts":
            latest[wave] = attempt, key
            continue
        documents = {"check": found.checks, "gate": found.gates, "decision": found.decisions}[kind]
        documents.setdefault(wave, []).append({"attempt": attempt, **read(key)})
    for wave, (attempt, key) in latest.items():
        if attempt > int(found.gate(wave).get("attempt", -1)):
            found.statuses[wave] = read(key)
    return found


def _of_waves(keys: Iterable[str]) -> Iterator[tuple[int, int, str, str]]:
    for key in keys:
        if match := _OF_A_WAVE.fullmatch(key):
            yield int(match["wave"]), int(match["attempt"]), match["kind"], key


def _keys(aws: Aws, rollout: Rollout, folder: str) -> dict[str, str]:
    """The names of the documents, with their ETags: another text has another one."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=rollout.bucket, Prefix=folder)
    return {found["Key"].removeprefix(folder): found["ETag"] for page in pages for found in page.get("Contents", ())}


def _read(aws: Aws, rollout: Rollout, key: str) -> Any:
    try:
        answer = aws.s3.get_object(Bucket=rollout.bucket, Key=key)
    except ClientError as error:
        if code_of(error) != "NoSuchKey":  # a lifecycle rule may take it away meanwhile
            raise
        return {}
    with answer["Body"] as body:
        return json.loads(body.read())
