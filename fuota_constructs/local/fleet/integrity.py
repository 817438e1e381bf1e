"""The MIC of a data block in TS004-2.0.0."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from fuota_constructs.local.fleet.cipher import encrypt


def data_block_mic(image: bytes, *, gen_app_key: bytes, session_cnt: int, frag_index: int, descriptor: bytes) -> bytes:
    """The first 4 bytes of AES-CMAC(DataBlockIntKey, B0 | image) (TS004-2.0.0; as in ChirpStack's v2.rs)."""
    cmac = CMAC(algorithms.AES(encrypt(gen_app_key, b"\x30" + bytes(15))))
    cmac.update(
        b"\x49"
        + session_cnt.to_bytes(2, "little")
        + bytes([frag_index])
        + descriptor
        + bytes(4)
        + len(image).to_bytes(4, "little")
    )
    cmac.update(image)
    return cmac.finalize()[:4]
