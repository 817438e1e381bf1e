"""By which key a firmware image is signed: the key's file, what the image names, and the signature itself.

Standard library only, but for the signature: that takes `cryptography` (the extra `verify`), loaded when it is asked.
"""

from __future__ import annotations

from fuota_constructs.firmware.signing.signature_check import SignatureCheck, check_signature
from fuota_constructs.firmware.signing.signing_key import SigningKey, read_key

__all__ = ["SignatureCheck", "SigningKey", "check_signature", "read_key"]
