"""The package needs the standard library only, and loads each part when it is used."""

import subprocess
import sys

import pytest

from fuota_constructs import lorawan
from fuota_constructs.lorawan import fragmentation

ONLY_STDLIB = """
import sys
before = set(sys.modules)
{statement}
foreign = {{name.partition(".")[0] for name in set(sys.modules) - before}} - set(sys.stdlib_module_names)
print(sorted(foreign))
"""


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import fuota_constructs.lorawan", "['fuota_constructs']"),
        ("from fuota_constructs.lorawan import recommendation, regions, redundancy", "['fuota_constructs']"),
        ("from fuota_constructs.lorawan.fragmentation.parity import parity_row", "['fuota_constructs']"),
        ("from fuota_constructs.lorawan.fragmentation.messages import decode_frame", "['fuota_constructs']"),
        ("from fuota_constructs.lorawan.fragmentation import encode", "['fuota_constructs', 'numpy']"),
    ],
)
def test_what_an_import_loads(statement, loaded):
    script = ONLY_STDLIB.format(statement=statement)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == loaded


def test_without_numpy_the_codec_works():
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from fuota_constructs.lorawan.fragmentation import Decoder, encode\n"
        "fragments = encode(bytes(range(100)), 10, 10)\n"
        "decoder = Decoder(10, 10)\n"
        "print([decoder.add(n, fragments[n - 1]) for n in range(3, 21)][-1], decoder.image() == bytes(range(100)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "True True"


@pytest.mark.parametrize("name", lorawan.__all__)
def test_parts_are_loaded_when_first_used(name):
    assert lorawan.__getattr__(name) is getattr(lorawan, name)
    assert getattr(lorawan, name).__name__ == f"fuota_constructs.lorawan.{name}"


def test_fails_for_a_part_there_is_not():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        lorawan.nothing  # noqa: B018  # reading it is the test
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        fragmentation.nothing  # noqa: B018  # reading it is the test
