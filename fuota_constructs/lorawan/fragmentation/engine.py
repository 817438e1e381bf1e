"""The array codec where NumPy is installed, the plain one elsewhere; both give the same bytes."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuota_constructs.lorawan.fragmentation.bigint import Elimination, coded_fragments
else:
    try:
        from fuota_constructs.lorawan.fragmentation.arrays import Elimination, coded_fragments
    except ImportError:
        from fuota_constructs.lorawan.fragmentation.bigint import Elimination, coded_fragments

__all__ = ["Elimination", "coded_fragments"]
