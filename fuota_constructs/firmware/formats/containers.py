"""Files that people send by mistake and no device boots: linker output, text formats, archives, downloads.

Told by their first bytes alone; a magic of two bytes or fewer needs more behind it, because a raw program may begin
with anything and a false alarm is worse than a miss.
"""

# Annotations are no texts here: a NamedTuple compiles each one that is, at every import.

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from fuota_constructs.firmware.formats.binary_reader import little
from fuota_constructs.firmware.formats.image_facts import ImageFacts, facts_of

_BIN: Final = "give the raw binary (objcopy -O binary firmware.elf firmware.bin)"
_BOM: Final = rb"(?:\xef\xbb\xbf)?"
_FIRST_OF_TEXT: Final = bytes(range(ord(" "), ord("~") + 1)) + b"\t\n\v\f\r\xef"
_SIGNED: Final = "with MCUboot give the signed update (zephyr.signed.bin)"


class Container(NamedTuple):
    """One kind of file that is never right to send."""

    name: str
    """As a sentence names it, with its article."""
    begins: bytes | Callable[[bytes], object]
    """Its magic, or what tells whether the head of a file is one's."""
    remedy: str
    payload: Callable[[bytes], int | None] = lambda data: None  # noqa: ARG005  # as all of them are called
    """Bytes of program in it, where that can be counted."""


def _text(pattern: bytes) -> Callable[[bytes], object]:
    """A file that begins with text, whatever its case; no pattern is compiled for one that does not."""
    return lambda head: head[:1] in _FIRST_OF_TEXT and re.match(pattern, head, re.DOTALL | re.IGNORECASE)


def _elf_payload(data: bytes) -> int | None:
    """What `objcopy -O binary` would about make of it: the bytes its loadable segments have in the file."""
    wide = data[4:5] == b"\x02"
    big_endian = data[5:6] == b"\x02"

    def number(offset: int, size: int) -> int | None:
        part = data[offset : offset + size]
        return int.from_bytes(part, "big" if big_endian else "little") if len(part) == size else None

    table, size, count = (
        (number(32, 8), number(54, 2), number(56, 2)) if wide else (number(28, 4), number(42, 2), number(44, 2))
    )
    if not table or not size or not count:
        return None
    total = 0
    for index in range(count):
        at = table + index * size
        kind, length = number(at, 4), number(at + (32 if wide else 16), 8 if wide else 4)
        if kind is None or length is None:
            return None
        total += length if kind == 1 else 0
    return total if 0 < total <= len(data) else None


def _hex_payload(data: bytes) -> int | None:
    sizes = re.findall(rb"^:([0-9A-Fa-f]{2})[0-9A-Fa-f]{4}00", data, re.MULTILINE)
    return sum(int(size, 16) for size in sizes) or None


def _srec_payload(data: bytes) -> int | None:
    records = re.findall(rb"^S([123])([0-9A-Fa-f]{2})", data, re.MULTILINE)
    return sum(int(size, 16) - int(kind) - 2 for kind, size in records) or None


CONTAINERS: Final = (
    Container("an ELF file (linker output)", b"\x7fELF", f"{_BIN}; {_SIGNED}", _elf_payload),
    Container("an Intel HEX file", _text(_BOM + rb"\s{0,8}:[0-9a-f]{10}"), f"{_BIN}; {_SIGNED}", _hex_payload),
    Container("a Motorola S-record file", _text(_BOM + rb"\s{0,8}S[0-37-9][0-9a-f]{6}"), _BIN, _srec_payload),
    Container("a TI-TXT file", _text(rb"@[0-9a-f]{4,8}\r?\n[0-9a-f]{2} "), _BIN),
    Container(
        "a ZIP archive",
        b"PK\x03\x04",
        "give the image file inside it (an nRF dfu_application.zip holds a signed .bin)",
    ),
    Container(
        "a UF2 file",
        b"UF2\n",
        _BIN,
        lambda data: sum(little(data, at + 16, 4) or 0 for at in range(0, len(data), 512)) or None,
    ),
    Container("a DfuSe file (.dfu)", b"DfuSe\x01", _BIN),
    Container("a gzip file", b"\x1f\x8b\x08", "unpack it: devices do not"),
    Container("an xz file", b"\xfd7zXZ\x00", "unpack it: devices do not"),
    Container("a bzip2 file", _text(rb"BZh[1-9]1AY&SY"), "unpack it: devices do not"),
    Container("a Zstandard file", b"\x28\xb5\x2f\xfd", "unpack it: devices do not"),
    Container("a 7z archive", b"7z\xbc\xaf\x27\x1c", "give the image file inside it"),
    Container("a RAR archive", b"Rar!\x1a\x07", "give the image file inside it"),
    Container("a Windows cabinet", b"MSCF\0\0\0\0", "give the image file inside it"),
    Container("an lz4 file", b"\x04\x22\x4d\x18", "unpack it: devices do not"),
    Container("a static library (.a)", _text(rb"!<(?:arch|thin)>\n"), _BIN),
    Container("a tar archive", lambda head: head.startswith(b"ustar", 257), "give the image file inside it"),
    Container("a Windows or UEFI program", _text(rb"MZ.{58}[\x40-\xff][\x00-\x03]\x00\x00"), _BIN),
    Container(
        "a PEM file (a key or certificate)",
        _text(_BOM + rb"\s{0,8}-----BEGIN "),
        "give the firmware image; if that was a private key, it must not leave this machine",
    ),
    Container("a Git LFS pointer", b"version https://git-lfs", "fetch the file itself (git lfs pull)"),
    Container(
        "an XML document",
        _text(_BOM + rb"\s{0,64}<\?xml\s"),
        "the download failed (S3 says so in XML), or it is a description of the firmware: fetch the file itself",
    ),
    Container(
        "a JSON document",
        _text(_BOM + rb"\s{0,64}\{\s{0,64}\"[ -~]{1,64}\"\s{0,16}:"),
        "the download failed, or it is a description of the firmware: fetch the file itself",
    ),
    Container(
        "an HTML page",
        _text(_BOM + rb"\s{0,64}(?:<!--.{0,512}?-->\s{0,64})?<(?:!doctype\s+html|html[\s>])"),
        "the download failed or needs a login: fetch the file itself",
    ),
)


def container_of(data: bytes) -> Container | None:
    """What kind of never-right file this is, None when it is none."""
    head = data[:1024]
    return next((each for each in CONTAINERS if _is_one(each, head)), None)


def _is_one(kind: Container, head: bytes) -> object:
    return head.startswith(kind.begins) if isinstance(kind.begins, bytes) else kind.begins(head)


def read(data: bytes) -> ImageFacts | None:
    """The facts of a file that is never right to send, None when it is none."""
    found = container_of(data)
    if found is None:
        return None
    return facts_of(
        data,
        format="container",
        title=found.name,
        container=found.name,
        remedy=found.remedy,
        payload_bytes=found.payload(data),
    )
