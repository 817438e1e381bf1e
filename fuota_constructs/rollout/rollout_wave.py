"""A wave of a rollout: how far it reaches into the fleet, how long it bakes, and whether somebody must approve it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.template.durations import seconds_of
from fuota_constructs.template.tokens import is_stand_in, shown

if TYPE_CHECKING:
    import aws_cdk as cdk

RULE = "rollout-waves"
DEFAULT_BAKE_SECONDS = 86_400
MOST_BAKE_SECONDS = 30 * 86_400
MOST_NAME_CHARACTERS = 64
MOST_DEVICES = 100_000_000
DEFAULT_WAVES = 3


@dataclass(frozen=True)
class RolloutWave:
    """One wave: everybody up to and with it has had a turn. Use `RolloutWave.devices` or `RolloutWave.percent`.

    A wave contains those before it: 30 devices and then 10 % of 1,000 are 30 and another 70.
    """

    reach_devices: int | None
    reach_percent: float | None
    name: str | None
    bake_seconds: int
    approval: bool

    @staticmethod
    def devices(
        count: int, *, name: str | None = None, bake: cdk.Duration | None = None, approval: bool | None = None
    ) -> RolloutWave:
        """So many devices of the fleet, from 1 to 100,000,000, those of the waves before included.

        `name`: 1 to 64 characters; `wave 1` and so on by default.
        `bake`: how long after the session the gate waits, for devices that do not survive the update; whole seconds up
        to 30 days; a day by default.
        `approval`: whether somebody must say `approve` before the next wave; not by default.

        Raises `FuotaValidationError` (`rollout-waves`) for values of a wrong kind or out of range.
        """
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_DEVICES:
            wanted = f"give a whole number from 1 to {MOST_DEVICES:,}, known at synth"
            raise FuotaValidationError(RULE, f"count of a wave is {shown(count)}; {wanted}")
        return RolloutWave(count, None, *_common(name, bake, approval))

    @staticmethod
    def percent(
        share: float, *, name: str | None = None, bake: cdk.Duration | None = None, approval: bool | None = None
    ) -> RolloutWave:
        """So much of the fleet in percent, the waves before included; rounded up, at least one device more than before.

        `name`, `bake`, `approval`: as for `devices`.

        Raises `FuotaValidationError` (`rollout-waves`) for values of a wrong kind or out of range.
        """
        is_number = isinstance(share, int | float) and not isinstance(share, bool)
        if not is_number or not 0 < share <= 100:  # noqa: PLR2004  # percent
            raise FuotaValidationError(
                RULE, f"share of a wave is {shown(share)}; give percent above 0, up to 100, known at synth"
            )
        return RolloutWave(None, float(share), *_common(name, bake, approval))

    def name_as(self, number: int) -> str:
        """What it is called as the wave of this number, from 1."""
        return self.name or f"wave {number}"

    def settings(self, number: int) -> dict[str, object]:
        """The wave as the machines read it."""
        reach = {"devices": self.reach_devices} if self.reach_devices is not None else {"percent": self.reach_percent}
        return {"name": self.name_as(number), **reach, "bakeSeconds": self.bake_seconds, "approval": self.approval}


def default_waves(*, proof: int, devices: int | None) -> tuple[RolloutWave, ...]:
    """A canary, a tenth of the fleet, and the rest.

    The canary has as many devices as prove the share asked for when none fails, which is `proof`; of a list of
    `devices` a quarter at most. There is no tenth where the canary is as large.
    """
    canary = proof if devices is None else max(1, min(proof, -(-devices // 4)))
    tenth = [RolloutWave.percent(10, name="tenth")] if devices is None or devices > 10 * canary else []
    return (RolloutWave.devices(canary, name="canary"), *tenth, RolloutWave.percent(100, name="rest"))


def _common(name: object, bake: object, approval: object) -> tuple[str | None, int, bool]:
    if name is not None and not _is_name(name):
        raise FuotaValidationError(
            RULE, f"name of a wave is {shown(name)}; give 1 to {MOST_NAME_CHARACTERS} characters"
        )
    if approval is not None and not isinstance(approval, bool):
        raise FuotaValidationError(RULE, f"approval of a wave is {shown(approval)}; give True or False")
    return name, seconds_of("bake", bake, DEFAULT_BAKE_SECONDS, at_most=MOST_BAKE_SECONDS, rule=RULE), bool(approval)


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and (1 <= len(value) <= MOST_NAME_CHARACTERS or is_stand_in(value))
