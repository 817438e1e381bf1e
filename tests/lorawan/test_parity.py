"""Parity rows and coded fragments against published vectors, in both engines."""

import hashlib
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuota_constructs.lorawan.fragmentation import Decoder, encode, padding, parity_row
from fuota_constructs.lorawan.fragmentation.arrays import parity_bits
from fuota_constructs.lorawan.fragmentation.parity import parity_columns, prbs23

VECTORS = Path(__file__).parent / "vectors"
FACTS = json.loads((VECTORS / "fragmentation-vectors.json").read_text())
MORE = json.loads((VECTORS / "more-fragmentation-vectors.json").read_text())


def _digest(m: int, columns: tuple[int, ...]) -> str:
    row = bytearray(m)
    for column in columns:
        row[column] = 1
    return hashlib.sha256(row).hexdigest()


@pytest.mark.parametrize("row", FACTS["rows"], ids=lambda row: f"v{row['version']}-M{row['m']}-y{row['y']}")
def test_rows(row):
    m, y, version = row["m"], row["y"], row["version"]
    columns = parity_row(m, y, version=version)
    assert columns == tuple(sorted(columns))
    if "ones" in row:
        assert list(columns) == row["ones"]
    if "first_16_ones" in row:
        assert list(columns[:16]) == row["first_16_ones"]
    if "weight" in row:
        assert len(columns) == row["weight"]
    if "sha256_of_row_bytes_one_byte_per_column" in row:
        assert _digest(m, columns) == row["sha256_of_row_bytes_one_byte_per_column"]
    assert tuple(parity_bits(m, [y], version)[0].nonzero()[0]) == columns


def test_all_26_rows_of_radiator():
    rows = MORE["rows"]
    for y, expected in enumerate(rows["lsb_first_hex"]):
        mask = sum(1 << column for column in parity_row(rows["m"], y, version=rows["version"]))
        assert hex(mask) == expected.lower()


@pytest.mark.parametrize("sequence", FACTS["prbs23"], ids=lambda sequence: sequence["seed"])
def test_generator(sequence):
    x = sequence["seed"]
    for expected in sequence["next"]:
        x = prbs23(x)
        assert x == expected


@pytest.mark.parametrize("vector", FACTS["encode"], ids=lambda vector: vector["source"]["repo"])
def test_encode(engine, vector):
    fragments = encode(
        bytes.fromhex(vector["data_hex"]), vector["fragment_size"], vector["redundancy"], version=vector["version"]
    )
    assert [fragment.hex() for fragment in fragments] == vector["fragments_hex"]


def test_vector_known_to_differ(engine):
    fragments = encode(bytes(range(100)), 10, 1, version=2)
    assert fragments[-1].hex() != MORE["known_to_differ"]["first_coded_hex"]


@pytest.mark.parametrize("captured", FACTS["interop_sets"] + MORE["interop_sets"], ids=lambda s: s["source"]["path"])
def test_captured_sessions(engine, captured):
    m, size = captured["nb_frag"], captured["fragment_size"]
    frames = [bytes.fromhex(frame) for frame in captured["datafragment_messages_hex"]]
    fragments = [frame[3:] for frame in frames]
    image = b"".join(fragments[:m])[: m * size - captured["padding"]]
    assert encode(image, size, len(frames) - m, version=captured["version"]) == fragments
    assert padding(len(image), size) == captured["padding"]
    if "file_sha256" in captured:
        assert hashlib.sha256(image).hexdigest() == captured["file_sha256"]
    decoder = Decoder(m, size, padding=captured["padding"], version=captured["version"])
    lost = {1, 4}  # every second data fragment of these would be too much for the few coded ones
    for frame in frames:
        n = int.from_bytes(frame[1:3], "little")
        if n not in lost:
            decoder.add(n, frame[3:])
    assert decoder.image() == image


def test_interoperability_file_in_fragments_of_50_bytes(engine):
    (captured,) = FACTS["interop_sets"]
    other = MORE["same_file_other_size"]
    image = b"".join(bytes.fromhex(f)[3:] for f in captured["datafragment_messages_hex"][: captured["nb_frag"]])
    image = image[: captured["file_len"]]
    assert f"{zlib.crc32(image):08x}" == other["crc32"]
    fragments = encode(image, other["fragment_size"], 5)
    assert len(fragments) == other["nb_frag"] + 5
    assert [fragment.hex() for fragment in fragments[-5:]] == other["coded_fragments_hex"]


@given(
    st.one_of(st.integers(1, 300), st.sampled_from([512, 1000, 1023, 1024, 1025, 4096])),
    st.one_of(st.integers(1, 200), st.integers(8370, 8390), st.integers(15_000, 16_383)),
    st.sampled_from([1, 2]),
)
@settings(max_examples=150, deadline=None)
def test_engines_give_the_same_rows_of_the_standard_weight(m, y, version):
    columns = parity_row(m, y, version=version)
    assert tuple(parity_bits(m, [y], version)[0].nonzero()[0]) == columns
    if version == 1:
        assert min(1, m // 2) <= len(columns) <= m // 2
    else:
        assert len(columns) == m // 2
    assert all(0 <= column < m for column in columns)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 8, 16, 64, 1024, 8192, 16_382, 16_383])
def test_rows_of_extreme_sessions(m, version):
    ys = [1, 2, 8380, 8381, 8382, 16_383]
    bits = parity_bits(m, ys, version)
    assert [tuple(row.nonzero()[0]) for row in bits] == [parity_row(m, y, version=version) for y in ys]


def test_a_single_fragment_has_empty_rows():
    assert parity_row(1, 1) == parity_row(1, 2, version=2) == ()


def test_versions_differ():
    assert parity_row(26, 2) != parity_row(26, 2, version=2)
    assert parity_row(26, 1) == parity_row(26, 1, version=2)  # no draw of this one repeats


def test_columns_are_the_rows_transposed():
    columns = parity_columns(20, 7, 1)
    rows = [parity_row(20, y) for y in range(1, 8)]
    assert [[j in row for row in rows] for j in range(20)] == [
        [bool(column >> i & 1) for i in range(7)] for column in columns
    ]
    assert parity_columns(3, 0, 1) == ()


@pytest.mark.parametrize(
    ("m", "y", "version", "message"),
    [(0, 1, 1, "m is 0"), (16_384, 1, 1, "1 to 16383"), (5, -1, 1, "y is -1"), (5, 16_384, 1, "y is 16384"),
     (5, 1, 3, "version is 3")],
)  # fmt: skip
def test_fails_for_rows_no_session_has(m, y, version, message):
    with pytest.raises(ValueError, match=message):
        parity_row(m, y, version=version)


@pytest.mark.parametrize(
    ("image", "size", "coded", "version", "message"),
    [
        (b"", 10, 0, 1, "the image is empty"),
        (b"x", 0, 0, 1, "fragment_size is 0"),
        (b"x", 256, 0, 1, "FragSize is 1 to 255"),
        (b"x" * 16_384, 1, 0, 1, "m is 16384"),
        (b"x", 1, -1, 1, "coded is -1"),
        (b"x" * 16_000, 1, 384, 1, "0 to 383"),
        (b"x", 1, 1, 0, "version is 0"),
    ],
)
def test_fails_to_encode(image, size, coded, version, message):
    with pytest.raises(ValueError, match=message):
        encode(image, size, coded, version=version)
