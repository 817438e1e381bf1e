"""Whose requests a local cloud answers, by what a browser says of them."""

import pytest

from fuota_constructs.local.own_names import OwnNames

OURS = "127.0.0.1:4566"


def complaint(*headers: tuple[str, str], target: str = "/", scheme: str = "http", port: int = 4566) -> str | None:
    lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return OwnNames(scheme, port).complaint(lines, target.encode())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "localhost:4566",
        "LocalHost:4566",
        "bucket.localhost:4566",
        "bucket.s3.localhost:4566",
        "my.dotted.bucket.s3.eu-west-1.localhost:4566",
        "000000000000.s3-control.localhost:4566",
        "with_underscore.localhost:4566",
        "lambda.eu-west-1.amazonaws.com",  # an older SDK bundled into a Node.js function: signed, and led here
        "bucket.s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_takes_its_own_names(host: str) -> None:
    assert complaint(("Host", host)) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4566",
        "evil.example",
        "127.0.0.1",  # port 80
        "127.0.0.1:4567",
        "127.0.0.1:04566x",
        "127.0.0.1:",
        "127.0.0.1:4566:4566",
        "localhost.:4566",
        "127.0.0.1.:4566",
        "localhost.evil.example:4566",
        "evillocalhost:4566",
        ".localhost:4566",
        "a..localhost:4566",
        "-a.localhost:4566",
        "a@localhost:4566",
        "127.0.0.1:4566, evil.example",
        "127.0.0.1:4566/evil",
        "[::1]:4566",
        "[::ffff:127.0.0.1]:4566",
        "[::1]",
        "127.1:4566",
        "0.0.0.0:4566",
        "2130706433:4566",
        "0x7f000001:4566",
        "127.0.0.2:4566",
        "localtest.me:4566",  # a public name of 127.0.0.1
        "amazonaws.com",
        "amazonaws.com.evil.example",
        "xamazonaws.com",
        "l\xf6calhost:4566",
        "127.0.0.1:\xb2",
        "",
        " ",
        "a" * 300 + ".localhost:4566",
    ],
)
def test_fails_for_a_host_that_is_not_its_own(host: str) -> None:
    said = complaint(("Host", host))
    assert said is not None
    assert "is for the host" in said
    assert "http://127.0.0.1:4566" in said
    assert len(said) < 400


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_a_host_without_port_has_the_port_of_its_scheme(scheme: str, port: int) -> None:
    assert complaint(("Host", "127.0.0.1"), scheme=scheme, port=port) is None
    assert complaint(("Host", "127.0.0.1"), scheme=scheme, port=port + 1)


def test_fails_without_a_host_and_with_several() -> None:
    assert "no Host" in str(complaint())
    assert "several Host" in str(complaint(("Host", OURS), ("host", OURS)))


@pytest.mark.parametrize("target", ["http://127.0.0.1:4566/", "http://evil.example/", "*", "evil.example:4566", ""])
def test_fails_for_a_target_that_is_no_path(target: str) -> None:
    assert "instead of a path" in str(complaint(("Host", OURS), target=target))


@pytest.mark.parametrize(
    "header",
    [
        ("Origin", "http://127.0.0.1:4566"),
        ("Origin", "http://LOCALHOST:4566"),
        ("Referer", "http://127.0.0.1:4566/_ministack/health?x=1"),
        ("Referer", "http://127.0.0.1:4566"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Site", "none"),
        ("SEC-FETCH-SITE", "None"),
        ("Sec-Fetch-Mode", "cors"),  # fetch of Node.js
        ("User-Agent", "Mozilla/5.0"),
    ],
)
def test_takes_what_its_own_pages_and_programs_say(header: tuple[str, str]) -> None:
    assert complaint(("Host", OURS), header) is None


@pytest.mark.parametrize(
    "header",
    [
        ("Origin", "http://evil.example"),
        ("ORIGIN", "http://evil.example:4566"),
        ("Origin", "null"),
        ("Origin", ""),
        ("Origin", "http://127.0.0.1:3000"),
        ("Origin", "http://127.0.0.1"),
        ("Origin", "https://127.0.0.1:4566"),
        ("Origin", "http://127.0.0.1:4566/"),
        ("Origin", "http://127.0.0.1:4566 http://evil.example"),
        ("Origin", "http://127.0.0.1:4566, http://evil.example"),
        ("Origin", "http://user@127.0.0.1:4566"),
        ("Origin", "127.0.0.1:4566"),
        ("Origin", "file://"),
        ("Origin", "chrome-extension://abc"),
        ("Origin", "http://[::1]:4566"),
        ("Referer", "http://evil.example/"),
        ("Referer", "http://127.0.0.1:3000/"),
        ("Referer", "https://127.0.0.1:4566/"),
        ("Referer", "http://127.0.0.1:4566@evil.example/"),
        ("Referer", "http://evil.example/http://127.0.0.1:4566/"),
        ("Referer", "http://[::1/"),
        ("Referer", ""),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "same-origin, cross-site"),
        ("Sec-Fetch-Site", ""),
        ("sec-fetch-site", "CROSS-SITE"),
    ],
)
def test_fails_for_what_another_page_says(header: tuple[str, str]) -> None:
    said = complaint(("Host", OURS), header)
    assert said is not None
    assert f"comes from a web page ({header[0].title()}: " in said


def test_fails_when_one_of_several_headers_is_another_page() -> None:
    own = ("Origin", "http://127.0.0.1:4566")
    assert complaint(("Host", OURS), own, own) is None
    assert complaint(("Host", OURS), own, ("Origin", "http://evil.example"))
    assert complaint(("Host", OURS), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site"))
    assert complaint(("Host", OURS), own, ("Referer", "http://evil.example/"))
