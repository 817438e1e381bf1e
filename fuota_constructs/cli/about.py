"""The line that says what a page or a view is about."""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_DIGEST_SHOWN = 16
_IN_KEY = re.compile(r"/([0-9a-f]{8,64})/[^/]+$")


def image(name: str, size_bytes: int | None, sha256: str | None = None) -> str:
    """A firmware image: file, size and the begin of its digest."""
    parts = [*([f"{size_bytes:,} bytes"] if size_bytes is not None else [])]
    parts += [f"sha256 {sha256[:_DIGEST_SHOWN]}"] if sha256 else []
    return f"{name} ({', '.join(parts)})" if parts else name


def digest_in(uri: str) -> str | None:
    """The begin of a digest that our firmware bucket has in the key of an image."""
    found = _IN_KEY.search(uri)
    return found[1] if found else None


def parameters(size: int | None, interval_ms: float | None, redundancy: int | None) -> list[str]:
    """How a task is sent; what is not given is AWS's choice, and it does not say which."""
    fragments = f"{size}-byte fragments" if size else "fragment size not given"
    every = f"every {interval_ms / 1000:g} s" if interval_ms else "interval not given"
    return [
        f"{fragments} {every}" if size and interval_ms else f"{fragments}, {every}",
        "redundancy not given" if redundancy is None else f"{redundancy} % redundancy",
    ]


def made(at: datetime) -> list[str]:
    """By what, and when."""
    return [f"fuota-constructs {importlib.metadata.version('fuota-constructs')}", at.strftime("%Y-%m-%d %H:%M UTC")]
