"""Tags that a stack gives to a bucket: MiniStack drops them, and the CDK's auto_delete_objects asks for one.

Belongs to `ministack_host`, which checks the seams below.
"""

import importlib
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

SEAMS: tuple[tuple[str, str, tuple[str, ...] | None], ...] = (
    ("ministack.services.cloudformation.provisioners", "_S3_BUCKET_CONFIGURATIONS", None),
    ("ministack.services.s3", "_put_bucket_tagging", ("name", "body")),
    ("ministack.services.s3", "_delete_bucket_tagging", ("name",)),
)


def install() -> None:
    """Have CloudFormation put them as it puts the other configurations of a bucket."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    s3: Any = importlib.import_module("ministack.services.s3")
    tags = ("Tags", tagging, s3._put_bucket_tagging, s3._delete_bucket_tagging)
    provisioners._S3_BUCKET_CONFIGURATIONS = (*provisioners._S3_BUCKET_CONFIGURATIONS, tags)


def tagging(tags: Iterable[Mapping[str, object]]) -> bytes:
    """The body of PutBucketTagging for `Tags` of a template."""
    root = ElementTree.Element("Tagging")
    tag_set = ElementTree.SubElement(root, "TagSet")
    for tag in tags:
        element = ElementTree.SubElement(tag_set, "Tag")
        for name in ("Key", "Value"):
            ElementTree.SubElement(element, name).text = str(tag[name])
    return ElementTree.tostring(root)
