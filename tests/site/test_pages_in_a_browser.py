"""What a reader does with the site, in Chromium, from disk: search, sliders, exercises, language, theme, keyboard, phone."""

import json
import re

import pytest

from gradus.catalogue import concept, entries
from gradus.cli import main
from gradus.errors import GradusError
from gradus.page.exercises import Exercise
from gradus.report.questions import judged_by
from gradus.site.assets import search_words
from tests.catalogue.test_search import (
    CHINESE,
    LATIN,
    MISSPELT,
    NONSENSE,
    PINYIN_WORDS,
    STUDENT,
    WITHOUT_A_PAGE,
)
from tests.site.small_site import KEYS

LANGUAGES = ("en", "zh")
OVERVIEWS = ("index", "roadmap", "routes", "timeline", "errata", "references")


@pytest.mark.parametrize(("lang", "words"), [("en", "self-attention"), ("zh", "zhuyili")])
def test_from_the_index_to_a_page_by_search(visit, lang, words):
    page = visit().open(f"{lang}/index.html")
    page.keyboard.press("/")
    page.keyboard.type(words)
    page.wait_for_selector("#search-results li")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"{lang}/attention\.html$"))
    assert page.locator("h1").inner_text() == concept("attention").title.get(lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_search_says_what_the_command_line_says_of_a_subject_without_a_page(visit, lang, capsys):
    page = visit().open(f"{lang}/index.html")
    page.evaluate(search_words(entries()))
    page.click("[data-open-search] >> nth=0")
    for words in ("word2vec", "token", "词向量"):
        page.fill("dialog input", words)
        assert main(["search", words, "--lang", lang]) == 0
        first, *rows = capsys.readouterr().out.splitlines()
        page.wait_for_function(
            "(said) => document.querySelector('.search-said').textContent === said", arg=first
        )
        links = page.locator("#search-results a").evaluate_all(
            "links => links.map((a) => a.getAttribute('href'))"
        )
        assert links == [f"{row.split()[0]}.html" for row in rows]


def test_a_search_says_what_is_no_word(visit):
    page = visit().open("en/index.html")
    page.click("[data-open-search] >> nth=0")
    page.fill("dialog input", "xyzzyplugh")
    page.wait_for_function("document.querySelector('.search-said').textContent.includes('try another word')")
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()


def test_the_search_of_the_page_is_that_of_the_command_line(visit):
    page = visit().open("en/index.html")
    page.evaluate(search_words(entries()))
    queries = [*LATIN, *CHINESE, *PINYIN_WORDS, *MISSPELT, *STUDENT, *WITHOUT_A_PAGE, *NONSENSE]
    found = page.evaluate(
        "(queries) => queries.map((q) => { const r = gradus.search(q); return [r.pages.map((p) => p.key), r.subject && r.subject.key]; })",
        queries,
    )
    for words, (keys, subject) in zip(queries, found, strict=True):
        expected, unwritten = entries().answer(words)
        assert (keys, subject) == ([e.key for e in expected], unwritten), words


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_slider_moves_the_picture_and_the_address_keeps_it(visit, lang):
    reader = visit()
    page = reader.open(f"{lang}/attention.html")
    before, caption = page.locator(".drawing").inner_html(), page.locator("figcaption").inner_text()
    slider = page.locator("input[name=scale]")
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_function("([was]) => document.querySelector('figcaption').innerText !== was", arg=[caption])
    assert page.locator(".drawing").inner_html() != before
    assert (
        page.evaluate("location.hash") == "#scale=20"
        and page.locator(".sliders output >> nth=0").inner_text() == "20"
    )
    moved = page.locator("figcaption").inner_text()
    page.locator("input[name=width]").focus()
    page.keyboard.press("Home")  # the other slider returns to its start
    assert slider.input_value() == slider.get_attribute("data-start")
    page.locator("input[name=width]").fill(page.locator("input[name=width]").get_attribute("data-start"))
    page.wait_for_function("([was]) => document.querySelector('figcaption').innerText === was", arg=[caption])
    again = reader.open(f"{lang}/attention.html#scale=20")
    again.wait_for_function("([is]) => document.querySelector('figcaption').innerText === is", arg=[moved])


def test_an_exercise_is_answered_wrongly_and_rightly(visit):
    page = visit().open("en/attention.html")
    first = page.locator("#exercise-variance")
    first.locator("input").fill("64")
    first.locator("button[type=submit]").click()
    assert first.locator(".judged").inner_text().startswith("✗")
    assert "standard deviation" in first.locator("[data-remark=no_root]").inner_text()
    first.locator("input").fill("banana")
    page.keyboard.press("Enter")
    assert "could not be read" in first.locator(".judged").inner_text()
    assert not first.locator("[data-remark=no_root]").is_visible()
    first.locator("input").fill("8.0")
    page.keyboard.press("Enter")
    assert first.locator(".judged").inner_text() == "✓ Right."
    assert first.locator(".solution").get_attribute("open") is not None
    second = page.locator("#exercise-permute")
    second.locator("button[type=submit]").click()
    assert "Choose one" in second.locator(".judged").inner_text()
    second.locator("input[value=permuted]").check()
    second.locator("button[type=submit]").click()
    assert second.locator("[data-remark=permuted]").is_visible()
    second.locator("input[value=changes]").check()
    second.locator("button[type=submit]").click()
    assert second.locator(".judged").inner_text() == "✓ Right."
    page.reload()
    assert "known" in page.locator("#exercise-variance").get_attribute("class")


ANSWERS = [
    "8", " 8.0 ", "8.03", "8.05", "16/2", "800 %", "800%", "8,", "(8)", "[8]", "１", "8e0", "−8", "+8", ".8e1", "8/0", "1e400", "64", "4",
    "1, 2; 3, 4", "1 2 ; 3 4", "1，2；3，4", "1, 2, 3, 4", "1, 2; 3", "", ";", "x", "1/2/3", "1 / 2", "inf", "nan", "0x8", "1_000", "0.5 1.5",
    "0.5; 1.5", "1.5;0.5", "0.5, 1.5", "1, 2", "1; 2", "50 %, 150 %", "-1/2 , 3", "1 %2", "8 8", "8;8",
]  # fmt: skip
EXERCISES = [
    Exercise("number", 8.0, {"square": 64.0, "half": 4.0}),
    Exercise("number", 0.0, {"one": 1.0}),
    Exercise("number", 8.0, {"rounded": 8.03, "halved": 4.001}, 1e-6),
    Exercise("array", [[1.0, 2.0], [3.0, 4.0]], {"transposed": [[1.0, 3.0], [2.0, 4.0]]}),
    Exercise("array", [0.5, 1.5], {"swapped": [1.5, 0.5]}),
    Exercise("array", [1.0], {}),
    Exercise("array", [[0.5], [1.5]], {"swapped": [[1.5], [0.5]]}),
]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_page_judges_as_the_command_line_does(visit, exercise):
    page = visit().open("en/attention.html")
    graded = page.evaluate(
        "([kind, judge, answers]) => answers.map((a) => gradus.grade(kind, judge, a))",
        [exercise.kind, json.loads(judged_by(exercise)), ANSWERS],
    )
    for answer, got in zip(ANSWERS, graded, strict=True):
        try:
            expected = vars(exercise.grade(answer))
        except GradusError:
            expected = None
        assert got == expected, answer


def test_the_language_toggle_keeps_the_place_and_the_theme_stays(visit):
    page = visit(color_scheme="light").open("en/attention.html")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.click("button.theme")
    dark = page.evaluate(paper)
    assert dark != light
    page.evaluate("document.getElementById('by-hand').scrollIntoView()")
    page.evaluate("document.querySelector('a.language').click()")  # a click of the driver scrolls first
    page.wait_for_url(re.compile(r"zh/attention\.html#by-hand$"))
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.evaluate(paper) == dark
    page.click("button.theme")
    assert page.evaluate(paper) == light


def test_folded_evidence_opens_where_an_address_points_into_it(visit):
    page = visit().open("en/attention.html#claim-rows-sum-to-one")
    assert page.locator("details.fold").get_attribute("open") is not None
    assert page.locator("#claim-rows-sum-to-one").is_visible()


def test_code_is_copied(visit):
    reader = visit()
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.open("en/attention.html")
    page.locator(".copyable").first.hover()
    page.locator(".copy").first.click()
    page.wait_for_function("document.querySelector('.copy').textContent === document.body.dataset.copied")
    assert page.evaluate("navigator.clipboard.readText()").strip() == concept("attention").source_code.strip()


def test_arrows_turn_the_page(visit):
    page = visit().open("en/attention.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(r"en/softmax\.html$"))
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"en/attention\.html$"))


