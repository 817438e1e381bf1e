"""The forward error correction of TS004 (LoRaWAN fragmented data block transport): rows, encoder, decoder, messages."""

from fuota_constructs.lorawan.fragmentation.decoder import Decoder, FragmentationError
from fuota_constructs.lorawan.fragmentation.encoder import encode, padding
from fuota_constructs.lorawan.fragmentation.parity import parity_row

__all__ = ["Decoder", "FragmentationError", "encode", "padding", "parity_row"]
