"""The error this library raises for input that can never be right."""

from __future__ import annotations


class FuotaValidationError(ValueError):
    """Input that no FUOTA task can be made of, raised where it was given.

    `rule` is the id of the rule it breaks (see the rule table), `construct_path` the construct it was given to, or None
    when there is none yet, `message` the value, the allowed range and the remedy.
    """

    def __init__(self, rule: str, message: str, *, construct_path: str | None = None) -> None:
        """Keep the parts apart, so that tools can read them."""
        self.rule = rule
        self.message = message
        self.construct_path = construct_path
        at = f" (at {construct_path})" if construct_path else ""
        super().__init__(f"{rule}: {message}{at}")
