"""What was measured is recalled for the page and the code that were measured, and for no other."""

import copy
import json
import os
import shutil

import pytest

from gradus.catalogue import binding, concept, entries, measured
from gradus.catalogue.page_files import page_hash
from gradus.cli import main
from gradus.verify import verify
from gradus.verify.evidence_cache import remember


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """An entry whose claims have been measured."""
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    remember(verify([concept("norm")]))
    return entries().get("norm")


def test_the_summary_is_the_head_of_the_evidence(entry):
    summary = measured.summaries(entries())
    row = measured.recall("norm", page_hash(concept("norm").module))
    assert set(summary) == {"norm"}
    assert summary["norm"]["failed"] == 0
    assert summary["norm"]["when"] == row["when"]
    assert {r["claim"] for r in row["results"]} >= set(concept("norm").claims)
    assert [m for m, caught in row["mutants"] if caught] == list(concept("norm").mutants)


def test_failures_are_counted():
    lines = measured.evidence_lines(
        "hash", "2024-01-01", [{"verdict": "fails"}, {"verdict": "holds"}, {"verdict": "skipped"}],
        [["caught", True], ["missed", False]], {},
    )  # fmt: skip
    assert json.loads(lines.splitlines()[0])["failed"] == 2


def test_evidence_of_another_page_is_not_shown(entry):
    other = entry._replace(page_hash="another")
    assert measured.summaries([other]) == {}
    assert measured.recall("norm", "another") is None


@pytest.mark.parametrize(
    "contents",
    [b"", b"{", b"[]\n[]\n", b"\xff\xfe", b'{"form": 0}\n{"form": 0}\n', b"[" * 10**5, b"1" * 5000],
)
def test_a_damaged_file_is_no_evidence(entry, contents):
    measured.evidence_file("norm").write_bytes(contents)
    assert measured.summaries([entry]) == {}
    assert measured.recall("norm", entry.page_hash) is None


def test_nothing_measured_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "nothing"))
    assert measured.summaries(entries()) == {}
    assert measured.recall("norm", "any") is None


def shown(entry):
    """Whether evidence of the page is shown; the summary and the whole agree."""
    summary, whole = measured.summaries([entry]), measured.recall(entry.key, entry.page_hash)
    assert bool(summary) == (whole is not None)
    return bool(summary)


def test_evidence_is_bound_to_the_versions_of_the_libraries(entry, monkeypatch):
    assert shown(entry)
    version = binding.version
    for library in ("numpy", "torch"):
        assert version(library)
        monkeypatch.setattr(
            binding, "version", lambda name, other=library: "0" if name == other else version(name)
        )
        assert not shown(entry)
    monkeypatch.setattr(binding, "version", version)
    assert shown(entry)


def test_evidence_is_bound_to_the_implementation_that_it_judged(tmp_path, monkeypatch):
    """A changed line in what an implementation imports, however far, is seen; one in another file is none."""
    root = tmp_path / "gradus"
    shutil.copytree(binding.ROOT, root, ignore=shutil.ignore_patterns("__pycache__", "*.woff2"))
    monkeypatch.setattr(binding, "ROOT", root)
    key = concept("mutual-information")
    bound = binding.bound_to(key.module, [i.path for i in key.implementations])
    assert "foundations/mutual_information" in bound["files"]
    assert not any("lenet" in file for file in bound["files"])
    assert binding.still_bound(bound, {})
    for name, changes in (
        ("vision/lenet.py", False),
        ("foundations/mutual_information.py", True),
        ("errors.py", True),
    ):
        file = root / name
        before, status = file.read_text(), file.stat()
        file.write_text(before.replace("the", "teh", 1))  # of the same size
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # and as old
        assert binding.still_bound(bound, {}) != changes, name
        file.write_text(before)
    (root / "foundations/mutual_information.py").unlink()
    assert not binding.still_bound(bound, {})


def test_versions_are_the_installed_ones():
    import importlib.metadata

    for library, distribution in {
        "numpy": "numpy",
        "torch": "torch",
        "sklearn": "scikit-learn",
        "scipy": "scipy",
    }.items():
        assert binding.version(library) == importlib.metadata.version(distribution)
    assert binding.version("no_such_library") == ""


def damaged(value, path=()):
    """Copies of JSON data in which one value is of another kind, or absent."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in list(children)[:12]:
        for other in (None, [], {}, "x\x1b[2J", -1, 10**400, True, "absent"):
            if type(other) is type(child) and other == child:
                continue
            changed = copy.copy(value)
            if other == "absent" and isinstance(changed, dict):
                del changed[key]
            else:
                changed[key] = other
            yield changed
        for deeper in damaged(child, (*path, key)) if len(path) < 3 else ():
            changed = copy.copy(value)
            changed[key] = deeper
            yield changed


def test_a_damaged_value_never_ends_a_command(entry, capsys):
    """Every value of both lines replaced by another kind in turn: each reading command passes over it or shows it."""
    file = measured.evidence_file("norm")
    head, whole = (json.loads(line) for line in file.read_text().splitlines())
    whole["results"] = whole["results"][:2]
    cases = [(h, whole) for h in damaged(head)] + [(head, w) for w in damaged(whole)]
    assert len(cases) > 300
    for first, second in cases:
        file.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
        measured.summaries([entry])
        measured.recall("norm", entry.page_hash)
    for first, second in cases[::40]:
        file.write_text(f"{json.dumps(first)}\n{json.dumps(second)}\n")
        assert main(["map", entry.area]) == main(["show", "norm"]) == main(["map", "--errata"]) == 0
        assert "\x1b" not in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="a named pipe needs POSIX")
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_no_evidence(entry, make):
    file = measured.evidence_file("norm")
    file.unlink()
    make(file)
    assert not shown(entry)
