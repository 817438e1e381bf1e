"""What it costs to know a firmware file of 1 MB: its facts, by format, and its signature.

    python benchmarks/image.py [--runs 9]

Medians of wall time. The facts are what `FirmwareImage.from_asset` reads at every synth, and take the standard library
alone; the signature takes `cryptography`, and is asked for by `signed_by`.
"""

from __future__ import annotations

import argparse
import random
import statistics
import struct
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from imgtool.image import Image
from imgtool.keys import ECDSA256P1
from imgtool.version import decode_version
from rich.console import Console
from rich.table import Table

from fuota_constructs.firmware.formats import read_image
from fuota_constructs.firmware.signing import check_signature, read_key

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 1_000_000
NOISE = random.Random(1).randbytes(SIZE)
CORTEX_M = struct.pack("<II", 0x20004000, 0x08000101)


def mcuboot(folder: Path, key: ECDSA256P1) -> bytes:
    """An image as imgtool signs it."""
    (folder / "in.bin").write_bytes(CORTEX_M + NOISE[:-600])
    image = Image(decode_version("2.4.0"), header_size=0x200, pad_header=True, slot_size=0x200000, align=8)
    image.load(str(folder / "in.bin"))
    image.create(key, "hash", None)
    image.save(str(folder / "out.bin"))
    return (folder / "out.bin").read_bytes()


def esp() -> bytes:
    """An ESP32 application of one segment, with the right checksum and digest missing."""
    body = struct.pack("<II8x32s32s", 0xABCD5432, 0, b"1.0", b"bench").ljust(256, b"\0") + NOISE[:-512]
    head = bytes([0xE9, 1, 2, 0x20]) + bytes(20)
    return (head + struct.pack("<II", 0x3F400020, len(body)) + body).ljust(SIZE, b"\0")


def intel_hex() -> bytes:
    """A text of 1 MB."""
    lines = (b":10%04X00%s00" % (at & 0xFFFF, NOISE[at : at + 16].hex().upper().encode()) for at in range(0, SIZE, 16))
    return b"\r\n".join(lines)[:SIZE]


def median_ms(work: Callable[[], object], runs: int) -> float:
    """The median of some runs, in milliseconds."""
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="runs of each; 9 by default")
    runs = parser.parse_args().runs
    table = Table(title=f"a file of about {SIZE:,} bytes (medians of {runs} runs)")
    table.add_column("file")
    table.add_column("ms", justify="right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        secret = ec.generate_private_key(ec.SECP256R1())
        signed = mcuboot(folder, ECDSA256P1(secret))
        files = {
            "facts: MCUboot, signed": signed,
            "facts: MCUboot, padded to 2 MB": signed.ljust(2 * SIZE, b"\xff"),
            "facts: ESP32": esp(),
            "facts: SBSFU": (b"SFU1" + struct.pack("<HHI", 1, 2, SIZE)).ljust(512, b"\xff") + NOISE,
            "facts: wolfBoot": (b"WOLF" + struct.pack("<IHHI", SIZE, 1, 4, 9)).ljust(256, b"\xff") + NOISE,
            "facts: raw Cortex-M": CORTEX_M + NOISE,
            "facts: Intel HEX": intel_hex(),
            "facts: noise": NOISE,
            "facts: zeros": bytes(SIZE),
        }
        for title, data in files.items():
            table.add_row(title, f"{median_ms(partial(read_image, data), runs):.1f}")
        pem = folder / "public.pem"
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        pem.write_bytes(secret.public_key().public_bytes(serialization.Encoding.PEM, form))
        facts, key = read_image(signed), read_key(pem)
        assert check_signature(signed, facts, key).verdict == "verified"
        table.add_row("signature: MCUboot", f"{median_ms(partial(check_signature, signed, facts, key), runs):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
