"""A report is one sound, self-contained HTML file in both languages, and nothing in it can run."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from gradus.catalogue import Catalogue
from gradus.errors import GradusError
from gradus.numbers import typeset
from gradus.page import Concept, Symbol
from gradus.page.evidence import bound, identical, roundoff, statistical
from gradus.report import (
    DataSummary,
    Layer,
    Picture,
    RunSummary,
    Series,
    accuracy_curves,
    confusion_matrix,
    dossier,
    environment,
    feature_maps,
    filters,
    gradient_norms,
    layers_of,
    loss_curves,
    report_html,
    words,
    write_report,
    wrong_images,
)
from gradus.report import page as page_module
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, SMALLEST_CASE, Text
from gradus.verify import MutantResult, Report, Result
from gradus.verify.counterexamples import SHRUNK, Counterexample

VOID = {"meta", "img", "br", "link", "hr", "input", "col"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&"


class Reader(HTMLParser):
    """Checks that elements are balanced, and collects what the tests ask for."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.faults, self.ids, self.tags = [], [], [], []
        self.text, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if "id" in dict(attributes):
            self.ids.append(dict(attributes)["id"])
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if "id" in dict(attributes):
            self.ids.append(dict(attributes)["id"])

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in ("style", "script"):
            self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.faults and not reader.stack, (reader.faults[:3], reader.stack)
    return reader


def concept(key, area, **more):
    made = Concept(
        key=key,
        kind="definition",
        title=Text(f"The {key}", f"{key}概念"),
        summary=Text("What it says.", "它说了什么。"),
        formulas=(),
        symbols=(),
        needs=(),
        source="",
        year=2000,
        people=("A. Author",),
        unverified=(Text("never measured", "从未测量"),),
        **more,
    )
    made.area = area

    @made.claim(Text("always right", "总是正确"))
    def always_right(f, rng):
        return identical(1, 1)

    @made.claim(Text("near enough", "足够接近"))
    def near_enough(f, rng):
        return roundoff(1.0 + 1e-16, 1.0)

    @made.mutant(Text("wrong sign", "符号错误"), caught_by=["always-right"])
    def wrong_sign(x):
        return -x

    made.erratum("E1", Text("a", "甲"), Text("b", "乙"), Text("c", "丙"), claims=("always-right",))
    return made


def results_of(c, evidence=None):
    rows = []
    for claim in c.claims.values():
        measured = evidence or claim.measure(None, None)
        rows.append(
            Result(
                c,
                claim,
                "module:name",
                "holds" if measured.holds else "fails",
                measured,
                Text("", ""),
                7,
                0.1,
            )
        )
    return rows


@pytest.fixture(scope="module")
def parts():
    return [concept(f"part-{i}", "foundations") for i in range(3)]


@pytest.fixture(scope="module")
def system(parts):
    made = concept("net", "vision")
    made.needs = tuple(c.key for c in parts)
    return made


