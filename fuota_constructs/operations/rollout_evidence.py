"""What a rollout keeps of an execution in S3: who is in which wave, what each gate said, how the devices fared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from fuota_constructs.operations.aws import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.operations.aws import Aws
    from fuota_constructs.operations.rollouts import Rollout

REFUSALS: Final = frozenset({"FragAlgo_unsupported", "Not_enough_memory", "Package_Not_Supported"})
CONFLICT: Final = "Device_exist_in_conflict_fuota_task"
DELIVERED, INITIAL = "Successful", "Initial"
_OF_A_WAVE = re.compile(r"wave-(?P<wave>\d+)/(?P<kind>[a-z]+)-(?P<attempt>\d+)\.json")


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


class Documents:
    """The documents that an execution keeps: those of the whole rollout, and for each wave those of its sessions.

    Who looks again and again gives what was read as `kept`, which is filled here.
    """

    def __init__(self, aws: Aws, rollout: Rollout, execution: str, kept: Kept | None = None) -> None:
        """List them."""
        self._aws, self._bucket = aws, rollout.bucket
        self._folder = rollout.evidence_of(execution)
        self._kept = {} if kept is None else kept
        pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=rollout.bucket, Prefix=self._folder)
        found = (each for page in pages for each in page.get("Contents", ()))
        self.names = {each["Key"].removeprefix(self._folder): each["ETag"] for each in found}
        """With their ETags: another text has another one."""

    @property
    def uri(self) -> str:
        """The folder they are in."""
        return f"s3://{self._bucket}/{self._folder}"

    def of_waves(self, *kinds: str) -> Iterator[tuple[int, int, str]]:
        """Those of some kinds, with the wave and the session each is of, both from 0."""
        for name in self.names:
            if (match := _OF_A_WAVE.fullmatch(name)) and match["kind"] in kinds:
                yield int(match["wave"]), int(match["attempt"]), name

    def read(self, name: str) -> Any:
        """One of them."""
        key = self._folder + name
        if (had := self._kept.get(key)) is None or had[0] != self.names[name]:
            had = self._kept[key] = self.names[name], self._body(key)
        return had[1]

    def _body(self, key: str) -> Any:
        try:
            answer = self._aws.s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":  # a lifecycle rule may take it away meanwhile
                raise
            return {}
        with answer["Body"] as body:
            return json.loads(body.read())


def read_evidence(aws: Aws, rollout: Rollout, execution: str, kept: Kept | None = None) -> Evidence:
    """Everything of an execution but the devices one by one, of whom there may be 100,000. `kept`: as `Documents`."""
    documents = Documents(aws, rollout, execution, kept)
    found = Evidence()
    if "sizes.json" in documents.names:
        found.sizes = documents.read("sizes.json") or None
    if "outcome.json" in documents.names:
        found.outcome = documents.read("outcome.json")
    for kind, by_wave in (("check", found.checks), ("gate", found.gates), ("decision", found.decisions)):
        for wave, attempt, name in sorted(documents.of_waves(kind)):
            by_wave.setdefault(wave, []).append({"attempt": attempt, **documents.read(name)})
    latest = {wave: (attempt, name) for wave, attempt, name in sorted(documents.of_waves("counts"))}
    for wave, (attempt, name) in latest.items():
        if attempt > int(found.gate(wave).get("attempt", -1)):
            found.statuses[wave] = documents.read(name)
    return found
