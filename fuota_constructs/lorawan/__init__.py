"""Radio and session facts of LoRaWAN FUOTA: standard library only, no AWS, no CDK.

`airtime`, `fragmentation`, `redundancy`, `regions`, `session_plan` and `recommendation` are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuota_constructs.lorawan import airtime as airtime
    from fuota_constructs.lorawan import fragmentation as fragmentation
    from fuota_constructs.lorawan import recommendation as recommendation
    from fuota_constructs.lorawan import redundancy as redundancy
    from fuota_constructs.lorawan import regions as regions
    from fuota_constructs.lorawan import session_plan as session_plan

__all__ = ["airtime", "fragmentation", "recommendation", "redundancy", "regions", "session_plan"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
