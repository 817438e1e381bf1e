"""Settings of a bucket that is made here which keep an image from being read: its lifecycle rules, its encryption."""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
import jsii

from fuota_constructs.template.jsii_answers import answered
from fuota_constructs.template.tokens import is_known, known_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aws_cdk import aws_s3 as s3

IMAGES = "firmware/"
"""Where images are copied to."""

_ARCHIVES = {"GLACIER", "DEEP_ARCHIVE"}
"""Storage classes whose objects must be restored before they can be read. Source: Amazon S3 User Guide."""

_TIERED = "INTELLIGENT_TIERING"
"""The class whose objects S3 archives where the bucket says so. Source: Amazon S3 User Guide."""


class ImageSettings:
    """What the bucket does to one object, or to all below a prefix that ends with a slash."""

    def __init__(self, bucket: s3.IBucket, key: str, size_bytes: object = None) -> None:
        """Nothing is asked yet: rules may be added until the app is synthesised."""
        self._bucket, self._key, self._size_bytes = bucket, known_text(key), size_bytes

    @property
    def end(self) -> str | None:
        """In words, as the rules are now; None where they leave it in peace, and for a bucket that is not made here."""
        configuration = self._setting("lifecycleConfiguration")
        # What is known only at deployment has other keys, and is no rule.
        rules = (each for each in configuration.get("rules", ()) if isinstance(each, dict))
        return next(filter(None, map(self._end_by, rules)), None)

    @property
    def has_kms(self) -> bool:
        """Whether the bucket encrypts what it gets with a key of KMS, whichever, as it is now."""
        rules = self._setting("bucketEncryption").get("serverSideEncryptionConfiguration", ())
        defaults = [each.get("serverSideEncryptionByDefault") for each in rules if isinstance(each, dict)]
        return any(str(each.get("sseAlgorithm")).startswith("aws:kms") for each in defaults if isinstance(each, dict))

    def _setting(self, name: str) -> dict[str, Any]:
        if "aws_cdk.aws_s3" not in sys.modules:  # nobody can have set anything of the default bucket
            return {}
        lazy = self._resource and answered(jsii.get, self._resource, name)
        if lazy is None:
            return {}
        # Of an L2 it may be lazy, which jsii takes for a struct: it is to be resolved before Python sees it.
        found = cdk.Stack.of(self._bucket).resolve(jsii.unsafe_cast(lazy, cdk.IResolvable))
        return found if isinstance(found, dict) else {}

    @functools.cached_property
    def _resource(self) -> cdk.CfnResource | None:
        from aws_cdk import aws_s3 as s3  # loaded already

        with contextlib.suppress(RuntimeError):  # the CDK cannot tell which of two children is the default one
            # Of a bucket that is imported there is none, and others may put something else in its place.
            if isinstance(child := self._bucket.node.default_child, s3.CfnBucket):
                return child
        return None

    def _end_by(self, rule: Mapping[str, Any]) -> str | None:
        if rule.get("status") == "Disabled" or rule.get("tagFilters") or not self._is_meant(rule):
            return None
        if "expirationInDays" in rule or "expirationDate" in rule:
            return "deletes images"
        archived = {each for each in _classes(rule) if each in _ARCHIVES or (each == _TIERED and self._is_archived)}
        return f"moves images to {' and '.join(sorted(archived))}" if archived else None

    def _is_meant(self, rule: Mapping[str, Any]) -> bool:
        """Whether the rule is about the image, as far as that is known."""
        prefix, key = rule.get("prefix") or "", self._key
        if not isinstance(prefix, str) or (prefix and key is None):
            return False
        if key is not None and not (key.startswith(prefix) or (key.endswith("/") and prefix.startswith(key))):
            return False
        size, more, less = (
            _number(each)
            for each in (self._size_bytes, rule.get("objectSizeGreaterThan"), rule.get("objectSizeLessThan"))
        )
        too_small = size is not None and more is not None and size <= more
        return not too_small and not (size is not None and less is not None and size >= less)

    @functools.cached_property
    def _is_archived(self) -> bool:
        return bool(self._resource and answered(jsii.get, self._resource, "intelligentTieringConfigurations"))


def _classes(rule: Mapping[str, Any]) -> Iterator[str]:
    for transition in (*rule.get("transitions", ()), rule.get("transition")):
        if isinstance(transition, dict) and isinstance(storage_class := transition.get("storageClass"), str):
            yield storage_class


def _number(value: object) -> float | None:
    """A size; None for one that is known only at deployment."""
    return value if isinstance(value, int | float) and is_known(value) else None
