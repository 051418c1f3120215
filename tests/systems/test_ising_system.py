"""The system of the Ising model: tiny runs repeat themselves and report in both languages; the real one reaches its target."""

import json
import re

import numpy as np
import pytest

from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference import ising

TINY = {
    "lattice_sizes": [4, 8],
    "draws": 60,
    "replicas": 16,
    "warmup": 10,
    "temperatures": [1.5, 2.3, 4.0],
    "draws_each": 12,
    "exact_widths": [2, 4],
}


@pytest.fixture
def tiny(monkeypatch):
    """The recipe at a size that takes a part of a second."""
    assert set(TINY) == set(ising.SETTINGS)
    for name, value in TINY.items():
        monkeypatch.setitem(ising.SETTINGS, name, value)
    return recipe_of("inference", "ising")


def test_the_numbers_are_of_the_seed_alone_and_are_told(tiny):
    lattices = load_any("spin-lattices")
    first, again, other = (tiny.train(lattices, SeedRequest(s, None)) for s in (3, 3, 4))
    assert first.score == again.score != other.score
    assert first.measured == again.measured
    row = first.measured["swept"][0]
    assert row["yang"] > 0.9 and abs(row["energy"] - row["torus"]) < 5 * row["energy_error"]
    assert first.measured["exact"][0]["temperature"] < 2.3
    found = tiny.findings([first.measured, other.measured])
    assert len(found) == 3
    for text in found:
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
    T = np.mean([r.measured["crossing"]["temperature"] for r in (first, other)])
    assert f"{T:.4f}" in found[0].en and f"{T:.4f}" in found[0].zh


def test_energies_that_are_not_the_exact_ones_are_said_to_be_so(tiny):
    crossing = {"temperature": 3.0, "error": 0.01, "binder": 0.5}
    row = {"T": 2.0, "energy": -1.0, "energy_error": 0.01, "torus": -1.7, "plane": -1.6}
    found = tiny.findings([{"swept": [row], "crossing": crossing, "exact": []}])
    assert "outside two standard errors" in found[0].en and "之外" in found[0].zh
    assert "are not Kaufman's" in found[-1].en and "不等于" in found[-1].zh


def test_the_report_is_chinese_where_it_is_asked_to_be(tiny, tmp_path, capsys):
    main(["run", "ising", "--seed", "0", "--no-verify", "--lang", "zh", "--directory", str(tmp_path / "r")])
    html = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    told = json.loads((tmp_path / "r" / "summary.json").read_text(encoding="utf-8"))["findings"]
    assert len(told) == 3
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<code>.*?</code>", " ", part, flags=re.DOTALL))
    assert not re.search(r"\b(the|and|with|over|of)\b", words) and "$" not in words
    for figure in re.findall(r"<svg [^>]*>", html):
        assert re.search('aria-label="[^"]{20,}"', figure)
    assert part.count("<svg") >= 3


@pytest.mark.slow
def test_reaches_its_target(tmp_path):
    outcome = run_system(system_of("ising"), directory=tmp_path / "r", verify=False, progress="silent")
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)
