"""What the tests of the set-up share, see checkouts.py."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# A plain module beside the tests: pytest's importlib mode does not put folders on the path by itself.
sys.path.insert(0, str(Path(__file__).parent))

import checkouts


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Callable[..., checkouts.Checkout]]:
    """Makes a throwaway checkout; it goes when the test ends, as it can have a gigabyte."""

    def checkout(*, only: tuple[str, ...] = (), python: str = sys.executable) -> checkouts.Checkout:
        return checkouts.copy(tmp_path / "checkout", only=only, python=python)

    yield checkout
    shutil.rmtree(tmp_path)
