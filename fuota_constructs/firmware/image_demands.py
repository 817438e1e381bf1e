"""What is asked of a firmware image beside being one: by which key, above which version, how large at most."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.firmware.formats.version import Version, version_of
from fuota_constructs.firmware.version_check import Replaced, VersionCheck, check_version

if TYPE_CHECKING:
    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.firmware.signing import SignatureCheck

_NO_NUMBER_OF_A_USER = 1e280
"""A number token of the CDK is a float of about -1.9e289."""


class ImageDemands(NamedTuple):
    """What was asked, and what came of it where that takes the file; None where it was not asked."""

    signature: SignatureCheck | None = None
    version: VersionCheck | None = None
    max_image_bytes: int | None = None


def demands_on(
    content: bytes,
    facts: ImageFacts,
    *,
    signed_by: object = None,
    replaces: object = None,
    max_image_bytes: object = None,
) -> ImageDemands | None:
    """What is asked of an image; None where nothing is.

    Raises:
        FuotaValidationError: a value of a wrong kind, a file that cannot be read, or one that holds no signing key.
    """
    if signed_by is None and replaces is None and max_image_bytes is None:
        return None
    return ImageDemands(
        signature=None if signed_by is None else _signature(content, facts, signed_by),
        version=None if replaces is None else check_version(facts, _replaced(replaces)),
        max_image_bytes=size_limit(max_image_bytes),
    )


def size_limit(value: object) -> int | None:
    """The value, if it is a number of bytes, or not given.

    Raises:
        FuotaValidationError: it is something else, or known only at deployment, when nobody compares it.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise FuotaValidationError(
        "image-too-large",
        f"max_image_bytes is {_shown(value)}; give the bytes that devices take, from 1, a whole number known now",
    )


def _signature(content: bytes, facts: ImageFacts, signed_by: object) -> SignatureCheck:
    from fuota_constructs.firmware.signing import check_signature, read_key

    if not isinstance(signed_by, str | os.PathLike) or _is_token(signed_by):
        raise FuotaValidationError(
            "image-signing-key",
            f"signed_by is {_shown(signed_by)}; give the path of the key that signs the image, as PEM: its"
            " public half is enough",
        )
    return check_signature(content, facts, read_key(_path(signed_by)))


def _replaced(given: object) -> Replaced:
    facts = getattr(given, "facts", None)
    if facts is not None:  # another FirmwareImage
        return Replaced(Path(getattr(given, "path", "it")).name, version_of(facts.version), facts)
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return Replaced(str(given), Version((given,)))
    if isinstance(given, str) and (version := version_of(given)):
        return Replaced(given, version)
    if not isinstance(given, str | os.PathLike) or _is_token(given):
        raise FuotaValidationError(
            "image-version",
            f"replaces is {_shown(given)}; give the version that devices have ('2.4.0'), or its file",
        )
    path = _path(given)
    try:
        facts = read_image(path.read_bytes())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FuotaValidationError(
            "image-version",
            f"replaces is {str(given)!r}, which is no version (2.4.0, 2.4.0+7 or 3) and no file that can be read"
            f" ({reason}); give the version that devices have, or its file",
        ) from None
    return Replaced(path.name, version_of(facts.version), facts)


def _shown(value: object) -> str:
    if (isinstance(value, int | float) and abs(value) > _NO_NUMBER_OF_A_USER) or _is_token(value):
        return "a value known only at deployment"
    return repr(value) if isinstance(value, int | float | str) else f"a {type(value).__name__}"


def _is_token(value: object) -> bool:
    return isinstance(value, str) and "${Token[" in value


def _path(given: str | os.PathLike[str]) -> Path:
    path = Path(given)
    try:
        return path.expanduser()
    except RuntimeError:  # a home directory that is not known: then there is no such file
        return path
