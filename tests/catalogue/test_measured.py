"""What was measured is recalled for the page that was measured, and for no other."""

import json

import pytest

from gradus.catalogue import concept, entries, measured
from gradus.catalogue.page_files import page_hash
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
        [["caught", True], ["missed", False]],
    )  # fmt: skip
    assert json.loads(lines.splitlines()[0])["failed"] == 2


def test_evidence_of_another_page_is_not_shown(entry):
    other = entry._replace(page_hash="another")
    assert measured.summaries([other]) == {}
    assert measured.recall("norm", "another") is None


@pytest.mark.parametrize("contents", [b"", b"{", b"[]\n[]\n", b"\xff\xfe", b'{"form": 0}\n{"form": 0}\n'])
def test_a_damaged_file_is_no_evidence(entry, contents):
    measured.evidence_file("norm").write_bytes(contents)
    assert measured.summaries([entry]) == {}
    assert measured.recall("norm", entry.page_hash) is None


def test_nothing_measured_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "nothing"))
    assert measured.summaries(entries()) == {}
    assert measured.recall("norm", "any") is None