@pytest.fixture(scope="module", autouse=True)
def catalogue(parts, system):
    """A small catalogue in place of the real one."""
    known = Catalogue({c.key: c for c in [*parts, system]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_module, "load", lambda: known)
        yield known


@pytest.fixture(scope="module")
def evidence(parts, system):
    mutants = [MutantResult(c, m, (), 0.1) for c in [system, *parts] for m in c.mutants.values()]
    return Report(tuple(r for c in [*parts, system] for r in results_of(c)), tuple(mutants))


@pytest.fixture(scope="module")
def run():
    return make_run(("0", "1", "2"))


def make_run(classes, **more):
    return RunSummary(
        layers=[Layer("conv", "Conv2d(1, 6)", (6, 8, 8), 156), Layer("out", "Linear(384, 3)", (3,), 1155)],
        data=DataSummary(
            Text("Digits", "手写数字"),
            "a source",
            "CC BY 4.0",
            (1, 8, 8),
            tuple(classes),
            {"train": 1437, "test": 360},
        ),
        settings={
            "optimizer": "Adam",
            "learning_rate": 1e-3,
            "own_setting": [1, 2.5],
            "compile": False,
            "clip_norm": None,
        },
        metric="accuracy",
        scores={0: 0.98, 1: 0.99},
        target=0.98,
        seconds={"training": 12.3},
        environment={"python": "3.11", "processor": "a processor"},
        command="gradus run lenet",
        finished="2026-01-02T03:04:05Z",
        **more,
    )


def make_figures(classes):
    rng = np.random.default_rng(0)
    x = [1, 2, 3, 4]
    train, test = Text("training", "训练"), Text("test", "测试")
    images = rng.random((5, 1, 8, 8))
    return [
        loss_curves([Series(train, x, [2.0, 1.0, 0.5, 0.1]), Series(test, x, rng.random((3, 4)))]),
        accuracy_curves([Series(train, x, [0.5, 0.7, 0.8, 0.99])], target=0.98),
        confusion_matrix([[5, 1, 0], [0, 6, 0], [0, 2, 4]], classes),
        wrong_images(images, [0, 1, 2, 0, 1], [1, 2, 0, 2, 0], rng.random(5), classes),
        filters(rng.standard_normal((6, 1, 5, 5)), "conv"),
        feature_maps(
            images[0], {"conv": rng.standard_normal((6, 8, 8)), "relu": rng.random((4, 4, 4))}, classes[0]
        ),
        gradient_norms(x, {"conv": [1e-3, 1.0, 0.1, 0.2], "out": [1.0, 0.5, 0.4, 1e-6]}),
    ]


@pytest.fixture(scope="module", params=["en", "zh"])
def lang(request):
    return request.param


@pytest.fixture(scope="module")
def html(system, run, evidence, lang):
    return report_html(system, run, evidence, make_figures(run.data.classes), lang)


def test_balanced_with_unique_names_and_whole_links(html):
    reader = read(html)
    assert len(reader.ids) == len(set(reader.ids))
    inner = {a["href"][1:] for tag, a in reader.tags if tag == "a" and a["href"].startswith("#")}
    assert inner and inner <= set(reader.ids)


def test_nothing_is_loaded_and_nothing_runs(html):
    reader = read(html)
    for tag, attributes in reader.tags:
        assert tag not in ("script", "iframe", "object", "embed", "link", "base", "form")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            value = attributes.get(name) or ""
            local = value.startswith(("data:image/png;base64,", "#")) or not value
            assert local or (tag == "a" and name == "href" and value.startswith("https://")), (
                tag,
                name,
                value[:60],
            )
    for address in re.findall(r"url\(([^)]{0,30})", html):
        assert address.startswith(("data:font/woff2;base64", "#"))
    assert "@import" not in html
    policy = next(a["content"] for tag, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "script" not in policy


def test_every_picture_says_what_it_shows(html):
    reader = read(html)
    pictures = [(tag, a) for tag, a in reader.tags if tag in ("img", "svg")]
    assert len(pictures) > 20
    for tag, attributes in pictures:
        assert attributes.get("alt") or attributes.get("aria-label"), tag
    assert sum(tag == "figure" for tag, _ in reader.tags) == 7
    assert sum(tag == "figcaption" for tag, _ in reader.tags) == 7


def test_headings_and_tables_are_in_order(html, lang):
    reader = read(html)
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert all("scope" in a or a.get("class") == "corner" for tag, a in reader.tags if tag == "th")
    root = next(a for tag, a in reader.tags if tag == "html")
    assert root["lang"] == ("en" if lang == "en" else "zh-Hans")


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


def test_chinese_page_holds_no_english_of_ours(system, run, evidence):
    text = "".join(read(report_html(system, run, evidence, make_figures(run.data.classes), "zh")).text)
    for table in (words.WORDS, CONCEPT_KINDS, EVIDENCE_KINDS, words.JUDGEMENTS):
        for key, said in table.items():
            long = " " in said.en
            assert not long or said.en not in text, key
    figures = make_figures(run.data.classes)
    for picture in figures:
        assert picture.caption.en not in text


def test_every_word_is_said_in_both_languages():
    tables = (words.WORDS, CONCEPT_KINDS, words.JUDGEMENTS, EVIDENCE_KINDS, words.SETTINGS)
    for table in tables:
        for key, said in table.items():
            assert said.en.strip() and said.zh.strip(), key
    for table in (words.WORDS, CONCEPT_KINDS, words.JUDGEMENTS, EVIDENCE_KINDS):
        for key, said in table.items():
            assert re.search("[\u4e00-\u9fff]", said.zh), key
    assert words.JUDGEMENTS.keys() == EVIDENCE_KINDS.keys()
    from gradus.page import ConceptKind
    from gradus.page.evidence import Kind

    assert set(Kind.__args__) == words.JUDGEMENTS.keys()
    assert set(ConceptKind.__args__) == CONCEPT_KINDS.keys()


def test_templates_use_known_words_and_no_others_are_left_over():
    folder = page_module.HERE / "templates"
    code = "".join(p.read_text(encoding="utf-8") for p in sorted(folder.glob("*.html")))
    code += (page_module.HERE / "page.py").read_text(encoding="utf-8")
    calls = " ".join(re.findall(r"(?:say|said|mark)\(([^)]*)\)", code))
    used = {"holds", "fails", "skipped", "unverified", *re.findall(r"""["']([a-z-]+)["']""", calls)}
    assert set(words.WORDS) <= used, "words that no template says"
    prose = re.sub(
        r"{[%{#].*?[%}#]}|<[^>]*>",
        " ",
        "".join(p.read_text() for p in folder.glob("*.html")),
        flags=re.DOTALL,
    )
    prose = re.sub(r"&\w+;|@font-face.*", " ", prose)
    assert not re.findall(r"[A-Za-z]{2,}", prose), "words stand in a template outside the dictionary"


def test_hostile_names_stay_text(system, evidence):
    hostile = (HOSTILE, "b", "c")
    run = make_run(hostile)
    run = replace(
        run,
        layers=[Layer(HOSTILE, HOSTILE, (1,), 1)],
        settings={HOSTILE: HOSTILE},
        environment={HOSTILE: HOSTILE},
        command=HOSTILE,
        finished=HOSTILE,
        data=replace(
            run.data, title=Text(HOSTILE, HOSTILE), source=HOSTILE, licence=HOSTILE, citation=HOSTILE
        ),
        seconds={HOSTILE: 1.0},
        metric=HOSTILE,
    )
    bad = Result(
        system, next(iter(system.claims.values())), HOSTILE, "fails", None, Text(HOSTILE, HOSTILE), 1, 0.1
    )
    figures = make_figures(hostile)
    figures.append(loss_curves([Series(Text(HOSTILE, HOSTILE), [1, 2], [1.0, 2.0])]))
    figures.append(gradient_norms([1, 2], {HOSTILE: [1.0, 2.0]}))
    figures.append(
        Picture(f"<svg><text>x</text><script>{1}</script></svg>", Text(HOSTILE, ""), Text(HOSTILE, HOSTILE))
    )
    html = report_html(system, run, [bad], figures, "en", title=Text(HOSTILE, HOSTILE))
    reader = read(html)
    for tag, attributes in reader.tags:
        assert tag != "script"
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("src", "data:").startswith("data:")


def test_same_bytes_each_time_and_small(system, run, evidence, lang, tmp_path):
    first = write_report(
        tmp_path / "a" / "report.html", system, run, evidence, make_figures(run.data.classes), lang
    )
    second = write_report(tmp_path / "b.html", system, run, evidence, make_figures(run.data.classes), lang)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 3_000_000
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["report.html"]


def test_sixty_concepts_stay_small(run):
    many = [concept(f"c{i}", ["foundations", "networks", "optimization"][i % 3]) for i in range(60)]
    rows = [r for c in many for _ in range(5) for r in results_of(c)]
    html = report_html(None, None, rows, (), "en")
    assert len(html.encode()) < 3_000_000
    assert html.count('<details class="concept"') == 60


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


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_from_the_paper(scheme):
    style = (page_module.HERE / "templates" / "style.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", style)
    colours = {name: pair[scheme] for name, *pair in pairs}
    paper = luminance(colours["paper"])
    names = ["ink", "soft", "accent", "good", "bad", "idle", *(f"series-{i}" for i in range(1, 9))]
    for name in names:
        high, low = sorted([luminance(colours[name]), paper], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, f"{name} {colours[name]}"  # WCAG 2.2, level AA


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
