"""Shares of a whole as people say them."""


def percent_rounded_down(part: int, whole: int) -> str:
    """Per cent with two decimals, rounded down: 99,999 of 100,000 are not 100, and what misses a bar is below it."""
    return f"{10_000 * part // whole / 100:g}" if whole else "0"
