"""What this library needs to know of a firmware bucket."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

import aws_cdk as cdk

from fuota_constructs.encryption_key import key_of
from fuota_constructs.synth_checks import known_text

if TYPE_CHECKING:
    import constructs
    from aws_cdk import aws_s3 as s3


class BucketFacts(NamedTuple):
    """A bucket's name, ARN, KMS key, Region and policy, and an identity that is the same in every synth.

    They are asked for once, and the Region only where it matters: every question is a round trip to the CDK.
    """

    name: str
    arn: str
    key_arn: str | None
    region: str | None
    identity: str
    policy: constructs.IDependable | None

    @classmethod
    def of(cls, bucket: s3.IBucket, *, identity: str, with_region: bool) -> BucketFacts:
        """Ask a bucket."""
        key, policy = bucket.encryption_key, bucket.policy
        return cls(
            name=bucket.bucket_name,
            arn=bucket.bucket_arn,
            key_arn=key_of(key, bucket).key_arn if key else None,
            region=known_text(bucket.env.region) if with_region else None,
            identity=identity,
            policy=policy.node.default_child if policy else None,
        )

    def image_identity(self, scope: constructs.Construct, key: str) -> str:
        """What tells an image in this bucket from every other, for construct ids.

        A token's text is numbered afresh in every synth, so a key with a token counts as what it resolves to.
        """
        if known_text(key) is None:
            key = json.dumps(cdk.Stack.of(scope).resolve(key), sort_keys=True)
        return hashlib.sha256(f"{self.identity}/{key}".encode()).hexdigest()[:16]
