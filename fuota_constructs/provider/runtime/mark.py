"""The mark of a request: which one it is, and when CloudFormation signed it.

A request that was cancelled may still run while the next one does, and Lambda may deliver one again when others have
come and gone. Marks tell requests apart and put them in their order. The time is that of the presigned response URL
(X-Amz-Date, in whole seconds); that CloudFormation signs it when it sends the request is assumed.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

_FORMAT = "%Y%m%dT%H%M%SZ"
_MARK = re.compile(r"(\d{8}T\d{6}Z|undated)\.([0-9a-f]{16})")


@dataclass(frozen=True)
class Mark:
    """Which request, and when it was signed in epoch seconds; 0 if the URL does not say."""

    request: str
    signed_at: float = 0.0

    @classmethod
    def of(cls, response_url: str) -> "Mark":
        """The mark of the request with this URL, which is another for every request and the same when it comes again.

        A hash: whoever has the URL can answer for the resource.
        """
        request = hashlib.sha256(response_url.encode("utf-8", "replace")).hexdigest()[:16]
        return cls(request, _epoch(_query(response_url).get("X-Amz-Date", [""])[0]))

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """The mark that `str` wrote, None if it is none."""
        match = _MARK.fullmatch(text)
        return cls(match[2], _epoch(match[1])) if match else None

    def __str__(self) -> str:
        date = datetime.fromtimestamp(self.signed_at, UTC).strftime(_FORMAT) if self.signed_at else "undated"
        return f"{date}.{self.request}"

    def age(self, now: float) -> float:
        """Seconds since it was signed; 0 if that is not known."""
        return max(now - self.signed_at, 0.0) if self.signed_at else 0.0


def same(one: Mark | None, other: Mark | None) -> bool:
    """Whether both are marks of one request."""
    return one is not None and other is not None and one.request == other.request


def _query(url: str) -> dict[str, list[str]]:
    try:
        return parse_qs(urlsplit(url).query)
    except ValueError:  # brackets that are no address, for one
        return {}


def _epoch(text: str) -> float:
    try:
        return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
