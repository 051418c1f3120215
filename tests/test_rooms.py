"""The direction of imports: each room knows only the rooms below it, and no files import one another in a circle."""

from collections import Counter

from tools.rooms import LEVEL, MODULES, imported, room

# Names that are imported upwards, counted by room. The list may only shrink.
UPWARDS: dict[tuple[str, str], int] = {}


def test_every_room_has_its_place():
    rooms = {room(m) for m in MODULES} - {"", "__main__"}
    assert rooms == set(LEVEL)


def test_imports_run_downwards():
    upwards: Counter[tuple[str, str]] = Counter()
    for module, tree in MODULES.items():
        for target, _ in imported(tree):
            here, there = room(module), room(target)
            if here in LEVEL and there in LEVEL and LEVEL[there] > LEVEL[here]:
                upwards[here, there] += 1
    assert dict(upwards) == UPWARDS


def test_no_page_is_imported_but_by_its_family_and_the_catalogue():
    for module, tree in MODULES.items():
        for target, name in imported(tree):
            if room(target) == "concepts":
                assert (
                    module.rpartition(".")[0] == target.rpartition(".")[0] or room(module) == "catalogue"
                ), f"{module} imports {name} from {target}"
