"""The build writes only into its folder, makes again only what has changed, and survives being killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gradus.catalogue import entries
from gradus.cli import main
from gradus.errors import GradusError
from gradus.report.formula_parts import formula_parts
from gradus.site import build_site, dependencies
from gradus.site.layout import TEMPLATES
from gradus.site.manifest import NAME, open_site
from gradus.site.plan import Part, chosen, depths, parts, reading_order
from gradus.site.words import OWN, WORDS
from tests.site.links import Page, dead_links
from tests.site.small_site import KEYS

MOST = 250_000  # bytes of a page without its frames


def build(folder, keys=KEYS):
    return build_site(folder, keys, processes=1, measure=False, show=False)


@pytest.fixture
def copy(site, tmp_path):
    folder = tmp_path / "site"
    shutil.copytree(site, folder)
    return folder


def test_all_links_and_anchors_resolve(site):
    assert dead_links(site) == []


def test_every_page_is_small(site):
    for file in site.rglob("*.html"):
        assert file.stat().st_size <= MOST, file.name


def test_every_page_is_there_in_both_languages_and_leads_to_the_other(site):
    for key in KEYS:
        for lang, other in (("en", "zh"), ("zh", "en")):
            page = Page((site / lang / f"{key}.html").read_text(encoding="utf-8"))
            assert (f"../{other}/{key}.html" in page.targets and "why" in page.ids) or key != "attention"


def test_nothing_is_made_again_that_has_not_changed(copy):
    times = {file: file.stat().st_mtime_ns for file in copy.rglob("*") if file.is_file()}
    built = build(copy)
    assert built.made == () and built.kept == 2 * len(KEYS) + 1
    assert times == {file: file.stat().st_mtime_ns for file in copy.rglob("*") if file.is_file()}


def test_a_file_that_is_gone_is_made_again(copy):
    (copy / "zh" / "entropy.html").unlink()
    assert build(copy).made == ("page entropy",)
    assert dead_links(copy) == []


def test_a_concept_that_is_gone_leaves_nothing(copy):
    built = build(copy, KEYS[:2])
    assert "en/attention.html" in built.removed and not (copy / "frames" / "attention.en.js").exists()
    assert dead_links(copy) == []


def test_what_a_page_is_made_from_decides(data, tmp_path, monkeypatch):
    """Its files, its evidence and the titles beside it; not another page, nor evidence of another."""
    catalogue = chosen(KEYS)
    pages = tmp_path / "concepts"
    shutil.copytree(dependencies.PAGES, pages)
    monkeypatch.setattr(dependencies, "PAGES", pages)
    made = [Part(kind, key) for kind in ("page", "frames") for key in KEYS]
    before = {part.name: dependencies.inputs(part, catalogue) for part in made}

    def changed():
        return {p.name for p in made if dependencies.inputs(p, catalogue) != before[p.name]}

    assert changed() == set()
    with (pages / "networks" / "attention.en.md").open("a", encoding="utf-8") as prose:
        prose.write("\n")
    assert changed() == {"page attention"}
    with (pages / "foundations" / "entropy.py").open("a", encoding="utf-8") as page:
        page.write("\n")
    assert changed() == {"page attention", "page entropy", "frames entropy"}
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "none"))
    assert changed() == {
        "page attention",
        "page entropy",
        "frames entropy",
    }  # attention's evidence is gone, too


def test_a_page_depends_on_the_formulas_that_it_uses(data):
    part, catalogue = Part("page", "entropy"), chosen(KEYS)
    row = {
        "formulas": list(dependencies.formula_digests())[:3],
        "references": ["shannon1948mathematical"],
        "links": ["kl"],
    }
    others = [{**row, "formulas": ["unknown"]}, {**row, "references": []}, {**row, "links": ["entropy"]}]
    digests = {dependencies.inputs(part, catalogue, r) for r in (row, *others)}
    assert len(digests) == 4 and dependencies.inputs(part, catalogue, dict(row)) in digests


@pytest.mark.parametrize("name", ["mine.txt", "en/mine.html", "deep/er/file"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path, name):
    file = tmp_path / "folder" / name
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(GradusError, match=re.escape(name)):
        build(tmp_path / "folder")
    assert [f for f in (tmp_path / "folder").rglob("*") if f.is_file()] == [file]


def test_a_file_beside_the_site_is_refused(copy):
    (copy / "mine.txt").write_text("mine")
    with pytest.raises(GradusError, match=r"mine\.txt"):
        build(copy)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "site").write_text("mine")
    with pytest.raises(GradusError, match="is a file"):
        build(tmp_path / "site")


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "{",
        "[]",
        '{"form": 1, "files": ["../../mine"], "parts": {}}',
        '{"form": 99, "files": [], "parts": {}}',
    ],
)
def test_a_manifest_that_is_not_ours_makes_nothing_ours(tmp_path, manifest):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    folder = tmp_path / "a" / "site"
    folder.mkdir(parents=True)
    (folder / NAME).write_text(manifest)
    site = open_site(folder)
    assert site.rows == {} and site.keep_only(set()) == [] and mine.read_text() == "mine"


def test_what_a_killed_build_has_left_is_taken_up(copy):
    manifest = json.loads((copy / NAME).read_text(encoding="utf-8"))
    del manifest["parts"]["page softmax"]
    (copy / NAME).write_text(json.dumps(manifest), encoding="utf-8")
    (copy / "en" / "softmax.html.123.tmp").write_text("half")
    assert build(copy).made == ("page softmax",)


def test_an_unknown_concept_is_said(tmp_path, capsys):
    assert main(["site", "build", str(tmp_path / "new"), "--only", "attenton"]) == 2
    assert "attention" in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_the_command_says_what_it_did(copy, capsys, data):
    assert main(["site", "build", str(copy), "--only", ",".join(KEYS), "--no-verify"]) == 0
    assert "nothing had changed" in capsys.readouterr().out
    (copy / "en" / "entropy.html").unlink()
    assert main(["site", "build", str(copy), "--only", ",".join(KEYS), "--no-verify", "--lang", "zh"]) == 0
    printed = "".join(capsys.readouterr().out.split())  # long paths are folded
    assert "生成1部分" in printed
    assert str(copy / "zh" / "index.html") in printed


def test_one_process_makes_what_two_have_made(copy):
    files = [f for part in (Part("page", "entropy"), Part("frames", "softmax")) for f in part.files]
    before = {file: (copy / file).read_bytes() for file in files}
    for file in files:
        (copy / file).unlink()
    assert set(build(copy).made) == {"page entropy", "frames softmax"}
    assert {file: (copy / file).read_bytes() for file in files} == before


@pytest.mark.skipif(os.name == "nt", reason="a signal ends the process there")
def test_a_build_that_is_interrupted_goes_on(data, tmp_path):
    command = [
        sys.executable,
        "-m",
        "gradus",
        "site",
        "build",
        str(tmp_path / "cut"),
        "--only",
        KEYS[0],
        "--no-verify",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "cut" / "en" / "index.html").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(build(tmp_path / "cut", KEYS[:1]).made) < 3
    assert dead_links(tmp_path / "cut") == []


def test_a_formula_is_parted_at_wide_spaces_outside_of_brackets():
    whole = '<math><mrow><mi>a</mi><mfrac><mrow><mi>b</mi><mspace width="2em"></mspace></mrow><mi>c</mi></mfrac></mrow></math>'
    assert formula_parts(whole) == [whole]
    assert formula_parts("<code>\\alpha</code><") == ["<code>\\alpha</code><"]
    two = '<math display="block"><mrow><mi>a</mi><mo>,</mo><mspace width="2em"></mspace><mi>b</mi></mrow></math>'
    assert formula_parts(two) == [
        '<math display="block"><mrow><mi>a</mi><mo>,</mo></mrow></math>',
        '<math display="block"><mrow><mi>b</mi></mrow></math>',
    ]


def test_each_concept_stands_below_what_it_needs_and_once_in_the_reading_order():
    catalogue = entries()
    steps = depths(catalogue)
    assert all(steps[e.key] > steps[need] for e in catalogue for need in e.needs)
    assert sorted(e.key for e in reading_order(catalogue)) == sorted(catalogue.concepts)
    files = [file for part in parts(catalogue) for file in part.files]
    assert len(files) == len(set(map(str.casefold, files)))


def test_the_site_says_nothing_outside_its_dictionary():
    code = "".join(p.read_text(encoding="utf-8") for p in sorted(TEMPLATES.glob("*.html")))
    words = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<!DOCTYPE html>|<[^>]*>|&\w+;", " ", code, flags=re.DOTALL)
    assert not re.findall(r"[A-Za-z\u4e00-\u9fff]{2,}", words)
    assert all(text.en and text.zh for text in WORDS.values())
    python = "".join(p.read_text(encoding="utf-8") for p in sorted(TEMPLATES.parent.glob("*.py")))
    used = set(re.findall(r"""["']([a-z-]+)["']""", code + python))
    assert set(OWN) <= used


@pytest.mark.slow
def test_the_whole_site(data, tmp_path):
    built = build_site(tmp_path / "all", processes=2, measure=False, show=False)
    assert len(built.made) == 2 * len(entries()) + 1
    assert dead_links(tmp_path / "all") == []
    assert {
        f.name: f.stat().st_size for f in (tmp_path / "all").rglob("*.html") if f.stat().st_size > MOST
    } == {}
    assert build_site(tmp_path / "all", measure=False, show=False).made == ()
