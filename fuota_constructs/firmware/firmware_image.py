"""The firmware image of a FUOTA task."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from fuota_constructs import extras
from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.firmware.formats import read_image
from fuota_constructs.template.references import bucket_of
from fuota_constructs.template.tokens import is_known, is_stand_in, is_token, shown

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3
    from aws_cdk.interfaces.aws_s3 import IBucketRef

    from fuota_constructs.firmware.delta.delta_image import DeltaImage
    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.firmware.image_demands import ImageDemands

MAX_KEY_BYTES = 1024
# What is before the key in a URI, an ARN or a URL of an object, or a path: the image would be s3://acme/s3://acme/key.
_S3_ADDRESS = r"s3://(?P<bucket>[^/]+)/(?P<key>.+)"
_PLACE_OF_AN_OBJECT = r"(?i)/+|(s3:/{0,2}|arn:[a-z-]+:s3:[a-z0-9-]*:[0-9]*:|https?://)[^/]*(/|$)"


class FirmwareImage:
    """A firmware image: a local file that is uploaded with the stack, or an object that is in a bucket already.

    The service takes images of at most 1 megabyte and sends them as they are: sign them first, it neither signs nor
    checks versions. Source: AWS IoT Wireless Developer Guide, prepare the image.
    """

    @staticmethod
    def from_asset(
        path: str | os.PathLike[str],
        *,
        signed_by: str | os.PathLike[str] | None = None,
        replaces: str | int | os.PathLike[str] | FirmwareImage | None = None,
        max_image_bytes: int | None = None,
    ) -> FirmwareImage:
        """The image in a local file.

        The file is read now, uploaded as a CDK asset at deployment, and copied to
        `firmware/<first 16 hex digits of its SHA-256>/<file name>` in the firmware bucket. A changed file is another
        object: an image never changes under a task, and a rollback still finds the old one. In the file name,
        characters other than letters, digits, `.`, `_` and `-` become `-`.

        `path` is a file of 1 to 1,048,576 bytes, relative to the working directory, absolute, or below `~`, the home
        directory.
        `signed_by`: the key that the image must be signed by, a PEM or DER file; its public half is enough. Another
        key, or none, is an error. MCUboot, ESP secure boot, wolfBoot, SBSFU with ECDSA and Mbed images are known. The
        signature is verified where `cryptography` is installed (the extra `verify`); without it the key that the image
        names is compared, and a warning says that the signature was not. Which key devices trust nobody here knows. By
        default an image without a signature is a warning, where its format has one.
        `replaces`: what devices have now: a version (`"2.4.0"`, or `3`), its file, or its image. A version that is not
        above it, and the same firmware again, is an error; what cannot be compared is a warning. Text that reads as a
        version is one. Nothing is compared by default.
        `max_image_bytes`: the most bytes that devices take, such as the slot less what the bootloader needs in it. More
        is an error. By default only what the service takes counts.

        Raises `FuotaValidationError` when there is no such file, it cannot be read, is a directory, or is empty, and
        for a value of a wrong kind: a key that is a certificate, encrypted, or of a kind no bootloader checks.
        """
        if isinstance(replaces, str) and is_stand_in(replaces):
            replaces = None  # compared when the CLI has looked it up
        return AssetImage(_path_of(path), signed_by=signed_by, replaces=replaces, max_image_bytes=max_image_bytes)

    @staticmethod
    def delta(
        *,
        base: str | os.PathLike[str] | FirmwareImage,
        target: str | os.PathLike[str] | FirmwareImage,
        decoder: str | None = None,
    ) -> FirmwareImage:
        """What changed between two local files: a patch that devices apply to the image they run.

        The patch is sequential, in the format of detools, made now, verified by applying it, and uploaded as
        `from_asset` uploads a file. The same files give the same bytes. It has no digest of its own: a device with
        another base makes garbage of it, so let the devices verify what comes out, or send `Descriptor.of_base`. The
        SHA-256 of base and target become outputs and tags of the task, and the rules look at the target.

        `base`: the image that the devices run; of a file whose format declares its end, such as MCUboot, header to the
        last TLV. `target`: the image they shall run. Both are paths, or images `from_asset`. `decoder`: what the
        devices read it with, `"detools"` (its C source as it comes; the default), or `"detools-heatshrink"` or
        `"detools-crle"` where it is built with one compression. Needs the extra `delta`. Raises
        `FuotaValidationError` for files that no patch can be made of, `ImportError` without the extra.
        """
        return DeltaAsset(
            _asset_of("base", base), _asset_of("target", target), "detools" if decoder is None else decoder
        )

    @staticmethod
    def from_bucket(
        bucket: s3.IBucket | IBucketRef,
        key: str,
        *,
        size_bytes: int | None = None,
        max_image_bytes: int | None = None,
    ) -> FirmwareImage:
        """The image in a bucket, created here or imported.

        `bucket` is any bucket, an L1 `CfnBucket` included, and must be in the Region of the task. `key` has 1 to 1024
        bytes and is the object's key inside the bucket, with neither a `/` nor `s3://bucket/` before it; give every
        version of the firmware a key of its own: the service is given no object version, so overwriting an object
        changes it under the task.
        `size_bytes` is the size of the image, 1 to 1,048,576 bytes; without it the rules about size, fragment count
        and duration are skipped.
        `max_image_bytes`: as for `from_asset`, compared with `size_bytes`; without that a warning says that it is not.
        The object is not read: neither what it is, its signature nor its version is checked, at synth or at deployment.
        Ask `fuota image` about the file that goes there.

        Raises `FuotaValidationError` for a bucket that is no bucket construct, an impossible key, or a
        `max_image_bytes` that is no number of bytes.
        """
        return BucketImage(bucket, key, size_bytes, max_image_bytes)

    size_bytes: object
    """Size of the image in bytes; None when it is not known."""

    facts: ImageFacts | None
    """What the file says of itself: format, version, digest, signature; None for an image in a bucket.

    Of a delta it is what its target says.
    """

    delta_facts: DeltaImage | None = None
    """Base, target and patch of a delta; None for a whole image."""

    demands: ImageDemands | None
    """What was asked of it, or of the target of a delta, and what came of that; None where nothing was."""


_DEFAULT_VALUE = "give value_from_lookup a default_value that names a file there is, for this run"


class AssetImage(FirmwareImage):
    """An image in a local file, read at birth."""

    def __init__(
        self, path: Path, *, signed_by: object = None, replaces: object = None, max_image_bytes: object = None
    ) -> None:
        """Read the file's size and SHA-256, and look for what is asked of it."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            if is_stand_in(str(path)):
                raise _refused(
                    path, f"does not exist, but is looked up after this run only; {_DEFAULT_VALUE}"
                ) from None
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
        self.demands = None
        if (signed_by, replaces, max_image_bytes) != (None, None, None):
            from fuota_constructs.firmware.image_demands import demands_on

            self.demands = demands_on(
                content, self.facts, signed_by=signed_by, replaces=replaces, max_image_bytes=max_image_bytes
            )
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.key = _key(self.sha256, path.name)

    def content(self) -> bytes:
        """The bytes that were read at birth. Raises `FuotaValidationError` where the file has others by now."""
        content = self.path.read_bytes()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise _refused(self.path, "changed meanwhile; run it again")
        return content

    def __repr__(self) -> str:
        return f"FirmwareImage.from_asset({str(self.path)!r})"