def test_the_roadmap_shows_what_leads_to_a_concept(visit):
    page = visit().open("en/roadmap.html")
    page.hover(".chip#attention")
    assert "below" in page.locator(".chip#softmax").get_attribute("class")
    page.hover(".chip#softmax")
    assert "above" in page.locator(".chip#attention").get_attribute("class")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_on_a_phone_the_roadmap_leaves_what_belongs_to_the_concept_that_is_tapped(visit, lang):
    page = visit(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True).open(
        f"{lang}/roadmap.html"
    )
    assert not page.locator(".tapped").is_visible()
    page.tap(".chip#attention")
    assert page.url.endswith("roadmap.html")
    assert page.locator(".chip#softmax").is_visible() and not page.locator(".chip#entropy").is_visible()
    panel = page.locator(".tapped")
    assert re.findall(r"\d+", panel.locator("p").inner_text()) == ["1", "0"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    panel.locator("button").tap()
    assert page.locator(".chip#entropy").is_visible() and not panel.is_visible()
    page.tap(".chip#attention")
    panel.locator("a").tap()
    page.wait_for_url(re.compile(rf"{lang}/attention\.html$"))


@pytest.mark.parametrize("width", [400, 1100])
def test_a_wide_symbol_is_not_cut(visit, width):
    page = visit(viewport={"width": width, "height": 800}).open("en/attention.html")
    wide = page.evaluate(
        """() => {
          const row = document.querySelector("dl.symbols > div"), symbol = row.querySelector("dt");
          symbol.textContent = "a symbol of ten letters";
          const overlap = symbol.getBoundingClientRect().right - row.querySelector("dd").getBoundingClientRect().left;
          return [symbol.scrollWidth - symbol.clientWidth, overlap];
        }"""
    )
    assert wide[0] <= 0 and wide[1] <= 0


FILES = [f"{lang}/{name}.html" for lang in LANGUAGES for name in (*KEYS, *OVERVIEWS)]


@pytest.mark.parametrize("width", [400, 1100])
def test_no_page_scrolls_sideways(visit, width):
    reader = visit(viewport={"width": width, "height": 800})
    for file in ("index.html", *FILES):
        page = reader.open(file)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        page.wait_for_timeout(50)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, file


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    reader = visit(
        watched=False, color_scheme=scheme
    )  # it asks for the style sheets again, which the pages refuse
    for file in ("en/attention.html", "zh/attention.html", *(f"en/{name}.html" for name in OVERVIEWS)):
        page = reader.open(file)
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        violations = axe.run(page).response["violations"]
        serious = [
            (v["id"], v["nodes"][0]["html"][:120])
            for v in violations
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], file
