"""The LoRaWAN region of a FUOTA task or multicast group."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fuota_constructs.errors import FuotaValidationError

if TYPE_CHECKING:
    from constructs import IConstruct


def _meant(text: str) -> str | None:
    """The member that a text means, however it is spelt; None for none, and before there are members."""
    letters = re.sub(r"[^A-Z0-9]", "", text.upper())
    members = (name for name, region in vars(RfRegion).items() if isinstance(region, RfRegion))
    return next((name for name in members if name.replace("_", "") == letters), None)


@dataclass(frozen=True, slots=True)
class RfRegion:
    """A LoRaWAN region, under the name AWS gives it.

    `value` is that name, for example `"AS923-1"`. Use the 13 members, or `RfRegion.of(...)` for one that AWS has
    added since. Source: AWS IoT Wireless API, `SupportedRfRegion`.
    """

    value: str

    if TYPE_CHECKING:  # a dataclass looks at each annotation, whatever it says
        AS923_1: ClassVar[RfRegion]
        AS923_2: ClassVar[RfRegion]
        AS923_3: ClassVar[RfRegion]
        AS923_4: ClassVar[RfRegion]
        AU915: ClassVar[RfRegion]
        CN470: ClassVar[RfRegion]
        CN779: ClassVar[RfRegion]
        EU433: ClassVar[RfRegion]
        EU868: ClassVar[RfRegion]
        IN865: ClassVar[RfRegion]
        KR920: ClassVar[RfRegion]
        RU864: ClassVar[RfRegion]
        US915: ClassVar[RfRegion]

    def __post_init__(self) -> None:
        """Refuse what can never be a region's name, and a region's name that AWS spells in another way."""
        if not isinstance(self.value, str) or not 1 <= len(self.value) <= MAX_CHARACTERS:
            from fuota_constructs.template.tokens import is_known, shown

            if isinstance(self.value, str) and not is_known(self.value):
                return
            raise FuotaValidationError(
                "rf-region",
                f"{shown(self.value)} is no region name; give 1 to {MAX_CHARACTERS} characters, such as 'EU868'",
            )
        if (meant := _meant(self.value)) and getattr(RfRegion, meant).value != self.value:
            raise FuotaValidationError("rf-region", f"{self.value!r} is not how AWS spells it; write RfRegion.{meant}")

    @classmethod
    def of(cls, value: str) -> RfRegion:
        """A region by the name AWS gives it, for regions this version does not list.

        `value` has 1 to 64 characters (what GetFuotaTask can return). Raises `FuotaValidationError` otherwise.
        """
        return cls(value)

    def __str__(self) -> str:
        return self.value


MAX_CHARACTERS = 64

RfRegion.AS923_1 = RfRegion("AS923-1")
RfRegion.AS923_2 = RfRegion("AS923-2")
RfRegion.AS923_3 = RfRegion("AS923-3")
RfRegion.AS923_4 = RfRegion("AS923-4")
RfRegion.AU915 = RfRegion("AU915")
RfRegion.CN470 = RfRegion("CN470")
RfRegion.CN779 = RfRegion("CN779")
RfRegion.EU433 = RfRegion("EU433")
RfRegion.EU868 = RfRegion("EU868")
RfRegion.IN865 = RfRegion("IN865")
RfRegion.KR920 = RfRegion("KR920")
RfRegion.RU864 = RfRegion("RU864")
RfRegion.US915 = RfRegion("US915")


def expect_rf_region(value: object, at: IConstruct) -> RfRegion:
    """The value, if it is a region; raises `FuotaValidationError` with the spelling to use otherwise."""
    if isinstance(value, RfRegion):
        return value
    from fuota_constructs.template.tokens import is_known, shown

    meant = _meant(value) if isinstance(value, str) else None
    other = "RfRegion.EU868 or another RfRegion" if is_known(value) else "RfRegion.of(...) of it"
    spelling = f"RfRegion.{meant}" if meant else other
    raise FuotaValidationError(
        "rf-region", f"rf_region is {shown(value)}; write {spelling}", construct_path=at.node.path
    )
