"""The firmware image of a FUOTA task."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.template.references import bucket_of
from fuota_constructs.template.tokens import is_known, shown

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_s3 import IBucketRef

    from fuota_constructs.firmware.formats import ImageFacts

MAX_KEY_BYTES = 1024
# What is before the key in a URI, an ARN or a URL of an object, or a path: the image would be s3://acme/s3://acme/key.
_PLACE_OF_AN_OBJECT = re.compile(r"/+|(s3:/{0,2}|arn:[a-z-]+:s3:[a-z0-9-]*:[0-9]*:|https?://)[^/]*(/|$)", re.IGNORECASE)


class FirmwareImage:
    """A firmware image: a local file that is uploaded with the stack, or an object that is in a bucket already.

    The service takes images of at most 1 megabyte and sends them as they are: sign them first, it neither signs nor
    checks versions. Source: AWS IoT Wireless Developer Guide, prepare the image.
    """

    @staticmethod
    def from_asset(path: str | os.PathLike[str]) -> FirmwareImage:
        """The image in a local file.

        The file is read now, uploaded as a CDK asset at deployment, and copied to
        `firmware/<first 16 hex digits of its SHA-256>/<file name>` in the firmware bucket. A changed file is another
        object: an image never changes under a task, and a rollback still finds the old one. In the file name,
        characters other than letters, digits, `.`, `_` and `-` become `-`.

        `path` is a file of 1 to 1,048,576 bytes, relative to the working directory, absolute, or below `~`, the home
        directory. Raises `FuotaValidationError` when there is no such file, it cannot be read, is a directory, or is
        empty.
        """
        return AssetImage(_path_of(path))

    @staticmethod
    def from_bucket(bucket: s3.IBucket | IBucketRef, key: str, *, size_bytes: int | None = None) -> FirmwareImage:
        """The image in a bucket, created here or imported.

        `bucket` is any bucket, an L1 `CfnBucket` included, and must be in the Region of the task. `key` has 1 to 1024
        bytes and is the object's key inside the bucket, with neither a `/` nor `s3://bucket/` before it; give every
        version of the firmware a key of its own: the service is given no object version, so overwriting an object
        changes it under the task.
        `size_bytes` is the size of the image, 1 to 1,048,576 bytes; without it the rules about size, fragment count
        and duration are skipped. Raises `FuotaValidationError` for a bucket that is no bucket construct or an
        impossible key.
        """
        return BucketImage(bucket, key, size_bytes)

    size_bytes: object
    """Size of the image in bytes; None when it is not known."""

    facts: ImageFacts | None
    """What the file says of itself: format, version, digest, signature; None for an image in a bucket."""


class AssetImage(FirmwareImage):
    """An image in a local file, read at birth."""

    def __init__(self, path: Path) -> None:
        """Read the file's size and SHA-256."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            looked = "" if path.is_absolute() else f" in {str(Path.cwd())!r}, where it was looked for"
            raise _refused(path, f"does not exist{looked}; build the firmware first, or correct the path") from None
        except IsADirectoryError:
            raise _refused(path, "is a directory; give the image file in it") from None
        except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
            raise _refused(path, f"cannot be read ({getattr(error, 'strerror', error)})") from None
        if not content:
            raise FuotaValidationError("image-empty", f"{str(path)!r} is empty; give an image of 1 to 1048576 bytes")
        self.path = path.resolve()
        self.size_bytes = len(content)
        self.facts = read_image(content)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.key = f"firmware/{self.sha256[:16]}/{re.sub(r'[^A-Za-z0-9._-]', '-', path.name)}"

    def __repr__(self) -> str:
        return f"FirmwareImage.from_asset({str(self.path)!r})"


class BucketImage(FirmwareImage):
    """An image in a bucket."""

    def __init__(self, bucket: s3.IBucket | IBucketRef, key: str, size_bytes: int | None) -> None:
        """Refuse what is no bucket and no key."""
        known = bucket_of(bucket)
        if known is None:
            raise FuotaValidationError("image-bucket", f"bucket is {shown(bucket)}; {bucket_remedy(bucket)}")
        if not isinstance(key, str) or not 1 <= _utf8_bytes(key) <= MAX_KEY_BYTES:
            raise FuotaValidationError(
                "image-key", f"key is {shown(key)}; give an object key of 1 to {MAX_KEY_BYTES} bytes"
            )
        if place := _PLACE_OF_AN_OBJECT.match(key):
            inner = key[place.end() :].lstrip("/")
            remedy = f"give {inner!r}" if inner else "give the key inside the bucket"
            raise FuotaValidationError("image-key", f"key is {key!r}; leave out what leads to the bucket: {remedy}")
        self.bucket = known
        self.key = key
        self.size_bytes = size_bytes
        self.facts = None

    def __repr__(self) -> str:
        return f"FirmwareImage.from_bucket(..., {self.key!r})"


def _utf8_bytes(text: str) -> int:
    """Bytes of a text in UTF-8; 0 where a single surrogate keeps it from being one."""
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        return 0


def bucket_remedy(value: object) -> str:
    """What to give instead of a value that is no bucket."""
    if isinstance(value, str) and value.startswith("arn:"):
        return f"give s3.Bucket.from_bucket_arn(self, 'Bucket', {shown(value)})"
    name = shown(value) if isinstance(value, str) and is_known(value) else "'name'"
    return f"give a bucket, such as s3.Bucket.from_bucket_name(self, 'Bucket', {name})"


def _path_of(given: object) -> Path:
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        try:
            return path.expanduser()
        except RuntimeError:
            raise _refused(path, "is below a home directory that is not known; write the whole path") from None
    raise FuotaValidationError("image-file", f"path is {shown(given)}; give the path of a file")


def _refused(path: Path, reason: str) -> FuotaValidationError:
    return FuotaValidationError("image-file", f"firmware image {str(path)!r} {reason}")
