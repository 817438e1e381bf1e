"""What the file of an image says of itself, as a template and the tags of a task have it. Pure."""

import re
from dataclasses import dataclass
from itertools import zip_longest

from task_tags import FIRMWARE

_VERSION = re.compile(r"v?([0-9]{1,10}(?:\.[0-9]{1,10}){0,3})(?:\+[0-9]{1,10})?")


@dataclass(frozen=True)
class Firmware:
    """What the file of an image says of itself, as the template has it; empty where it says nothing."""

    version: str = ""
    format: str = ""
    digest: str = ""
    key_hash: str = ""

    @classmethod
    def of_tag(cls, text: str) -> "Firmware":
        """Read what `tags` wrote."""
        name, _, version = text.partition(" ")
        return cls(version, name)

    @property
    def tags(self) -> dict[str, str]:
        """What a task carries of it."""
        return {FIRMWARE: f"{self.format} {self.version}"} if self.version else {}

    def is_below(self, other: "Firmware") -> bool:
        """Whether the version is lower: only of the same format, and only of numbers; the build number apart."""
        mine, others = _VERSION.fullmatch(self.version), _VERSION.fullmatch(other.version)
        if mine is None or others is None or self.format != other.format:
            return False
        pairs = zip_longest(*([int(part) for part in each[1].split(".")] for each in (mine, others)), fillvalue=0)
        return next((one < two for one, two in pairs if one != two), False)

    def is_the_same_as(self, other: "Firmware") -> bool:
        """Whether it is the same content, by the same key: signing again changes the bytes of a file."""
        same = (self.digest, self.format, self.key_hash) == (other.digest, other.format, other.key_hash)
        return bool(self.digest) and same
