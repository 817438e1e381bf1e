"""What CloudFormation keeps of a resource while its stack is being changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulation.template import Resource


@dataclass
class Record:
    """What CloudFormation has on record of a resource."""

    physical_id: str
    resource: Resource
    properties: dict[str, Any]
    failed: bool = False  # of a deployment that was not rolled back


@dataclass
class Touch:
    """What one deployment did to a resource, and what must be known to take it back."""

    name: str
    before: Record | None
    after: Resource
    properties: dict[str, Any]
    outcome: str = "cancelled"
    answered_id: str = ""


@dataclass
class Garbage:
    """Something to delete once the deployment or its rollback is through."""

    physical_id: str
    resource: Resource
    properties: dict[str, Any]
    why: str
