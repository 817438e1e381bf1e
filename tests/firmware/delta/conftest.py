"""The makers of image files of the formats' tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))

from image_files import Imgtool


@pytest.fixture(scope="session")
def imgtool(tmp_path_factory) -> Imgtool:
    return Imgtool(tmp_path_factory.mktemp("imgtool"))
