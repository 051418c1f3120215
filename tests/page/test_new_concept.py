"""`make new-concept`: what it writes runs, and cannot be taken for finished."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.frameworks import Adapted
from gradus.page.companion import read
from gradus.page.translation import concepts_of, phrases
from gradus.verify import claims_of, judge, verify_mutants

TOOL = Path(__file__).resolve().parents[2] / "tools" / "new_concept.py"
spec = importlib.util.spec_from_file_location("new_concept", TOOL)
new_concept = importlib.util.module_from_spec(spec)
spec.loader.exec_module(new_concept)


@pytest.fixture
def written(tmp_path):
    page, companion = new_concept.write("softer-norm", "networks", tmp_path)
    (concept,) = concepts_of(new_concept.imported(page, "gradus.concepts.networks.softer_norm"))
    return page, companion, concept


def test_every_part_is_there_and_runs(written):
    page, _, concept = written
    assert page.name == "softer_norm.py"
    assert concept.key == "softer-norm"
    assert concept.area == "networks"
    assert concept.missing() == []
    assert [s.argument for s in concept.symbols if s.argument] == list(concept.arguments)
    definition = Adapted(concept.definition, concept, "numpy", name="definition")
    verdicts = {c.name: judge(concept, c, definition).verdict for c in claims_of(concept)}
    assert verdicts.pop("rejects-invalid-input") in (
        "holds",
        "fails",
    )  # the literal definition need not refuse
    assert set(verdicts.values()) <= {"holds", "skipped"}, verdicts
    assert {c for m in concept.mutants.values() for c in m.caught_by} >= set(concept.claims)
    assert [(m.mutant.name, m.missed_by) for m in verify_mutants(concept) if not m.caught] == []
    assert concept.draw().figure.axes
    assert concept.cases(np.random.default_rng(0))


def test_it_cannot_be_taken_for_finished(written):
    page, companion, concept = written
    texts = [p.text.en for p in phrases(concept) if p.needs_chinese]
    assert all(t.startswith("FILL") for t in texts), texts
    assert len(texts) == 10
    assert not 1600 <= concept.year <= 2030
    assert "FILL" in concept.source
    text = page.read_text(encoding="utf-8")
    for line in (
        "return 1.0 * x  # FILL",
        "def cases(rng):  # FILL",
        "def invalid(rng):  # FILL",
        "(),  # FILL: keys",
    ):
        assert line in text, line
    strings = read(companion)["softer-norm"].renderings
    assert list(strings) == [p.name for p in phrases(concept) if p.needs_chinese]
    assert all(s.words.startswith("FILL") for s in strings.values())
    assert len(re.findall(r"\bFILL\b", text)) > 20


def test_a_new_area_gets_its_folder(tmp_path):
    new_concept.write("softer-norm", "geometry", tmp_path)
    assert (tmp_path / "geometry" / "__init__.py").read_text(encoding="utf-8") == '"""Pages on geometry."""\n'


@pytest.mark.parametrize(
    ("key", "area", "message"),
    [
        ("attention", "networks", "attention is there already: gradus.concepts.networks.attention; choose"),
        ("Softer Norm", "networks", "small letters, digits and hyphens, as layer-norm; got 'Softer Norm'"),
        ("../norm", "networks", "expected a key"),
        ("-norm", "networks", "expected a key"),
        ("lambda", "networks", "lambda is a word of Python"),
        ("softer-norm", "network", "expected an area, networks; got 'network'"),
        ("softer-norm", "cooking", "expected an area, foundations, networks, "),
    ],
)
def test_what_is_refused(tmp_path, capsys, key, area, message):
    with pytest.raises(GradusError, match=re.escape(message)):
        new_concept.write(key, area, tmp_path)
    assert list(tmp_path.iterdir()) == []
    if not key.startswith("-"):
        assert new_concept.main([key, area]) == 2
        assert message in capsys.readouterr().err


def test_a_file_is_never_overwritten(tmp_path):
    new_concept.write("softer-norm", "networks", tmp_path)
    with pytest.raises(GradusError, match="softer_norm is there already"):
        new_concept.write("softer-norm", "networks", tmp_path)


def test_it_says_what_to_do_next(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(new_concept, "ROOT", tmp_path)
    monkeypatch.setattr(new_concept.write, "__defaults__", (tmp_path,))
    assert new_concept.main(["softer-norm", "networks"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("networks/softer_norm.py and networks/softer_norm.zh.md are written.")
    for step in (
        "pytest tests/test_pages.py -k softer-norm",
        "make formulas",
        "make translations",
        "make test",
    ):
        assert step in said
