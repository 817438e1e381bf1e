"""ESP, SFU, wolfBoot, Mbed, raw programs; files that are never right; and anything at all, which never raises."""

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import tarfile
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from image_files import esp_image, mbed_image, program, sfu_image, wolfboot_image

from fuota_constructs.firmware.formats import read_image


def test_esp_images() -> None:
    data = esp_image()
    facts = read_image(data)
    assert (facts.format, facts.version, facts.product) == ("esp", "v1.4.2", "street-lamp")
    assert facts.version_order == (1, 4, 2)
    assert (facts.digest_valid, facts.declared_bytes, facts.security_counter) == (True, len(data), 3)
    assert read_image(esp_image(version=b"v1.4.2-3-gabcdef-dirty")).version_order is None
    assert read_image(esp_image(hashed=False)).content_digest is None


def test_an_esp8266_image() -> None:
    facts = read_image(esp_image(header=8))
    assert (facts.format, facts.digest_valid, facts.trailing_bytes) == ("esp8266", True, 0)


def test_esp_images_cut_off_flipped_and_padded() -> None:
    data = esp_image()
    assert read_image(data[:-10]).missing_bytes == 10
    assert read_image(data + b"\xff" * 300).trailing_bytes == 300
    flipped = bytearray(data)
    flipped[700] ^= 1
    assert read_image(bytes(flipped)).digest_valid is False
    tail = bytearray(data)
    tail[-1] ^= 1
    facts = read_image(bytes(tail))
    assert facts.digest_valid is False
    assert "it says" in facts.digest_detail


def test_an_esp_image_whose_signature_block_is_damaged() -> None:
    data = esp_image()
    signed = data.ljust(-(-len(data) // 4096) * 4096, b"\xff") + b"\xe7\x02".ljust(4096, b"\0")
    facts = read_image(signed)
    assert (facts.signature, facts.trailing_bytes, facts.missing_bytes) == ("RSA-3072", 0, 0)
    assert (facts.digest_valid, facts.digest_detail) == (False, "the checksum of its signature block is wrong")


@pytest.mark.parametrize(
    ("begin", "table"),
    [(b"", 0x8000), (b"\xff" * 0x1000, 0x8000), (b"", 0x7000), (b"\xff" * 0x2000, 0x8000), (b"", 0x6000)],
)
def test_a_whole_flash_of_an_esp_is_never_right(begin: bytes, table: int) -> None:
    before = (begin + esp_image()).ljust(table, b"\xff")
    whole = before + b"\xaa\x50\x01\x02" + bytes(0xFFC) + esp_image()
    facts = read_image(whole)
    assert facts.container == "a whole ESP flash image (bootloader, partition table and application)"
    assert "give the application alone" in facts.remedy
    # Neither an application that has such bytes there by chance, nor one that is shorter.
    assert read_image(before + b"\xaa\x50\x77").container is None
    assert read_image(before).container is None


def test_an_esp_bootloader_is_never_right() -> None:
    description = b"\x50\0\0\0\1\0\0\0" + b"v5.3".ljust(32, b"\0") + bytes(40)
    image = esp_image()
    assert read_image(image[:32] + description + image[112:]).container == "an ESP bootloader"


@pytest.mark.parametrize("header", [256, 512, 1024])
def test_wolfboot_images(header) -> None:
    data = wolfboot_image(header=header)
    facts = read_image(data)
    assert (facts.format, facts.version, facts.version_order) == ("wolfboot", "9", (9,))
    assert (facts.digest_valid, facts.declared_bytes, facts.signature) == (True, len(data), "ECDSA-P256")
    assert read_image(data[:-5]).missing_bytes >= 5 or header != 256
    assert read_image(data + bytes(9)).trailing_bytes == 9
    flipped = bytearray(data)
    flipped[-1] ^= 1
    assert read_image(bytes(flipped)).digest_valid is False


def test_sfu_images() -> None:
    data = sfu_image()
    facts = read_image(data)
    assert (facts.format, facts.version, facts.declared_bytes, facts.encrypted) == ("sfu", "3", len(data), True)
    assert read_image(data[:-1]).missing_bytes == 1
    assert read_image(data[:300]).missing_bytes
    assert read_image(data + b"\xff" * 64).trailing_bytes == 64
    assert not read_image(sfu_image(payload=program(4000))).encrypted
    assert read_image(sfu_image(partial=2000)).trailing_bytes == 2000
    assert read_image(sfu_image(body=b"FOTAP1\0\0")).format == "sfu-delta"
    for magic in (b"SFU2", b"SFU3", b"SFUM"):
        assert read_image(sfu_image(magic=magic)).format == "sfu"
    assert read_image(sfu_image(body=b"FOTAI1\0\0")).format == "sfu"


def test_mbed_manifests() -> None:
    facts = read_image(mbed_image())
    assert (facts.format, facts.version, facts.payload_bytes) == ("mbed", "1700000000", 6000)
    assert read_image(mbed_image(delta=1)).format == "mbed-delta"
    older = mbed_image()[:-8] + mbed_image()[-4:]  # of 2018, without a version
    assert (read_image(older).format, read_image(older).version) == ("mbed", None)


def test_raw_programs() -> None:
    assert read_image(program()).format == "cortex-m"
    assert read_image(program() + b"\xff" * 5000).fill_bytes == 5000
    assert read_image(b"\x01\x02\x03\x04" * 500).format == "unknown"
    assert read_image(b"").format == "unknown"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x10\xde\xcd\xfc", "esp-delta"),
        (b"BSDIFF40", "bsdiff"),
        (b"ENDSLEY/BSDIFF43", "bsdiff"),
        (b"\xd6\xc3\xc4\x00", "vcdiff"),
    ],
)
def test_patches_are_told(data, name) -> None:
    assert read_image(data + bytes(100)).format == name


