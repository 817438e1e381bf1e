"""`Custom::FirmwareObject`: puts a firmware image under a key that names its content, and keeps it there.

The key is `firmware/<start of the SHA-256>/<file name>`, so an image never changes under a task that transmits it and
a rollback finds the former one. For the same reason nothing is ever overwritten with other bytes, nor deleted.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import partial

import aws_errors
import stored_object
from aws_calls import AwsCalls
from properties import ObjectProperties, object_properties
from protocol import Log, Outcome, ProviderError, Request

# The image is held in memory (256 MB) to be checked before it is written. FUOTA takes 1 MB at most anyway.
MAX_BYTES = 64 * 1024 * 1024


def put(request: Request, calls: AwsCalls, log: Log) -> Outcome:
    """Make sure that the image is where it belongs: on Create and on Update, where another key is another resource.

    Raises:
        ProviderError: the source is not the image expected, or other bytes are already there.
    """
    wanted = object_properties(request.properties)
    if wanted.size > MAX_BYTES:
        raise ProviderError(f"SizeBytes must be at most {MAX_BYTES}, got {wanted.size}: FUOTA takes 1 MB at most")
    # The permissions for both buckets may be as new as this function.
    calls.be_patient()
    present = _present(wanted, calls)
    if present is None:
        _copy(wanted, calls, log)
    else:
        _check(present, wanted, _occupied(wanted))
    return Outcome(wanted.uri, {"Uri": wanted.uri, "Bucket": wanted.bucket, "Key": wanted.key})


def keep(request: Request, calls: AwsCalls, log: Log) -> Outcome:  # noqa: ARG001  # all actions look alike
    """Leave the object: a rollback or another task may need it; the bucket's lifecycle and owner decide about it."""
    return Outcome(request.physical_id or request.id_if_failed)


ACTIONS: Mapping[str, Callable[[Request, AwsCalls, Log], Outcome]] = {"Create": put, "Update": put, "Delete": keep}


def _present(wanted: ObjectProperties, calls: AwsCalls) -> bytes | None:
    try:
        return _read(wanted.bucket, wanted.key, wanted, calls)
    except Exception as error:
        # Without s3:ListBucket, which the provider does not have, S3 answers 403 for a key that does not exist. If
        # the object is there but may not be read (yet), writing says so.
        if aws_errors.is_denial(error) or aws_errors.code_of(error) == "NoSuchKey":
            return None
        raise


def _copy(wanted: ObjectProperties, calls: AwsCalls, log: Log) -> None:
    """Read, check, write unless something is there, and read back: wrong bytes never get under the key.

    CopyObject would write before anything can be checked, and taking a wrong object away again needs a permission
    more.
    """
    source = f"s3://{wanted.source_bucket}/{wanted.source_key}"
    try:
        image = calls.until_permitted(partial(_read, wanted.source_bucket, wanted.source_key, wanted, calls))
    except Exception as error:
        error.add_note(f"reading {source}, which must exist: publish the assets of this app again (cdk deploy does)")
        raise
    _check(image, wanted, f"{source} is not the image that was synthesised. Synthesise and deploy again")
    problem = f"{wanted.uri} was written and reads back differently. Delete the object and deploy again"
    try:
        calls.until_permitted(partial(_write, image, wanted, calls))
        log.info("put the firmware image", uri=wanted.uri, bytes=wanted.size)
    except Exception as error:
        # Another delivery of this event was quicker, or the object was there and could not be read before.
        if aws_errors.code_of(error) not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            error.add_note(f"writing {wanted.uri}")
            if aws_errors.is_denial(error):
                error.add_note(
                    "where the bucket policy insists on x-amz-server-side-encryption, let it take the bucket's default"
                    " encryption, which is sent if the provider's role may read it (s3:GetEncryptionConfiguration)"
                )
            raise
        problem = _occupied(wanted)
    try:
        present = calls.until_permitted(partial(_read, wanted.bucket, wanted.key, wanted, calls))
    except Exception as error:
        error.add_note(f"reading {wanted.uri} back")
        raise
    _check(present, wanted, problem)


def _occupied(wanted: ObjectProperties) -> str:
    return f"{wanted.uri} already holds another object. Delete that object and deploy again"


def _read(bucket: str, key: str, wanted: ObjectProperties, calls: AwsCalls) -> bytes:
    return stored_object.read(bucket, key, wanted.size + 1, calls)  # one byte more shows that there is more


def _write(image: bytes, wanted: ObjectProperties, calls: AwsCalls) -> None:
    # S3 compares the checksum before it stores the object, and stores none where there is one.
    checksum = base64.b64encode(bytes.fromhex(wanted.sha256)).decode()
    stored_object.write(
        image,
        wanted.bucket,
        wanted.key,
        calls,
        ChecksumSHA256=checksum,
        IfNoneMatch="*",
        Metadata=wanted.metadata,
    )


def _check(image: bytes, wanted: ObjectProperties, problem: str) -> None:
    if len(image) > wanted.size:
        raise ProviderError(f"{problem}: it has more than the {wanted.size} bytes expected")
    sha256 = hashlib.sha256(image).hexdigest()
    if len(image) != wanted.size or sha256 != wanted.sha256:
        raise ProviderError(
            f"{problem}: it has {len(image)} bytes with SHA-256 {sha256}, expected are {wanted.size} bytes with "
            f"{wanted.sha256}"
        )
