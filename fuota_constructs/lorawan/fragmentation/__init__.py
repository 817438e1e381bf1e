"""The forward error correction of TS004 (LoRaWAN fragmented data block transport): rows, encoder, decoder, messages.

Encoder and decoder are loaded when first used: with NumPy, which they use where it is installed, that takes 0.1 s.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from fuota_constructs.lorawan.fragmentation.parity import parity_row

if TYPE_CHECKING:
    from fuota_constructs.lorawan.fragmentation.decoder import Decoder, FragmentationError
    from fuota_constructs.lorawan.fragmentation.encoder import encode, padding

__all__ = ["Decoder", "FragmentationError", "encode", "padding", "parity_row"]

_LAZY = {"Decoder": "decoder", "FragmentationError": "decoder", "encode": "encoder", "padding": "encoder"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
