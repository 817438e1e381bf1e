"""A firmware file in words, and as JSON documents have it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.operations.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fuota_constructs.firmware.formats import ImageFacts
    from fuota_constructs.firmware.signing import SignatureCheck
    from fuota_constructs.rules import Finding

WIDTH: Final = 80
_DIGITS_SHOWN: Final = 16


def facts_content(facts: ImageFacts) -> dict[str, Any]:
    """The facts of a file, as every JSON document has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.as_json().items()}


def headline(facts: ImageFacts, check: SignatureCheck | None = None) -> str:
    """What the file is, in one line: nothing that was not looked at."""
    what = facts.title[:1].upper() + facts.title[1:]
    version = f" {facts.version}" if facts.version else ""
    return visible(f"{what}{version}, {facts.size_bytes:,} bytes, {signed_words(facts, check)}")


def findings_lines(findings: Sequence[Finding]) -> Iterator[str]:
    """What speaks against sending a file, in lines of a terminal."""
    for finding in findings:
        yield from textwrap.wrap(
            visible(f"{finding.level:<7} {finding.rule}: {finding.message}"),
            WIDTH,
            subsequent_indent=" " * 8,
            break_long_words=False,
            break_on_hyphens=False,
        )


def signed_words(facts: ImageFacts, check: SignatureCheck | None = None) -> str:
    """Whether a file is signed, and whether anybody looked at the signature."""
    if check is not None and check.verdict == "verified":
        return f"signed by {check.key}: verified"
    if not facts.signature:
        return "not signed" if facts.can_sign else "no signature that can be read"
    key = f" by key {facts.key_hash[:_DIGITS_SHOWN]}" if facts.key_hash else ""
    published = f" ({facts.development_key}, which is published!)" if facts.development_key else ""
    return f"signed {facts.signature}{key}{published}, not verified"


def firmware_words(facts: ImageFacts) -> tuple[str, str]:
    """Format, version and product of a file, and the digest of its content and its signature."""
    version = f" {facts.version}" if facts.version else ""
    product = f" of {facts.product}" if facts.product else ""
    digest = f"content {facts.content_digest[:_DIGITS_SHOWN]}; " if facts.content_digest else ""
    return visible(f"{facts.title}{version}{product}"), visible(f"{digest}{signed_words(facts)}")
