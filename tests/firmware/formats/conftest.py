"""Makers of image files, see image_files.py."""

import sys
from pathlib import Path

import pytest

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

from image_files import Imgtool


@pytest.fixture(scope="session")
def imgtool(tmp_path_factory) -> Imgtool:
    return Imgtool(tmp_path_factory.mktemp("imgtool"))