def intel_hex(data: bytes) -> bytes:
    lines = []
    for at in range(0, len(data), 16):
        record = bytes([len(data[at : at + 16])]) + struct.pack(">H", at & 0xFFFF) + b"\0" + data[at : at + 16]
        lines.append(":" + (record + bytes([-sum(record) & 0xFF])).hex().upper())
    return "\r\n".join([":020000040800F2", *lines, ":00000001FF", ""]).encode()


def srec(data: bytes) -> bytes:
    lines = ["S00600004844521B"]
    for at in range(0, len(data), 16):
        record = struct.pack(">BI", len(data[at : at + 16]) + 5, 0x08000000 + at) + data[at : at + 16]
        lines.append("S3" + (record + bytes([~sum(record) & 0xFF])).hex().upper())
    return "\n".join([*lines, "S70508000000F2"]).encode()


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app_update.bin", data)
    return buffer.getvalue()


def tarred(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("update.bin"), io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (intel_hex(program()), "an Intel HEX file"),
        (b"\xef\xbb\xbf" + intel_hex(program()), "an Intel HEX file"),
        (b"\n" + intel_hex(program()).lower(), "an Intel HEX file"),
        (srec(program()), "a Motorola S-record file"),
        (zipped(program()), "a ZIP archive"),
        (b"UF2\n\x57\x51\x5d\x9e" + bytes(504), "a UF2 file"),
        (gzip.compress(program()), "a gzip file"),
        (lzma.compress(program()), "an xz file"),
        (b"-----BEGIN PRIVATE KEY-----\n", "a PEM file (a key or certificate)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html>\n<html>", "an HTML page"),
        (b"\n\n<HTML lang=en>", "an HTML page"),
        (b"DfuSe\x01" + bytes(300), "a DfuSe file (.dfu)"),
        (b"@0800\n01 02 03\nq\n", "a TI-TXT file"),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "a Zstandard file"),
        (bz2.compress(program()), "a bzip2 file"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(30), "a 7z archive"),
        (tarred(program()), "a tar archive"),
        (b"Rar!\x1a\x07\x01\0" + bytes(30), "a RAR archive"),
        (b"MSCF\0\0\0\0" + bytes(30), "a Windows cabinet"),
        (b"\x04\x22\x4d\x18\x64\x40\xa7" + bytes(30), "an lz4 file"),
        (b"!<arch>\n/               0", "a static library (.a)"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>', "an XML document"),
        (b'{"message": "Not Found"}', "a JSON document"),
        (b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(200), "a Windows or UEFI program"),
    ],
)
def test_files_that_are_never_right(data, name) -> None:
    assert read_image(data).container == name


def test_a_real_elf_file(tmp_path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int table[500] = {1}; int main(void) { return table[3]; }")
    subprocess.run(["gcc", "-g", "-o", tmp_path / "a.out", source], check=True)
    data = (tmp_path / "a.out").read_bytes()
    facts = read_image(data)
    assert facts.container == "an ELF file (linker output)"
    assert facts.payload_bytes is not None
    assert 2000 < facts.payload_bytes < len(data)


@pytest.mark.parametrize("make", [intel_hex, srec])
def test_text_formats_tell_how_much_program_they_hold(make) -> None:
    assert read_image(make(program(12_345))).payload_bytes == 12_345


MAGICS = [b"\x3d\xb8\xf3\x96", b"SFU1", b"WOLF", b"\xe9\x02\x02\x20", b"\x7fELF\x02\x01", b":10000000", b"UF2\n", b"S3"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([b"", *MAGICS]), st.binary(max_size=700))
@example(b"\xe9\x10\x05", b"")
@example(b"WOLF", b"\xff" * 500)
@example(b"\x7fELF\x01\x02", b"\xff" * 100)
def test_anything_gives_facts(magic, rest) -> None:
    facts = read_image(magic + rest)
    assert facts.size_bytes == len(magic + rest)
    assert facts.missing_bytes >= 0
    assert facts.trailing_bytes <= facts.size_bytes
    assert facts.as_json()["format"] == facts.format


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([esp_image, wolfboot_image, sfu_image, mbed_image]), st.data())
def test_changed_images_give_facts(make, data) -> None:
    image = bytearray(make())
    for _ in range(data.draw(st.integers(0, 4))):
        image[data.draw(st.integers(0, min(len(image), 700) - 1))] = data.draw(st.integers(0, 255))
    read_image(bytes(image[: data.draw(st.integers(0, len(image)))]))


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=64, max_size=600))
def test_random_files_are_no_false_alarm(data) -> None:
    facts = read_image(data)
    assert facts.container is None or data[:1] in b"\x7f:SPU\x1f\xfd-vb<D@(7M \n\r\t\xefBh"
