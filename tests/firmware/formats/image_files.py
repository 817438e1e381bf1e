"""Image files, made by the tools that make them for devices, or to the letter of their format."""

import contextlib
import hashlib
import random
import struct
import warnings

SLOT = 0x20000


def program(size=20_000, seed=1) -> bytes:
    """Bytes that look like a Cortex-M program: a vector table, then code of middling entropy."""
    rng = random.Random(seed)
    words = [rng.getrandbits(32) for _ in range(200)]
    body = b"".join(struct.pack("<I", rng.choice(words)) for _ in range(size // 4))
    return (struct.pack("<II", 0x20004000, 0x08000101) + body)[:size]


class Imgtool:
    """MCUboot's own tool, as a Zephyr build calls it."""

    def __init__(self, folder) -> None:
        self.folder = folder

    def run(self, *arguments) -> None:
        with warnings.catch_warnings(), contextlib.chdir(self.folder):
            warnings.simplefilter("ignore")
            from imgtool.main import imgtool

            imgtool([*map(str, arguments)], standalone_mode=False)

    def key(self, kind):
        """A new key; its file is in `folder`."""
        path = self.folder / f"{kind}.pem"
        if not path.exists():
            self.run("keygen", "-k", path, "-t", kind)
        return path

    def sign(self, *options, version="2.4.0+7", payload=None) -> bytes:
        source, target = self.folder / "in.bin", self.folder / "out.bin"
        source.write_bytes(program() if payload is None else payload)
        common = ["--version", version, "--header-size", "0x200", "--pad-header", "--align", "4", "--slot-size", SLOT]
        self.run("sign", *common, *options, source, target)
        return target.read_bytes()


def esp_image(*, payload=b"\x11" * 1000, version=b"v1.4.2", hashed=True, header=24) -> bytes:
    """An ESP32 application as esptool's elf2image lays it out."""
    description = struct.pack("<II8x32s32s", 0xABCD5432, 3, version, b"street-lamp") + bytes(256 - 80)
    first = description + payload if header == 24 else payload
    head = bytes([0xE9, 2, 2, 0x20]) + struct.pack("<I", 0x40080400)
    if header == 24:
        head += bytes([0xEE, 0, 0, 0]) + struct.pack("<H", 0) + bytes(9) + bytes([1 if hashed else 0])
    segments = [(0x3F400020, first), (0x40080000, b"\x22" * 512)]
    body = b"".join(struct.pack("<II", address, len(part)) + part for address, part in segments)
    checksum = 0xEF
    for _, part in segments:
        for byte in part:
            checksum ^= byte
    image = head + body
    image += bytes(15 - len(image) % 16) + bytes([checksum])
    return image + (hashlib.sha256(image).digest() if hashed and header == 24 else b"")


def wolfboot_image(*, version=9, header=256, payload=None, kind=0x0201) -> bytes:
    """An image as wolfBoot's sign tool lays it out, with a signature of the right size."""
    payload = program(8000) if payload is None else payload
    head = b"WOLF" + struct.pack("<I", len(payload))
    head += struct.pack("<HHI", 1, 4, version) + b"\xff" * 4
    head += struct.pack("<HHQ", 2, 8, 1_700_000_000) + struct.pack("<HHH", 0x30, 2, kind) + b"\xff" * 6
    digest = hashlib.sha256(head + payload).digest()
    head += struct.pack("<HH", 3, 32) + digest
    head += struct.pack("<HH", 0x10, 32) + hashlib.sha256(b"key").digest()
    head += struct.pack("<HH", 0x20, 64) + bytes(range(64))
    return head.ljust(header, b"\xff") + payload


def sfu_image(*, magic=b"SFU1", version=3, payload=None, partial=0, body=b"") -> bytes:
    """An `.sfb` as prepareimage.py lays it out."""
    payload = bytes(random.Random(3).randbytes(4000)) if payload is None else payload
    head = magic + struct.pack("<HHIII", 1, version, len(payload), 0, partial) + bytes(150)
    return head.ljust(512, b"\xff") + body + payload[len(body) :]


def mbed_image(*, version=1_700_000_000, delta=0, payload=None) -> bytes:
    payload = program(6000) if payload is None else payload
    signature = (b"\x30\x45" + bytes(69)).ljust(72, b"\0")
    return payload + bytes([71]) + signature + bytes(32) + struct.pack("<I", version) + bytes([delta, 0, 0, 0])
