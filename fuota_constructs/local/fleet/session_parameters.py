"""What the service decides about a session when it begins."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fuota_constructs.lorawan.regions import DataRate, Region


@dataclass(frozen=True)
class SessionParameters:
    """The image and how it is sent; `descriptor` and `tags` are those of the task."""

    image: bytes
    fragment_bytes: int
    data_fragments: int
    coded_fragments: int
    interval_seconds: float
    start: float
    descriptor: bytes
    multicast: bool
    region: Region | None
    data_rate: DataRate | None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def fragments(self) -> int:
        """Data and coded fragments."""
        return self.data_fragments + self.coded_fragments

    @property
    def seconds(self) -> float:
        """From the first fragment's slot to the end of the last one's."""
        return self.fragments * self.interval_seconds


def descriptor_bytes(text: str | None) -> bytes:
    """The 4 bytes of a task's Descriptor; assumed: zeros where there is none, cut or filled up where it has others."""
    return base64.b64decode(text or "")[:4].ljust(4, b"\0")
