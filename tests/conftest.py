"""What all tests share: where the optional real data lie, and a fixed seed."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
REAL_DATA = Path(os.environ.get("GRADUS_TEST_DATA", SHARED / "data"))
ORACLES = Path(os.environ.get("GRADUS_TEST_ORACLES", SHARED / "oracles"))


@pytest.fixture
def real_data() -> Path:
    """The folder of real data sets that are not embedded; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real data sets not found at {REAL_DATA} (set GRADUS_TEST_DATA)")
    return REAL_DATA


@pytest.fixture
def oracles() -> Path:
    """The folder of certified values; the test is skipped where it is absent."""
    if not ORACLES.is_dir():
        pytest.skip(f"certified values not found at {ORACLES} (set GRADUS_TEST_ORACLES)")
    return ORACLES


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Docstring examples are looked for in every file, but programs that tests start must not run when collected."""
    is_program = collection_path.suffix == ".py" and not collection_path.name.startswith(
        ("test_", "conftest")
    )
    return True if is_program else None
