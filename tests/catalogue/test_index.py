"""The index is what the pages are, is refused when stale, and is never shown stale."""

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from gradus.catalogue import concept, entries, index, load
from gradus.catalogue.details import details_of
from gradus.catalogue.details import from_row as details_from_row
from gradus.catalogue.entry import as_row, entry_of, from_row
from gradus.catalogue.page_files import PAGES, digest, module_of, page_files, page_hash, unit, unit_of_module
from gradus.errors import GradusError


def read_again():
    """The entries, past the cache."""
    return entries.__wrapped__()


def test_the_index_is_what_the_pages_are():
    for name, text in index.contents().items():
        shipped = index.FILE.with_name(name).read_text(encoding="utf-8")
        lines = set(text.splitlines()) ^ set(shipped.splitlines())
        assert text == shipped, f"{name} is stale: run `make index` ({len(lines)} lines differ)"


def test_every_concept_has_its_entry():
    assert [e.key for e in read_again()] == [c.key for c in load()]
    for c, entry in zip(load(), read_again(), strict=True):
        assert entry == entry_of(c, page_hash(c.module))
        assert (entry.claims, entry.mutants, entry.needs) == (len(c.claims), len(c.mutants), tuple(c.needs))
        assert (entry.summary, len(entry.errata)) == (c.summary, len(c.errata))
        assert (
            from_row(json.loads(json.dumps(as_row(entry))), lambda e=entry: {e.key: e.details.read()})
            == entry
        )
        assert details_from_row(json.loads(json.dumps(entry.details.read()))) == details_of(c)


def test_units_are_pages_and_families():
    assert unit("foundations/adaline.py") == unit("foundations/adaline.zh.md") == "foundations/adaline"
    assert unit("foundations/svd/family.py") == "foundations/svd"
    for name in page_files():
        if name.endswith(".py"):
            assert unit_of_module(module_of(name)) == unit(name)
            assert PAGES.joinpath(name).is_file()
    assert not any("__" in name for name in page_files())


@pytest.fixture
def pages(tmp_path):
    """A folder of small pages, as old as their index."""
    for name in (
        "foundations/norm.py",
        "foundations/norm.zh.md",
        "foundations/svd/family.py",
        "vision/lenet.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one = 1\n")
        os.utime(path, (1000.0, 1000.0))
    (tmp_path / "foundations" / "__init__.py").write_text("")
    return tmp_path


def recorded(pages):
    return {name: [status.st_size, digest(pages / name)] for name, status in page_files(pages).items()}


def test_pages_that_fit_the_index_are_not_read(pages, monkeypatch):
    files = recorded(pages)
    monkeypatch.setattr(index, "digest", lambda path: pytest.fail(f"{path} was read"))
    assert index.changed_units(files, 1000.0, pages) == set()
    assert index.changed_units(files, 1000.0 - index.TOGETHER, pages) == set(), "written with their index"


@pytest.mark.parametrize(
    ("change", "units"),
    [
        (lambda p: (p / "foundations/norm.py").write_text("another = 1\n"), {"foundations/norm"}),
        (lambda p: (p / "foundations/norm.py").write_text("two = 2\n"), {"foundations/norm"}),
        (lambda p: (p / "foundations/norm.zh.md").write_text("two = 2\n"), {"foundations/norm"}),
        (lambda p: (p / "foundations/svd/family.py").write_text("two = 2\n"), {"foundations/svd"}),
        (lambda p: (p / "foundations/svd/other.py").write_text(""), {"foundations/svd"}),
        (lambda p: (p / "vision/alexnet.py").write_text(""), {"vision/alexnet"}),
        (lambda p: (p / "vision/lenet.py").unlink(), {"vision/lenet"}),
        (lambda p: (p / "vision/lenet.py").rename(p / "vision/le_net.py"), {"vision/lenet", "vision/le_net"}),
        (lambda p: (p / "vision/lenet.py").write_text("one = 1\n"), set()),
        (lambda p: (p / "vision/__init__.py").write_text("one = 1\n"), set()),
    ],
)  # fmt: skip
def test_changed_pages_are_noticed(pages, change, units):
    files = recorded(pages)
    change(pages)
    assert index.changed_units(files, 1000.0, pages) == units


def spoilt(tmp_path, monkeypatch, change):
    """An index that a change to the pages has made stale."""
    rows = json.loads(index.FILE.read_text(encoding="utf-8"))
    change(rows)
    file = tmp_path / "index.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    for name in (index.DETAILS, index.SEARCH):
        shutil.copy(index.FILE.with_name(name), tmp_path)
    monkeypatch.setattr(index, "FILE", file)


