"""Makers of image files and of keys, see formats/image_files.py and formats/signed_files.py."""

import sys
from pathlib import Path

import pytest

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent / "formats"))

from image_files import Imgtool
from signed_files import Keys


@pytest.fixture(scope="session")
def imgtool(tmp_path_factory) -> Imgtool:
    return Imgtool(tmp_path_factory.mktemp("imgtool"))


@pytest.fixture(scope="session")
def keys(imgtool) -> Keys:
    return Keys(imgtool.folder)
