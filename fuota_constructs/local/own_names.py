"""Which requests are meant for a local cloud and come from a program of this machine, not from a web page.

A browser lets any page send requests to 127.0.0.1, and a name of the page's own may resolve to 127.0.0.1. It says so,
though: Host names whom the page believes to talk to (RFC 9112, 3.2), Origin and Referer who asks, and Sec-Fetch-Site
how the two are related (Fetch Metadata Request Headers). SDKs and the AWS CLI send none of the last three.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Headers = Iterable[tuple[bytes, bytes]]

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
# Buckets have names under localhost in the virtual-host style of S3; no DNS gives out .localhost (RFC 6761, 6.3).
_LOOPBACK = re.compile(rf"127\.0\.0\.1|(?:{_LABEL}\.)*localhost")
# MiniStack's Node.js worker sends what a bundled, older SDK meant for AWS to the cloud, Host as signed.
_AWS = re.compile(rf"(?:{_LABEL}\.)+amazonaws\.com(?:\.cn)?")
_HOST = re.compile(r"(?P<name>[^:]{1,253})(?::(?P<port>\d{1,5}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_SITES = ("same-origin", "none")  # none: typed into the address bar
_SHOWN_CHARACTERS = 100


class OwnNames:
    """The names of one local cloud: loopback names with its port."""

    def __init__(self, scheme: str, port: int) -> None:
        self._scheme = scheme
        self._port = port

    def complaint(self, headers: Headers, target: bytes) -> str | None:
        """Say why a request is none of this cloud's, in words for its sender; None when it is one.

        `headers` have lower-case names, as in ASGI; `target` is the path as it came.
        """
        given: dict[str, list[str]] = {name: [] for name in ("host", "origin", "referer", "sec-fetch-site")}
        for key, value in headers:
            if (name := key.decode("latin-1").lower()) in given:
                given[name].append(value.decode("latin-1").strip())
        if not target.startswith(b"/"):
            # The absolute form is for proxies, and would stand above Host (RFC 9112, 3.2.2).
            return self._refused("names a whole URL instead of a path")
        if len(given["host"]) != 1:
            return self._refused("has several Host headers" if given["host"] else "has no Host header")
        [host] = given["host"]
        if not self.is_loopback(host) and not _is_aws(host):
            return self._refused(f"is for the host {_shown(host)}")
        checks = (("Origin", self._is_own_origin), ("Referer", self._is_own_page), ("Sec-Fetch-Site", _is_own_site))
        for title, is_own in checks:
            for text in given[title.lower()]:
                if not is_own(text):
                    return self._refused(f"comes from a web page ({title}: {_shown(text)})")
        return None

    def is_loopback(self, host: str) -> bool:
        """Whether the value of a Host header is a name of this cloud on this machine."""
        match = _HOST.fullmatch(host.lower())
        if match is None or not _LOOPBACK.fullmatch(match["name"]):
            return False
        return int(match["port"] or _DEFAULT_PORTS[self._scheme]) == self._port

    def _is_own_origin(self, origin: str) -> bool:
        scheme, separator, host = origin.lower().partition("://")
        return bool(separator) and scheme == self._scheme and self.is_loopback(host)

    def _is_own_page(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return self._is_own_origin(f"{parts.scheme}://{parts.netloc}")

    def _refused(self, what: str) -> str:
        return (
            f"this request {what}: the local cloud answers programs on this machine, as"
            f" {self._scheme}://127.0.0.1:{self._port}, and no web pages"
        )


def _is_own_site(value: str) -> bool:
    return value.lower() in _OWN_SITES


def _is_aws(host: str) -> bool:
    match = _HOST.fullmatch(host.lower())
    return match is not None and _AWS.fullmatch(match["name"]) is not None


def _shown(value: str) -> str:
    return value if len(value) <= _SHOWN_CHARACTERS else f"{value[:_SHOWN_CHARACTERS]}..."
