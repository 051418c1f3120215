"""The shipped formulas are the catalogue's, and can be read in a browser and in a terminal."""

import importlib.util
import json
import shutil
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from gradus.catalogue import concept
from gradus.catalogue.formulas import (
    DATA,
    mathml,
    prose_html,
    prose_text,
    unicode_text,
)
from gradus.catalogue.formulas import compiled as formulas
from gradus.catalogue.formulas.collected import Formula, all_formulas, texts_in
from gradus.catalogue.formulas.terminal import terminal_text
from gradus.errors import GradusError
from gradus.text import Text

ROOT = Path(__file__).resolve().parent.parent
TEMML = ROOT / "tools" / "node_modules" / "temml"
needs_temml = pytest.mark.skipif(
    not TEMML.is_dir() or not shutil.which("node"), reason="needs Node and `npm --prefix tools ci`"
)
HARD = json.loads((Path(__file__).parent / "formulas_hard.json").read_text(encoding="utf-8"))


def load_tool():
    spec = importlib.util.spec_from_file_location("compile_formulas", ROOT / "tools" / "compile_formulas.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shipped(monkeypatch):
    """A stand-in for the data file: the hard formulas, compiled."""
    data = {"temml": "0", "display": {}, "inline": {}}
    for row in HARD:
        for style in ("display", "inline"):
            data[style][row["latex"]] = row["mathml"]
    monkeypatch.setattr(formulas, "_compiled", lambda: data)
    return data


def test_every_formula_of_the_catalogue_is_shipped_and_none_besides():
    data = json.loads(DATA.read_text(encoding="utf-8"))
    wanted = {(f.latex, f.style): f.key for f in all_formulas()}
    have = {(latex, style) for style in ("display", "inline") for latex in data[style]}
    missing = {f"{key}: {pair[0]}" for pair, key in wanted.items() if pair not in have}
    assert not missing, f"run `make formulas`; not compiled: {sorted(missing)}"
    extra = {latex for latex, style in have - wanted.keys()}
    assert not extra, f"run `make formulas`; no longer in any page: {sorted(extra)}"


def test_every_shipped_formula_is_sound_and_has_a_terminal_form():
    data = json.loads(DATA.read_text(encoding="utf-8"))
    tool = load_tool()
    for style in ("display", "inline"):
        for latex, markup in data[style].items():
            assert "<merror" not in markup and "temml-error" not in markup, latex
            assert not tool.unreadable(markup), latex
            assert "\n" not in unicode_text(latex, one_line=True), latex


@pytest.mark.skipif(
    not TEMML.is_dir() or not shutil.which("node"), reason="needs Node and `npm --prefix tools ci`"
)
def test_recompiling_gives_the_same_bytes():
    tool = load_tool()
    data, faults = tool.compile_all(all_formulas())
    assert not faults
    assert tool.dump(data) == DATA.read_text(encoding="utf-8")


@pytest.mark.skipif(
    not TEMML.is_dir() or not shutil.which("node"), reason="needs Node and `npm --prefix tools ci`"
)
def test_compiler_names_the_concept_and_the_unknown_command():
    tool = load_tool()
    bad = [
        Formula("adam", r"\foo x", "display"),
        Formula("entropy", r"\underset{x}{\operatorname{argmax}} f", "inline"),
        Formula("kl", "x", "inline"),
    ]
    data, faults = tool.compile_all(bad)
    assert list(data["inline"]) == ["x"] and not data["display"]
    assert any(f.startswith(r"adam: \foo x: Unsupported function name: \foo") for f in faults)
    assert any(f.startswith("entropy:") and "operatorname*" in f for f in faults)
    compiled, faults = tool.compile_all([Formula("", row["latex"], "display") for row in HARD])
    assert not faults
    assert compiled["display"] == {row["latex"]: row["mathml"] for row in HARD}


def test_differences_name_what_is_missing_left_over_and_stale():
    tool = load_tool()
    wanted = {"temml": "2", "display": {"a": "A", "b": "B"}, "inline": {}}
    found = {"temml": "1", "display": {"a": "old", "c": "C"}, "inline": {}}
    assert tool.differences(found, wanted) == [
        "compiled by Temml 1, not 2",
        "missing (display): b",
        "left over (display): c",
        "stale (display): a",
    ]
    assert tool.differences(wanted, wanted) == []
    assert tool.unreadable("<math><mfrac><mi>x</mi></mfrac></math>")
    assert tool.unreadable("<math><mglyph/></math>")
    assert tool.unreadable("<math><mrow></mrow></math>")


@pytest.mark.parametrize("row", HARD, ids=lambda row: row["latex"][:40])
def test_terminal_form(row):
    assert terminal_text(row["mathml"]).split("\n") == row["text"]
    assert "\n" not in terminal_text(row["mathml"], one_line=True)
    assert fromstring(row["mathml"]).tag == "math"


def test_a_script_of_letters_does_not_run_into_the_next_factor():
    assert unicode_text(r"n_{\text{in}}=c_{\text{in}}k^2") == "n_in = c_in k²"


def test_a_denominator_of_several_factors_has_brackets():
    assert unicode_text(r"\frac L{16(t+1)}") == "L/(16(t + 1))"


def test_what_stands_over_an_arrow_has_no_room_around_it():
    entropy_of_the_rounded = concept("entropy").formulas[-1]
    assert unicode_text(entropy_of_the_rounded).endswith("→^(Δ→0) h(X)")


def test_missing_formula_is_named():
    with pytest.raises(GradusError, match=r"x\+never.*make formulas"):
        mathml("x+never")
    with pytest.raises(GradusError, match="never"):
        unicode_text("x+never")
    with pytest.raises(GradusError, match="never"):
        prose_html("where $x+never$ holds")


def test_prose(shipped):
    latex = r"H(p) = -\sum_{i} p_i \log_b p_i"
    html = prose_html(f"<b>A & B</b>: ${latex}$, call `f(x < 1)`, costs \\$5")
    assert html.startswith("&lt;b&gt;A &amp; B&lt;/b&gt;: <math")
    assert html.endswith("</math>, call <code>f(x &lt; 1)</code>, costs $5")
    assert prose_text(f"so ${latex}$, call `f`") == "so H(p) = −Σ_{i} pᵢ log_b pᵢ, call f"
    assert prose_html("$a<b$ of a user", strict=False) == '<code class="latex">a&lt;b</code> of a user'
    assert prose_text("$a<b$ of a user", strict=False) == "a<b of a user"
    assert "display=" in prose_html(f"$${latex}$$")


def test_formulas_are_found_however_deep():
    texts = list(texts_in({"a": [Text("x", "y")], "b": (Text("u", "v"),)}))
    assert texts == [Text("x", "y"), Text("u", "v")]
