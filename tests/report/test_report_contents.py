"""What a report says: what was trained and measured, what failed, what one concept is; and what is refused."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from small_report import HOSTILE, concept, read, results_of

from gradus.catalogue import Catalogue
from gradus.errors import GradusError
from gradus.numbers import typeset
from gradus.page import Symbol
from gradus.page.evidence import bound, statistical
from gradus.report import RunSummary, dossier, environment, layers_of, report_html, write_report
from gradus.report import page as page_module
from gradus.report.sentences import evidence_sentence
from gradus.text import SMALLEST_CASE, Text
from gradus.verify import MutantResult, Report, Result
from gradus.verify.counterexamples import SHRUNK, Counterexample

pytestmark = pytest.mark.usefixtures("catalogue")


def test_says_what_was_trained_and_what_was_measured(html, lang):
    text = " ".join("".join(read(html).text).split())
    for part in (
        "Conv2d(1, 6)",
        "CC BY 4.0",
        "6 × 8 × 8",
        "98.50",
        "own setting",
        "gradus run lenet",
        "always-right",
    ):
        assert part in text, part
    assert "1\u202f311" in "".join(read(html).text)  # parameters in total
    if lang == "en":
        assert "4 concepts, 8 claims hold, none fail, 4 of 4 deliberately wrong variants caught" in text
        assert text.count("unverified") >= 4
    else:
        assert "4 个概念，8 条断言成立，0 条不成立，4 个故意写错的变异体中 4 个被识破" in text


def test_verification_alone(evidence, lang):
    reader = read(report_html(evidence=evidence, lang=lang))
    assert "model" not in reader.ids and "evidence" in reader.ids
    assert "part-0" in reader.ids


def test_failures_are_shown_as_such(system):
    lost = bound(2.0, 1.0)
    mutant = next(iter(system.mutants.values()))
    rows = results_of(system, lost)
    html = report_html(None, None, rows, mutants=[MutantResult(system, mutant, ("always-right",), 0.1)])
    text = "".join(read(html).text)
    assert "2 fail" in text and "but not by" in text and "✗" in text
    skipped = Result(
        system, rows[0].claim, "m:f", "skipped", None, Text("it has no gradient", "没有梯度"), 1, 0.0
    )
    text = "".join(read(report_html(None, None, [skipped])).text)
    assert "does not apply" in text and "it has no gradient" in text
    assert dossier([system], [skipped]).state == "unverified"


def test_all_that_the_system_needs_is_listed_measured_or_not(system):
    facts = dossier([system], [])
    assert facts.entries[0].state == "unverified" and facts.totals["concepts"] == 1
    text = "".join(read(report_html(system)).text)
    assert text.count("No claim of this concept was measured") == 4
    own = replace_key(system, "a user's own system")
    reader = read(report_html(own))
    assert "part-2" in reader.ids and own.key in reader.ids


def replace_key(system, key):
    own = concept(key, "vision")
    own.needs = system.needs
    return own


def test_evidence_from_samples_shows_its_tolerance():
    shown = statistical(np.random.default_rng(0).standard_normal(100), 0.0)
    assert page_module._shows_tolerance(shown)
    assert not page_module._shows_tolerance(bound(0.5, 1.0))
    shown = statistical(1.3997, 1.4003, standard_error=0.002)
    assert typeset(shown.measured, page_module._digits(shown)) == "1.3997"
    assert page_module._digits(bound(2.0, 0.0)) == 4
    assert page_module._capital("a batch") == "A batch" and page_module._capital("p is small") == "p is small"


def test_run_goes_through_json(run):
    back = RunSummary.from_dict(json.loads(json.dumps(run.as_dict())))
    assert back.as_dict() == run.as_dict()
    assert back.holds and back.mean == pytest.approx(0.985) and back.parameters == 1311
    assert not replace(run, target=0.999).holds
    assert replace(run, target=0.999, relation="≤").holds


def test_mistakes_are_named(run, tmp_path):
    with pytest.raises(GradusError, match="en or zh, got 'fr'"):
        report_html(lang="fr")
    incomplete = run.as_dict()
    del incomplete["data"]
    with pytest.raises(GradusError, match="'data' is missing"):
        RunSummary.from_dict(incomplete)
    with pytest.raises(GradusError, match="unknown"):
        RunSummary.from_dict({**run.as_dict(), "unknown": 1})
    with pytest.raises(GradusError, match="at least one seed"):
        RunSummary.from_dict({**run.as_dict(), "scores": {}})
    (tmp_path / "file").write_text("")
    with pytest.raises(GradusError, match="cannot write"):
        write_report(tmp_path / "file" / "report.html", run=run)


def test_layers_of_a_network():
    import torch

    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 5), torch.nn.Dropout(), torch.nn.Flatten(), torch.nn.Linear(96, 10)
    )
    net[1].train(False)
    rows = layers_of(net, torch.zeros(2, 1, 8, 8))
    kinds = [
        "Conv2d(1, 6, kernel_size=(5, 5))",
        "Dropout",
        "Flatten",
        "Linear(in_features=96, out_features=10)",
    ]
    assert [row.kind for row in rows] == kinds
    assert [row.shape for row in rows] == [(6, 4, 4), (6, 4, 4), (96,), (10,)]
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in net.parameters())
    assert net.training and not net[1].training and not net[0]._forward_hooks


def test_environment_names_versions_and_machine():
    found = environment()
    assert {"python", "torch", "numpy", "processor", "cores"} <= found.keys()


def test_symbols_and_formulas_come_compiled(monkeypatch):
    from gradus.catalogue.formulas import compiled as formulas

    data = {"display": {"x^2": "<math><mi>D</mi></math>"}, "inline": {"x": "<math><mi>I</mi></math>"}}
    monkeypatch.setattr(formulas, "_compiled", lambda: data)
    c = concept("square", "foundations")
    c.formulas, c.symbols = ("x^2",), (Symbol("x", "x", "", Text("a number, not $y$", "一个数，不是 $y$")),)
    html = report_html(None, None, results_of(c))
    assert "<math><mi>D</mi></math>" in html and "<math><mi>I</mi></math>" in html
    assert '<code class="latex">y</code>' in html


def test_page_of_one_concept(parts, evidence, monkeypatch, lang):
    from gradus.page.figures import Drawing, canvas
    from gradus.report import article, concept_page

    made = concept("alone", "foundations")
    made.source, made.needs = "vaswani2017attention", ("part-0",)

    @made.definition
    def alone(x):
        return x if x < 1 else "<b>"

    @made.figure()
    def figure():
        drawn, ax = canvas()
        ax.plot([0, 1])
        return Drawing(drawn, Text("a line that rises", "一条上升的线"))

    known = Catalogue({c.key: c for c in parts})
    monkeypatch.setattr(article, "entries", lambda: known)
    html = concept_page.page_html(made, lang, Report(tuple(results_of(made))))
    reader = read(html)
    assert 'return x if x < 1 else "<b>"' in "".join(reader.text)
    assert [tag for tag, _ in reader.tags if tag in ("script", "link", "iframe")] == ["script"]
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert all(b <= a + 1 for a, b in pairwise([1, *levels]))
    inner = {a["href"][1:] for tag, a in reader.tags if tag == "a" and a["href"].startswith("#")}
    assert inner <= set(reader.ids) and len(reader.ids) == len(set(reader.ids))


def test_formulas_of_a_users_own_concept_are_shown_as_latex():
    c = concept("own", "foundations")
    c.formulas = (r"\text{<never compiled>}",)
    assert '<code class="latex">\\text{&lt;never compiled&gt;}</code>' in report_html(
        None, None, results_of(c)
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_remarks_and_the_smallest_counterexample_are_shown_as_on_the_terminal(lang):
    c = concept("own", "foundations")
    rows = (
        (Text("x", "x"), Text("[1.]", "[1.]")),
        (Text("definition", "定义"), Text("<2.>", "<2.>")),
        (Text("implementation", "实现"), Text(HOSTILE, HOSTILE)),
    )
    remark = Text(f"judged as NumPy {HOSTILE}", f"按 NumPy 评判 {HOSTILE}")
    report = Report(tuple(results_of(c)), (), ((c, Counterexample(SHRUNK, rows)),), (remark,))
    html = report_html(evidence=report, lang=lang)
    text = " ".join(read(html).text)
    assert remark.get(lang) in text
    assert SMALLEST_CASE.get(lang) in text.replace("Smallest", "smallest")
    assert SHRUNK.get(lang) in text
    for name, value in rows:
        assert name.get(lang) in text
        assert value.get(lang) in text
    assert "<script>" not in html
    assert SMALLEST_CASE.get(lang) not in report_html(evidence=list(report.results), lang=lang)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", "29 concepts, whose claims were not verified this time."),
        ("zh", "所依据的 29 个概念：本次未验证其断言。"),
    ],
)
def test_a_report_without_verification_does_not_speak_of_claims_that_hold(lang, words):
    totals = dict.fromkeys(("holds", "fails", "skipped", "mutants", "caught", "errata"), 0)
    assert evidence_sentence(totals | {"concepts": 29, "unverified": 2}, lang) == words
