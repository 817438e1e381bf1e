"""The pictures of the gate are what the gate says, and what the script draws."""

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SPEC = importlib.util.spec_from_file_location("gate_pictures", DOCS / "gate_pictures.py")
assert SPEC
assert SPEC.loader
gate_pictures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(gate_pictures)


@pytest.mark.parametrize("name", gate_pictures.PICTURES)
def test_the_picture_is_the_one_that_is_drawn(name: str) -> None:
    drawn = gate_pictures.PICTURES[name]()
    assert (DOCS / "_static" / f"{name}.svg").read_text(encoding="utf-8") == drawn, "run: python docs/gate_pictures.py"
    assert f"../_static/{name}.svg" in (DOCS / "explanation" / "rollout-gate.md").read_text(encoding="utf-8")
    picture = ET.fromstring(drawn)  # noqa: S314  # drawn here
    told = picture.find("{*}desc")
    assert told is not None
    assert told.text
    assert "prefers-color-scheme:dark" in drawn


@pytest.mark.parametrize(("devices", "aborts", "passes"), [(15, 12, 16), (16, 12, 16), (20, 16, 20), (100, 87, 94)])
def test_the_bands_are_those_of_the_gate(devices: int, aborts: int, passes: int) -> None:
    assert gate_pictures.answers_of(devices) == (aborts, passes)