def another_title(rows):
    rows["files"]["networks/attention.py"][0] += 1
    next(row for row in rows["entries"] if row["key"] == "attention")["title"] = ["Old", "旧"]


def unknown_page(rows):
    del rows["files"]["optimization/adam.py"]
    rows["entries"] = [row for row in rows["entries"] if row["key"] != "adam"]


def page_that_went(rows):
    rows["files"]["networks/gone.py"] = [1, "0"]
    row = {**rows["entries"][-1], "key": "gone", "module": "gradus.concepts.networks.gone"}
    rows["entries"].append(row)


@pytest.mark.parametrize("change", [another_title, unknown_page, page_that_went])
def test_what_is_shown_is_never_stale(tmp_path, monkeypatch, change):
    whole = read_again()
    spoilt(tmp_path, monkeypatch, change)
    loaded = []
    monkeypatch.setattr(index, "load_modules", lambda names: loaded.extend(names) or pages_of(loaded))
    again = read_again()
    assert {e.key: e for e in again} == whole.concepts
    for words in ("attention", "adm", "随机梯度下降", "gone"):
        assert [c.key for c in again.search(words)] == [c.key for c in whole.search(words)]
    assert len(loaded) <= 1, "only the page that changed is imported"


def pages_of(modules):
    from gradus.catalogue.pages import load_modules

    return load_modules(modules)


def other_fields(rows):
    rows["entries"][0]["colour"] = "red"


@pytest.mark.parametrize(
    "change", [other_fields, lambda rows: rows.pop("files"), lambda rows: rows.pop("entries")]
)
def test_an_index_of_another_version_is_left_alone(tmp_path, monkeypatch, change):
    whole = read_again()
    spoilt(tmp_path, monkeypatch, change)
    assert list(read_again()) == list(whole)


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\udcff"])
def test_without_an_index_the_pages_are_read(tmp_path, monkeypatch, text):
    whole = read_again()
    file = tmp_path / "index.json"
    if text is not None:
        file.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setattr(index, "FILE", file)
    assert list(read_again()) == list(whole)


def fail(*_):
    raise AssertionError("read")


def test_the_map_and_paths_read_no_details_and_no_search_table(monkeypatch):
    monkeypatch.setattr(index, "_details", fail)
    monkeypatch.setattr(index, "read_search_table", fail)
    again = read_again()
    assert again.path("attention") and again.area("vision") and again.needed(["lenet"])
    with pytest.raises(AssertionError, match="read"):
        again.search("attention")
    with pytest.raises(AssertionError, match="read"):
        _ = again.get("attention").errata


def test_searching_reads_no_details(monkeypatch):
    monkeypatch.setattr(index, "_details", fail)
    assert read_again().search("attenton")[0].key == "attention"


@pytest.mark.parametrize("name", [index.DETAILS, index.SEARCH])
@pytest.mark.parametrize("damage", ["missing", "another stamp", "cut", "no text"])
def test_parts_that_were_not_made_with_the_index_are_not_used(tmp_path, monkeypatch, name, damage):
    whole = read_again()
    spoilt(tmp_path, monkeypatch, lambda rows: None)
    part = tmp_path / name
    data = part.read_bytes()
    part.unlink()
    if damage != "missing":
        stamp = json.loads(index.FILE.read_bytes())["stamp"].encode()
        whole_of = {
            "another stamp": data.replace(stamp, b"0" * 16),
            "cut": data[: len(data) // 2],
            "no text": b"\xff",
        }
        part.write_bytes(whole_of[damage])
    again = read_again()
    assert list(again) == list(whole)
    for words in ("attenton", "随机梯度", "variance of a sum"):
        assert again.search(words) == whole.search(words)


def test_what_is_edited_after_the_index_is_younger(tmp_path, monkeypatch):
    monkeypatch.setattr(index, "FILE", tmp_path / "index.json")
    index.write_index()
    assert {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()} == index.contents()
    assert index.FILE.stat().st_mtime + index.TOGETHER <= time.time()


def test_one_concept_imports_one_page():
    code = (
        "import sys\nfrom gradus.catalogue import concept\nassert concept('sigmoid').key == 'sigmoid'\n"
        "from gradus.catalogue.page_files import module_of, page_files\n"
        "print(*sorted({module_of(n) for n in page_files() if n.endswith('.py')} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.split()
    assert "gradus.concepts.networks.activations.sigmoid" in modules
    assert {unit_of_module(m) for m in modules} == {"networks/activations"}


def test_one_concept_is_the_catalogues():
    assert concept("attention") is load().get("attention")
    with pytest.raises(GradusError, match="did you mean attention"):
        concept("atention")