class DeltaAsset(AssetImage):
    """A patch of two local files, made at birth, in a file of its own as long as it lives."""

    delta_facts: DeltaImage

    def __init__(self, base: AssetImage, target: AssetImage, decoder: str) -> None:
        """Make the patch."""
        from fuota_constructs.firmware.delta.delta_image import DECODERS, delta_of

        if not isinstance(decoder, str) or decoder not in DECODERS:
            known = ", ".join(map(repr, DECODERS))
            raise FuotaValidationError("delta-files", f"decoder is {shown(decoder)}; it must be one of {known}")
        extras.require("FirmwareImage.delta", "cdk", "delta")
        self.delta_facts = delta = delta_of(base.content(), target.content(), decoder=decoder)
        self._ends = (base.path, target.path)
        if delta.patch is None:
            ends = f"{base.path.name!r} to {target.path.name!r}"
            raise FuotaValidationError("delta-files", f"there is no delta from {ends}: {delta.obstacle}")
        folder = Path(tempfile.mkdtemp(prefix="fuota-delta-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = folder / "image.patch"
        self.path.write_bytes(delta.patch.data)
        self.size_bytes = len(delta.patch.data)
        self.facts = delta.target
        self.demands = target.demands
        self.sha256 = hashlib.sha256(delta.patch.data).hexdigest()
        self.key = _key(self.sha256, f"{base.path.stem}-to-{target.path.stem}.patch")

    def __repr__(self) -> str:
        base, target = map(str, self._ends)
        return f"FirmwareImage.delta(base={base!r}, target={target!r})"


class BucketImage(FirmwareImage):
    """An image in a bucket."""

    def __init__(
        self, bucket: s3.IBucket | IBucketRef, key: str, size_bytes: int | None, max_image_bytes: object = None
    ) -> None:
        """Refuse what is no bucket and no key."""
        known = bucket_of(bucket)
        if known is None:
            raise FuotaValidationError("image-bucket", f"bucket is {shown(bucket)}; {bucket_remedy(bucket)}")
        if not isinstance(key, str) or not 1 <= _utf8_bytes(key) <= MAX_KEY_BYTES:
            raise FuotaValidationError(
                "image-key", f"key is {shown(key)}; give an object key of 1 to {MAX_KEY_BYTES} bytes"
            )
        if place := re.match(_PLACE_OF_AN_OBJECT, key):
            inner = key[place.end() :].lstrip("/")
            remedy = f"give {inner!r}" if inner else "give the key inside the bucket"
            raise FuotaValidationError("image-key", f"key is {key!r}; leave out what leads to the bucket: {remedy}")
        if "?versionId=" in key:
            key, _, version = key.partition("?versionId=")
            raise FuotaValidationError(
                "image-key",
                f"key names the version {version!r}, and the service is given none; give {key!r}, and every version of"
                " the firmware a key of its own",
            )
        self.bucket = known
        self.key = key
        self.size_bytes = size_bytes
        self.facts = None
        self.demands = None
        if max_image_bytes is not None:
            from fuota_constructs.firmware.image_demands import ImageDemands, size_limit

            self.demands = ImageDemands(max_image_bytes=size_limit(max_image_bytes))

    def __repr__(self) -> str:
        return f"FirmwareImage.from_bucket(..., {self.key!r})"


def _key(sha256: str, name: str) -> str:
    """The key that an image is copied to: named by its content, so no other content ever gets it."""
    return f"firmware/{sha256[:16]}/{re.sub(r'[^A-Za-z0-9._-]', '-', name)}"


def _asset_of(name: str, given: object) -> AssetImage:
    """One end of a delta: a local file, or an image of one."""
    if isinstance(given, FirmwareImage):
        if isinstance(given, AssetImage) and given.delta_facts is None:
            return given
        raise FuotaValidationError(
            "delta-files", f"{name} is {given!r}; a delta is made of two whole images: give the path of a local file"
        )
    return AssetImage(_path_of(given))


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


def object_remedy(value: object) -> str:
    """What to give instead of the address of an object in S3; nothing for what is none."""
    found = re.fullmatch(_S3_ADDRESS, value) if isinstance(value, str) and is_known(value) else None
    if found is None:
        return ""
    bucket = f"s3.Bucket.from_bucket_name(self, 'Bucket', {found['bucket']!r})"
    return f"write FirmwareImage.from_bucket({bucket}, {found['key']!r})"


def _path_of(given: object) -> Path:
    if remedy := object_remedy(given):
        raise FuotaValidationError("image-file", f"path is {shown(given)}, which is no file; {remedy}")
    if given == "":
        raise FuotaValidationError("image-file", "path is ''; give the path of a file")
    if is_token(given):
        remedy = "the file is read at synth: give a path that is known then, or FirmwareImage.from_bucket(bucket, key)"
        raise FuotaValidationError("image-file", f"path is {shown(given)}; {remedy}")
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        try:
            return path.expanduser()
        except RuntimeError:
            raise _refused(path, "is below a home directory that is not known; write the whole path") from None
    raise FuotaValidationError("image-file", f"path is {shown(given)}; give the path of a file")


def _refused(path: Path, reason: str) -> FuotaValidationError:
    return FuotaValidationError("image-file", f"firmware image {str(path)!r} {reason}")
