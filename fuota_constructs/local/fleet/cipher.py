"""AES-128 of one block, which the keys of TS004 and TS005 are made with."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def encrypt(key: bytes, block: bytes) -> bytes:
    """AES-128-ECB of one block."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)  # noqa: S305  # one block: TS005 derives keys so


def decrypt(key: bytes, block: bytes) -> bytes:
    """The block that `encrypt` makes this one of."""
    return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(block)  # noqa: S305  # one block: TS005 derives keys so
