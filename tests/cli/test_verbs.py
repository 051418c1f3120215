"""Each verb does what its help says, in both languages."""

import ast
import json
import os
import re
import subprocess
import sys
import unicodedata
from xml.etree import ElementTree

import pytest

from gradus.catalogue import load
from gradus.cli import main
from gradus.cli.main import VERBS
from gradus.cli.verbs import TABLE


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("GRADUS_LANG", raising=False)
    return tmp_path


def said(capsys, *argv, status=0):
    assert main(list(argv)) == status
    return capsys.readouterr().out


def test_map_shows_every_concept_and_its_state(capsys):
    out = said(capsys, "map")
    for concept in load():
        assert re.search(rf"[○●✗◌]\s+{re.escape(concept.key)}\s", out), concept.key
    assert f"{len(load())} concepts" in out
    assert "Foundations" not in said(capsys, "map", "networks")


def columns(text):
    return sum(2 if unicodedata.east_asian_width(ch) in "WF" else 1 for ch in text)


def test_chinese_columns_align(capsys):
    out = said(capsys, "map", "networks", "--lang", "zh")
    starts = {
        columns(line[: line.index(" 条断言") - 2].rstrip("0123456789 ")) // 100
        for line in out.splitlines()
        if "条断言" in line and "─" in line
    }
    rows = [line for line in out.splitlines() if "─" in line]
    places = {columns(line[: re.search(r"\d+ 条断言", line).start()]) for line in rows}
    assert len(places) == 1, "the last column starts at one place"
    assert starts


@pytest.mark.parametrize(
    ("key", "lang"),
    [
        pytest.param(
            c.key, lang, marks=[pytest.mark.slow] if i % 2 != k else []
        )  # each in one language ordinarily
        for i, c in enumerate(load())
        for k, lang in enumerate(("en", "zh"))
    ],
)
def test_show_is_whole(capsys, key, lang):
    concept = load().get(key)
    out = said(capsys, "show", key, "--lang", lang)
    assert concept.title.get(lang) in out
    for line in concept.source_code.splitlines():
        assert f"\n{line.rstrip()}\n" in out, "the definition can be pasted as it stands"
    assert concept.implementations[0].path in out
    for name in concept.claims:
        assert name in out.replace("\n", "") or name in re.sub(r"\s+", " ", out)
    assert "$" not in re.sub(r"`[^`]*`", "", out.replace(concept.source_code, "")), (
        "LaTeX reached the terminal"
    )


def test_show_shows_what_was_measured_here(capsys):
    assert "not measured on this machine yet" in said(capsys, "show", "norm")
    said(capsys, "verify", "norm")
    out = said(capsys, "show", "norm")
    assert "not measured" not in out
    assert "✓" in out
    assert "held" in said(capsys, "map", "foundations")


def test_search_path_and_route(capsys):
    assert said(capsys, "search", "attenton").split()[0] == "attention"
    assert said(capsys, "search", "注意力", "--lang", "zh").split()[0] == "attention"
    steps = said(capsys, "path", "attention")
    assert steps.index("softmax") < steps.index("Scaled dot-product")
    assert (
        "softmax"
        not in said(capsys, "path", "attention", "--known", "softmax")
        .replace("attention", "")
        .split("\n", 2)[1]
    )
    assert "1. " in said(capsys, "path", "--route", "engineer")
    assert "目标" in said(capsys, "path", "--route", "mathematics", "--lang", "zh")


def test_timeline_and_errata(capsys):
    assert "2017" in said(capsys, "map", "--timeline")
    out = said(capsys, "map", "--errata")
    assert "E23" in out
    assert "normalised-once" in out


RIGHT = "import numpy as np\ndef attention(Q, K, V):\n    E = Q @ np.swapaxes(K, -1, -2) / np.sqrt(Q.shape[-1])\n    A = np.exp(E - E.max(-1, keepdims=True))\n    return A / A.sum(-1, keepdims=True) @ V\n"


def test_verify_takes_several_concepts_each_once(capsys):
    out = said(capsys, "verify", "norm", "entropy", "norm", status=0)
    assert "2 concepts" in out


def test_verify_a_right_numpy_implementation(capsys, own_folder):
    (own_folder / "mine.py").write_text(RIGHT)
    out = said(capsys, "verify", "attention", "--implementation", "mine.py:attention", status=0)
    assert "claims hold" in out
    assert "no argument 'causal'" in out


