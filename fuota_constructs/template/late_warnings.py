"""Warnings that are added while the app is synthesised, and heed every acknowledgment made before."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import aws_cdk as cdk

if TYPE_CHECKING:
    from constructs import IConstruct

_ON_APP: weakref.WeakKeyDictionary[IConstruct, dict[str, bool]] = weakref.WeakKeyDictionary()


def warn(construct: IConstruct, id: str, message: str) -> bool:
    """Add a warning unless it was acknowledged on the construct or anything around it; says whether it is there.

    The same one is added once, however often a construct gives reason to it.
    """
    if any(message in str(entry.data) for entry in construct.node.metadata):
        return True
    if _acknowledged_on_app(construct, id):
        return False
    cdk.Annotations.of(construct).add_warning_v2(id, message)
    return _has(construct, id)


def _acknowledged_on_app(construct: IConstruct, id: str) -> bool:
    # An acknowledgment on the app takes away the warnings there are by then, but the CDK looks for those that apply to
    # a later one along the construct's path only, in which the app has no part. What it knows of the app itself shows
    # in whether the app takes a remark with the same id; the remark is taken back at once.
    app = construct.node.root
    known = _ON_APP.setdefault(app, {})
    if id not in known:
        annotations = cdk.Annotations.of(app)
        annotations.add_info_v2(id, "is this acknowledged?")
        known[id] = not _has(app, id)
        annotations.acknowledge_info(id)
    return known[id]


def _has(construct: IConstruct, id: str) -> bool:
    return any(f"[ack: {id}]" in str(entry.data) for entry in construct.node.metadata)
