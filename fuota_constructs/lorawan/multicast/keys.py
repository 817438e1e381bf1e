"""The keys of TS005, from the key a device was made with to those of a multicast session.

Every one is one block of AES-128. A cipher is not in the standard library, so it is given: `encrypt(key, block)`
answers AES-128-ECB of one block of 16 bytes, `decrypt(key, block)` its inverse.

Source: LoRa Alliance TS005-1.0.0 and TS005-2.0.0, key derivation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Encrypt = Callable[[bytes, bytes], bytes]
"""AES-128-ECB of one block: key, block."""

KEY_BYTES: Final = 16
_ROOT_1_1: Final = 0x20


def _block(first: int, rest: bytes = b"") -> bytes:
    return (bytes([first]) + rest).ljust(KEY_BYTES, b"\0")


def mc_root_key(encrypt: Encrypt, *, gen_app_key: bytes | None = None, app_key: bytes | None = None) -> bytes:
    """McRootKey: of a LoRaWAN 1.0.x device from its GenAppKey, of a 1.1 device from its AppKey.

    Give exactly one. A device that derives as 1.1 while the server does as 1.0.x never understands a group's key.
    """
    if (gen_app_key is None) == (app_key is None):
        raise ValueError("give gen_app_key for a LoRaWAN 1.0.x device or app_key for a 1.1 device, one of the two")
    return encrypt(gen_app_key, _block(0)) if gen_app_key is not None else encrypt(app_key or b"", _block(_ROOT_1_1))


def mc_ke_key(encrypt: Encrypt, mc_root_key: bytes) -> bytes:
    """McKEKey: what a group's key is transported under."""
    return encrypt(mc_root_key, _block(0))


def mc_key_encrypted(decrypt: Encrypt, mc_ke_key: bytes, mc_key: bytes) -> bytes:
    """What the server sends of McKey: decrypted, so that the device's encryption gives it back."""
    return decrypt(mc_ke_key, mc_key)


def mc_key(encrypt: Encrypt, mc_ke_key: bytes, mc_key_encrypted: bytes) -> bytes:
    """McKey, as the device gets it: by encrypting what came, so that it needs no decryption."""
    return encrypt(mc_ke_key, mc_key_encrypted)


def mc_app_s_key(encrypt: Encrypt, mc_key: bytes, mc_addr: int) -> bytes:
    """McAppSKey: what the payload of the group's frames is encrypted with."""
    return encrypt(mc_key, _block(0x01, mc_addr.to_bytes(4, "little")))


def mc_nwk_s_key(encrypt: Encrypt, mc_key: bytes, mc_addr: int) -> bytes:
    """McNwkSKey: what the integrity of the group's frames is checked with."""
    return encrypt(mc_key, _block(0x02, mc_addr.to_bytes(4, "little")))
