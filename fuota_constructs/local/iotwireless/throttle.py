"""The service's request quota: 10 requests a second for each operation of an account and region."""

from __future__ import annotations

from dataclasses import dataclass, field

# AWS General Reference, "AWS IoT Wireless endpoints and quotas": 10 requests per second per API.
REQUESTS_PER_SECOND = 10.0


@dataclass
class Throttle:
    """A token bucket for every key; as many requests at once as the rate allows in one second (assumed)."""

    requests_per_second: float | None = REQUESTS_PER_SECOND  # None: no limit
    _buckets: dict[tuple[str, ...], tuple[float, float]] = field(default_factory=dict)  # tokens, filled at

    def allows(self, key: tuple[str, ...], now: float) -> bool:
        """Take one request out of the bucket of a key, if there is one left."""
        rate = self.requests_per_second
        if rate is None:
            return True
        capacity = max(1.0, rate)
        tokens, filled_at = self._buckets.get(key, (capacity, now))
        tokens = min(capacity, tokens + max(0.0, now - filled_at) * rate)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        return allowed

    def clear(self) -> None:
        """Fill every bucket."""
        self._buckets.clear()