def test_verify_torch_itself(capsys, own_folder):
    (own_folder / "mine.py").write_text("from torch.nn.functional import scaled_dot_product_attention as f\n")
    assert " fail" not in said(capsys, "verify", "attention", "--implementation", "mine.py:f", status=0)
    spec = "torch.nn.functional:scaled_dot_product_attention"
    assert " fail" not in said(capsys, "verify", "attention", "--implementation", spec, status=0)


def test_verify_names_claim_and_smallest_case_when_the_scaling_is_left_out(capsys, own_folder):
    (own_folder / "mine.py").write_text(RIGHT.replace(" / np.sqrt(Q.shape[-1])", ""))
    out = said(capsys, "verify", "attention", "--implementation", "mine.py:attention", status=1)
    assert "scores-have-unit-variance" in out
    assert "smallest case" in out
    assert "seed" in out
    assert re.search(r"Q = \[\[", out)


def test_json_and_junit(capsys, own_folder):
    out = said(capsys, "verify", "norm", "--json", "--junit", "claims.xml")
    row = json.loads(out)
    assert row["holds"] is True
    assert row["counts"]["fails"] == 0
    assert {"concept", "claim", "verdict", "evidence", "seed"} <= set(row["results"][0])
    root = ElementTree.parse(own_folder / "claims.xml").getroot()
    suite = root.find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert suite.get("failures") == "0"


def test_practice_writes_a_file_that_fails_until_filled_in(capsys, own_folder):
    for key in [c.key for c in load()]:
        said(capsys, "practice", key, "--output", f"{key}.py")
        tree = ast.parse((own_folder / f"{key}.py").read_text(encoding="utf-8"))
        function = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
        assert [a.arg for a in function.args.args] == list(load().get(key).arguments)
    out = said(capsys, "verify", "attention", "--implementation", "attention.py:attention", status=1)
    assert "NotImplementedError" in out


def test_data_path_list_and_doctor(capsys, own_folder):
    assert said(capsys, "data", "path").strip() == str(own_folder / "data")
    assert "digits" in said(capsys, "data", "list")
    assert "PyTorch" in said(capsys, "doctor")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example_in_its_help(capsys, verb, lang):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help", "--lang", lang])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert f"gradus {TABLE[verb].examples[0]}" in out
    assert ("用法" in out) == (lang == "zh")


def test_reading_verbs_import_neither_torch_nor_matplotlib():
    code = (
        "import sys\nfrom gradus.cli import main\n"
        "for argv in (['map'], ['show', 'attention'], ['search', 'adam'], ['path', 'adam'], ['map', '--timeline']): assert main(argv) == 0\n"
        "print(sorted({'torch', 'matplotlib', 'scipy', 'sklearn', 'hypothesis'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_explain_multiplies_out_and_draws(capsys, own_folder, lang):
    out = said(capsys, "explain", "softmax", "--output", "softmax.svg", "--lang", lang)
    assert ("backward" if lang == "en" else "反向") in out and "v̄3 = v̄4·v4" in out
    assert ElementTree.parse(own_folder / "softmax.svg").getroot().tag.endswith("svg")
    along = said(capsys, "explain", "softmax", "--along", "z,v1", "--lang", lang)
    assert "z → v1 → v3" in along


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nosuch"], "no concept"),
        (["softmax", "--along", "y"], "no node 'y'"),
        (["softmax", "--output", "nowhere/x.svg"], "cannot write nowhere/x.svg"),
        (["gradient-check"], "has no computation graph"),
    ],
)
def test_explain_says_what_is_wrong(capsys, words, reason):
    assert main(["explain", *words]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_errata_tell_what_came_of_their_claims(capsys):
    numbers = [
        int(n) for n in re.findall(r"^[○●✗] \D*(\d+).*  ", said(capsys, "map", "--errata"), re.MULTILINE)
    ]
    assert numbers == sorted(numbers) and len(numbers) == sum(len(c.errata) for c in load())
    said(capsys, "verify", "entropy")
    after = said(capsys, "map", "--errata")
    assert re.search(r"● E51  entropy(?:.|\n)*?computed by: .*\n?.*\(held\s", after)
    assert re.search(r"\d+ errata: \d+ held on this machine, 0 failed, \d+ not measured here yet", after)
