"""What all tests share: where the optional real data lie, and a fixed seed."""

import gc
import os
from collections.abc import Generator
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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected lives until the end: garbage is looked for neither while it grows nor, afterwards, in it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Docstring examples are looked for in every file, but programs that tests start must not run when collected."""
    is_program = collection_path.suffix == ".py" and not collection_path.name.startswith(
        ("test_", "conftest")
    )
    return True if is_program else None


#: Tests whose many cases are alike: of so many the ordinary run takes one, and all belong to the slow tests.
ONE_IN = {
    "test_a_damaged_file_does_not_end_the_list": 3,
    "test_a_healthy_network_raises_no_alarm": 2,
    "test_a_hostile_implementation_ends_as_what_it_is": 4,
    "test_a_run_is_reported_begun_anew_and_takes_no_other_data": 2,
    "test_a_run_that_is_killed_between_two_networks_goes_on_to_the_same_result": 2,
    "test_a_script_ends_with_the_status_of_the_shell": 2,
    "test_a_sick_network_is_found": 2,
    "test_a_system_without_a_state_stops_with_a_message": 2,
    "test_any_model_is_certified_and_left_as_it_was": 2,
    "test_evaluations_are_as_few_as_scipys": 3,
    "test_fisher_information_is_the_covariance_of_the_score": 3,
    "test_fresh_refuses_a_folder_with_a_file_that_no_run_wrote": 3,
    "test_jacobians_of_both_modes_equal_those_of_jax": 3,
    "test_one_call_ends_where_a_call_a_tensor_does": 6,
    "test_parameters_that_others_use_are_left_where_they_are": 2,
    "test_reports_in_both_languages": 2,
    "test_resume_is_exact": 2,
    "test_right_implementations_hold": 3,
    "test_rosenbrock_reaches_its_minimum": 3,
    "test_verification_leaves_global_state_as_it_was": 2,
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks all but every so-manieth case of those as slow."""
    seen: dict[str, int] = {}
    for item in items:
        name = item.nodeid.partition("[")[0]
        if (apart := ONE_IN.get(name.rpartition("::")[2])) is not None:
            if seen.setdefault(name, 0) % apart:
                item.add_marker(pytest.mark.slow)
            seen[name] += 1
