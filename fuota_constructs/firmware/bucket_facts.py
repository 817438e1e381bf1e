"""What this library needs to know of a firmware bucket."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

import aws_cdk as cdk

from fuota_constructs.errors import FuotaValidationError
from fuota_constructs.synth_checks import Place, known_text, place_of
from fuota_constructs.template.encryption_key import key_of

if TYPE_CHECKING:
    import constructs
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3


class BucketFacts(NamedTuple):
    """A bucket's name, ARN, KMS key, place and policy, and an identity that is the same in every synth.

    They are asked for once, and the place only where it matters: every question is a round trip to the CDK.
    """

    name: str
    arn: str
    key_arn: str | None
    place: Place
    identity: str
    policy: constructs.IDependable | None
    key_account: str | None = None
    """The account of the key, where it is known."""

    @classmethod
    def of(cls, bucket: s3.IBucket, *, identity: str, here: Place) -> BucketFacts:
        """Ask a bucket, from a stack that is here."""
        given, place = bucket.encryption_key, place_of(bucket) if any(here) else Place()
        key = key_of(given, bucket) if given else None
        key_place = place_of(key, key.key_arn) if key else Place()
        _expect_region(key_place, place, bucket)
        return cls(
            name=bucket.bucket_name,
            arn=bucket.bucket_arn,
            key_arn=_arn_of(key, place, here) if key else None,
            place=place,
            identity=identity,
            policy=policy_of(bucket),
            key_account=key_place.account,
        )

    def image_identity(self, scope: constructs.Construct, key: str) -> str:
        """What tells an image in this bucket from every other, for construct ids.

        A token's text is numbered afresh in every synth, so a key with a token counts as what it resolves to.
        """
        if known_text(key) is None:
            key = json.dumps(cdk.Stack.of(scope).resolve(key), sort_keys=True)
        return hashlib.sha256(f"{self.identity}/{key}".encode()).hexdigest()[:16]


def policy_of(bucket: s3.IBucket) -> constructs.IDependable | None:
    """The bucket policy as it is now, which has to be there before anybody relies on it."""
    return bucket.policy.node.default_child if bucket.policy else None


def _expect_region(key_place: Place, place: Place, bucket: s3.IBucket) -> None:
    # The bucket can be made, and the first object put into it is refused. A multi-Region key has an ARN in each Region.
    apart = Place(region=key_place.region).apart_from(Place(region=place.region))
    if apart:
        theirs, ours = apart
        raise FuotaValidationError(
            "encryption-key",
            f"the KMS key is in {theirs} and the bucket in {ours}; S3 encrypts with keys of the bucket's own Region"
            f" only: give a key in {ours}",
            construct_path=bucket.node.path,
        )


def _arn_of(key: kms.IKey, place: Place, here: Place) -> str:
    arn = key.key_arn
    if place.apart_from(Place(account=here.account)) and known_text(arn) is None:
        # A key has no name that the CDK could make up, so a policy of another account cannot name it: as the CDK's own
        # grants do, it allows any key of that account, and the key's policy decides.
        return f"arn:{cdk.Aws.PARTITION}:kms:{place.region}:{place.account}:key/*"
    return arn
