"""A report is one sound, self-contained HTML file in both languages, and nothing in it can run."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from small_report import HOSTILE, concept, make_figures, make_run, read, results_of

from gradus.report import (
    Layer,
    Picture,
    Series,
    gradient_norms,
    loss_curves,
    report_html,
    words,
    write_report,
)
from gradus.report import page as page_module
from gradus.text import CONCEPT_KINDS, EVIDENCE_KINDS, Text
from gradus.verify import Result

pytestmark = pytest.mark.usefixtures("catalogue")


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
