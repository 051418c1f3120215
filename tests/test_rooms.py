"""The direction of imports: each room knows only the rooms below it, and no files import one another in a circle."""

from collections import Counter
from graphlib import CycleError, TopologicalSorter

from tools.rooms import LEVEL, MODULES, room, uses

# Names that are imported upwards, counted by room. The list may only shrink.
UPWARDS: dict[tuple[str, str], int] = {}

# Private names that other files import, counted by room. The list may only shrink.
PRIVATE: dict[str, int] = {}


def test_every_room_has_its_place():
    rooms = {room(m) for m in MODULES} - {"", "__main__"}
    assert rooms == set(LEVEL)


def test_imports_run_downwards():
    upwards: Counter[tuple[str, str]] = Counter()
    for module, its in uses().items():
        for target, _ in its.imports:
            here, there = room(module), room(target)
            if here in LEVEL and there in LEVEL and LEVEL[there] > LEVEL[here]:
                upwards[here, there] += 1
    assert dict(upwards) == UPWARDS


def test_no_page_is_imported_but_by_its_family_and_the_catalogue():
    for module, its in uses().items():
        for target, name in its.imports:
            if room(target) == "concepts":
                assert (
                    module.rpartition(".")[0] == target.rpartition(".")[0] or room(module) == "catalogue"
                ), f"{module} imports {name} from {target}"


def test_no_files_import_one_another_in_a_circle():
    """Neither when they are loaded nor later, when a function is called."""
    needs = {
        module: {target for target, _ in its.when_it_runs if target in MODULES} - {module}
        for module, its in uses().items()
    }
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle: {' → '.join(error.args[1])}") from None


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_no_private_names_are_imported():
    """Neither `from gradus.room.file import _name` nor `file._name`: what two files share has a public name."""
    private: Counter[str] = Counter()
    for module, its in uses().items():
        private[room(module)] += sum(is_private(name) for _, name in its.imports)
        files = {name for target, name in its.imports if target in MODULES and target.endswith(f".{name}")}
        private[room(module)] += sum(is_private(name) for file, name in its.attributes if file in files)
    assert dict(+private) == PRIVATE
