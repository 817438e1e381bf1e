"""What counts as a success of a rollout: not that the image was delivered, but that devices run it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.rollout.device_versions import DeviceVersions
from fuota_constructs.template.durations import seconds_of
from fuota_constructs.template.tokens import is_known, is_stand_in, shown

if TYPE_CHECKING:
    import aws_cdk as cdk

RULE = "rollout-applied"
MOST_CHARACTERS = 64
DEFAULT_WITHIN_SECONDS = 2 * 86_400
MOST_WITHIN_SECONDS = 30 * 86_400


@dataclass(frozen=True)
class Applied:
    """The version that devices must report, and how long after a session. Use `Applied.version`."""

    reported: str
    within_seconds: int
    versions: DeviceVersions | None

    @staticmethod
    def version(version: str, *, within: cdk.Duration | None = None, versions: DeviceVersions | None = None) -> Applied:
        """Success is a device that reports this version: compared as text, but for white space and a leading v.

        `version`: 1 to 64 characters, known at synth.
        `within`: how long after the end of a session devices have to report it, in whole seconds, a minute to 30 days:
        two days by default. The gate waits no longer than until all have.
        `versions`: the table with what they report; one of the rollout's own, `rollout.versions`, by default.

        Raises `FuotaValidationError` (`rollout-applied`) for values of a wrong kind or out of range.
        """
        if not _is_version(version):
            raise FuotaValidationError(
                RULE,
                f"version is {shown(version)}; give the text that devices report, 1 to {MOST_CHARACTERS} characters"
                " without white space around it, known at synth",
            )
        if versions is not None and not isinstance(versions, DeviceVersions):
            raise FuotaValidationError(RULE, f"versions is {shown(versions)}; give a DeviceVersions")
        seconds = seconds_of(
            "within", within, DEFAULT_WITHIN_SECONDS, at_least=60, at_most=MOST_WITHIN_SECONDS, rule=RULE
        )
        return Applied(version, seconds, versions)

    def settings(self, versions: DeviceVersions) -> dict[str, object]:
        """As the machines read it."""
        return {"version": self.reported, "withinSeconds": self.within_seconds, "table": versions.table_name}


def _is_version(value: object) -> bool:
    if not isinstance(value, str) or not is_known(value):
        return isinstance(value, str) and is_stand_in(value)
    return value.isprintable() and value == value.strip() and 1 <= len(value) <= MOST_CHARACTERS
