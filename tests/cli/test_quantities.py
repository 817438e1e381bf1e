"""How sizes and percentages are read from a command line."""

import pytest

from fuota_constructs.cli.quantities import as_percentage, share_of_one, size_bytes


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1", 1),
        ("100kB", 100_000),
        ("100KB", 100_000),
        ("100 kB", 100_000),
        ("100 000", 100_000),
        ("100\u00a0000 B", 100_000),
        ("100\u202f000", 100_000),
        ("1_048_576", 1_048_576),
        ("1 000_000 ", 1_000_000),
        ("0.5MiB", 524_288),
        ("1.5kB", 1500),
        ("0.001kB", 1),
        ("1MB", 1_000_000),
        ("999999999999999", 999_999_999_999_999),
    ],
)
def test_reads_a_size(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no size"),
        ("-1", "is no size"),
        ("1e5", "is no size"),
        ("1,000", "is no size"),
        ("10 00", "is no size"),
        ("1000 000", "is no size"),
        ("1.", "is no size"),
        (".5MB", "is no size"),
        ("٣", "is no size"),
        ("1" * 16, "is no size"),
        ("100k", "has no unit we know"),
        ("100kb", "has no unit we know"),
        ("1GB", "has no unit we know"),
        ("1.5", "is 1.5 bytes: give a whole number"),
        ("0.1KiB", "is 102.4 bytes: give a whole number"),
    ],
)
def test_fails_to_read_what_is_no_size(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        size_bytes(text)


@pytest.mark.parametrize(
    ("text", "share"),
    [("0%", 0.0), ("10%", 0.1), ("10 %", 0.1), ("99.9%", 0.999), ("0.1%", 0.001), ("100%", 1.0), ("1%", 0.01),
     ("0", 0.0), ("10", 0.1), ("99.9", 0.999), ("100", 1.0), ("1.5", 0.015)],
)  # fmt: skip
def test_reads_a_percentage(text: str, share: float) -> None:
    assert share_of_one(text) == share


@pytest.mark.parametrize(
    ("text", "message"),
    [("0.1", "'0.1' could be a share of 1 or of 100: write 10% or 0.1%"), ("1", "write 100% or 1%"),
     ("0.999", "write 99.9% or 0.999%"), ("-1%", "no percentage"), ("ten%", "no percentage"),
     ("10%%", "no percentage"), ("", "no percentage"), ("nan%", "no percentage"), ("1,5%", "no percentage")],
)  # fmt: skip
def test_fails_to_read_what_is_no_percentage(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        share_of_one(text)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0"), (0.07, "7"), (0.1, "10"), (0.125, "12.5"), (0.999, "99.9"), (1e-6, "0.0001"), (1e-9, "0.0000001")],
)
def test_a_share_is_written_as_it_is_read(share: float, text: str) -> None:
    assert as_percentage(share) == text
    assert share_of_one(f"{text}%") == pytest.approx(share)
