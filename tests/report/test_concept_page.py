"""A page alone: its order, what is folded, its one script, and how implementations are called."""

import base64
import hashlib
import json
import re

import pytest

from gradus.catalogue import concept
from gradus.page.evidence import bound, identical, near, roundoff
from gradus.page.prose import SECTIONS, prose_of
from gradus.report.article import ORDER
from gradus.report.call import call_of
from gradus.report.concept_page import page_html
from gradus.report.fold import margin
from gradus.report.questions import questions
from gradus.text import Text
from gradus.verify import Report, judge
from gradus.verify.evidence_cache import recalled, remember
from gradus.verify.runner import MutantResult

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def attention():
    return concept("attention")


@pytest.fixture(scope="module")
def evidence(attention):
    from gradus.frameworks import adapt

    adapted = adapt(attention, attention.implementations[0])
    claims = [attention.claims[name] for name in ("rows-sum-to-one", "causal-mask-leaks-nothing")]
    mutants = [MutantResult(attention, m, (), 0.0) for m in attention.mutants.values()]
    return Report(tuple(judge(attention, claim, adapted) for claim in claims), tuple(mutants))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_alone_speaks_of_no_sliders(attention, evidence, lang):
    html = page_html(attention, lang, evidence)
    words = re.sub(r"<(style|script)[^>]*>.*?</\1>", "", html, flags=re.DOTALL)
    assert not re.search("slider|滑块", words)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sections_stand_in_the_order_in_which_they_are_read(attention, evidence, lang):
    html = page_html(attention, lang, evidence)
    sections = re.findall(r'<h2 id="([a-z-]+)"', html)
    assert sections == [name for name in ORDER if name in sections]
    assert {
        "why",
        "statement",
        "derivation",
        "by-hand",
        "figure",
        "definition",
        "exercises",
        "evidence",
    } <= set(sections)
    for name, title in SECTIONS.items():
        assert (name in sections) == (name in prose_of(attention, lang).sections)
        assert name not in sections or f'href="#{name}">{title.get(lang)}</a>' in html


def test_a_page_without_prose_has_the_other_sections(attention, evidence, monkeypatch):
    from gradus.report import article

    monkeypatch.setattr(article, "prose_of", lambda *_: None)
    sections = re.findall(r'<h2 id="([a-z-]+)"', page_html(attention, "en", evidence))
    assert sections == ["statement", "figure", "definition", "in-practice", "errata", "evidence", "sources"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_evidence_is_folded_into_one_line(attention, evidence, lang):
    html = page_html(attention, lang, evidence)
    fold = html[html.index('<details class="fold">') :]
    line = {"en": "2 claims hold, 9 wrong variants caught", "zh": "2 条断言成立，识破 9 个错误的变异体"}[lang]
    assert line in fold[: fold.index("</summary>")]
    assert (
        "<details open" not in html and attention.claims["rows-sum-to-one"].statement.get(lang)[:20] in fold
    )


def test_the_one_script_is_the_one_that_the_policy_names(attention, evidence):
    html = page_html(attention, "en", evidence)
    [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert not re.search(r'\son\w+="|(?:src|href)="(?!#|https://|data:)', html)


def test_an_exercise_carries_what_judges_it_and_what_is_said(attention):
    made = {q.name: q for q in questions(attention, prose_of(attention, "en"), lambda text: text)}
    assert list(made) == list(attention.exercises)
    judged = json.loads(made["variance"].judged_by)
    tolerances = {"tolerance": 0.005, "rounding": 0.005}
    assert judged == {"answer": 8.0, **tolerances, "mistakes": {"no_root": 64.0, "width_only": 4.0}}
    assert made["variance"].answer == "8" and [r.name for r in made["variance"].remarks] == [
        "no_root",
        "width_only",
    ]
    assert json.loads(made["permute"].judged_by) == {"answer": "changes"}
    assert made["permute"].answer == made["permute"].remarks[1].words
    assert made["permute"].remarks[0].why.startswith("If only the keys")


@pytest.mark.parametrize(
    ("key", "number", "lines"),
    [
        ("attention", 0, ["from torch.nn.functional import scaled_dot_product_attention", "",
                          "scaled_dot_product_attention(Q, K, V, is_causal=causal, scale=scale)"]),
        ("attention", 1, ["from gradus.networks.attention import online_attention", "", "online_attention(Q, K, V, causal, scale)"]),
        ("pca", 0, ["from sklearn.decomposition import PCA", "", "fitted = PCA(n_components=k, svd_solver='full').fit(X)",
                    "fitted.mean_, fitted.components_, fitted.explained_variance_"]),
        ("adam", 0, ["from torch.optim import Adam"]),  # the bridge to trajectories is no call that a reader would write
        ("normal", 0, ["from torch.distributions import Normal"]),
    ],
)  # fmt: skip
def test_implementations_are_shown_as_calls(key, number, lines):
    page = concept(key)
    assert call_of(page, page.implementations[number]).splitlines() == lines


def test_every_call_is_python():
    from gradus.catalogue import load

    for page in load():
        for implementation in page.implementations:
            compile(call_of(page, implementation), page.key, "exec")


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (identical([1], [1]), "exactly"),
        (roundoff([1.0], [1.0], scale=1.0), "0\u202f% of the tolerance used"),
        (near(1.25, 1.0, 0.5, Text("", "")), "50\u202f% of the tolerance used"),
        (bound(3.0, 4.0), "reaches 75\u202f% of the bound"),
        (bound(4.0, 1.0, "≥"), "reaches 25\u202f% of the bound"),
        (bound(1e-9, 4.0), "reaches < 0.1\u202f% of the bound"),
        (bound(1.0, 0.0, "≥"), ""),
        (bound(-1e-16, -1e-14, "≥"), ""),
        (near(float("inf"), 1.0, 0.5, Text("", "")), ""),
    ],
)
def test_margins_are_said_in_words(evidence, words):
    assert margin(evidence).en == words


def test_evidence_that_was_kept_is_shown_as_it_was_measured(attention, evidence, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    assert recalled(attention) is None
    remember(evidence)
    kept = recalled(attention)
    assert [r.evidence for r in kept.results] == [r.evidence for r in evidence.results]
    assert [r.claim for r in kept.results] == [r.claim for r in evidence.results]
    assert [(m.mutant.name, m.caught) for m in kept.mutants] == [
        (m.mutant.name, m.caught) for m in evidence.mutants
    ]
    assert page_html(attention, "zh", kept) == page_html(attention, "zh", evidence)


def test_a_page_alone_has_its_figure_for_a_phone_too(attention, evidence):
    html = page_html(attention, "en", evidence)
    assert html.count('class="drawing broad"') == html.count('class="drawing narrow"') == 1
    assert 'id="attention-figure' in html
    assert 'id="attention-narrow-figure' in html
