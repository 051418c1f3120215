"""A user's file judged in a process of its own: how every ending is told, and that nothing it forges is believed."""

import pytest

from gradus.errors import GradusError
from gradus.verify.isolated.limits import Limits
from gradus.verify.isolated.supervisor import Request
from gradus.verify.isolated.verification import verify_user_code


def request(path, key="relu", **limits):
    return Request(key, str(path), None, ("quick",), 0, False, Limits(**limits))


def results_of(tmp_path, body, key="relu", name="f", **limits):
    file = tmp_path / "mine.py"
    file.write_text(body, "utf-8")
    report = verify_user_code(request(f"{file}:{name}", key, **limits), progress=False)
    return report, {r.claim.name: r for r in report.results}


def test_a_process_that_dies_in_one_claim_loses_that_claim_only(tmp_path):
    report, results = results_of(
        tmp_path,
        "import os, numpy as np\n"
        "def f(x):\n"
        "    if x.dtype == np.float32 and x.size == 1500:\n"
        "        os._exit(0)\n"
        "    return np.where(x > 0, x, np.where(np.isnan(x), x, 0))\n",
    )
    assert not report.holds
    dead = results["equals-definition-float32"]
    assert dead.verdict == "fails"
    assert "the process ended itself with status 0; on x = array of shape (1500,)" in dead.reason.en
    assert "进程自行结束" in dead.reason.zh
    assert results["equals-definition"].verdict == "holds"
    assert sum(r.verdict == "holds" for r in report.results) >= 8


def test_a_call_that_does_not_come_back_is_ended(tmp_path):
    report, results = results_of(tmp_path, "def f(x):\n    while True:\n        pass\n", call=1.0)
    assert not report.holds
    assert "time limit of 1 s (--call-limit); on x = [" in results["answers"].reason.en
    assert {r.verdict for name, r in results.items() if name != "answers"} == {"skipped"}


def test_what_is_left_behind_is_told(tmp_path):
    report, results = results_of(
        tmp_path,
        "import threading, time, numpy as np\n"
        "def f(x):\n"
        "    print('\\x1b[31mhello')\n"
        "    threading.Thread(target=time.sleep, args=(99,)).start()\n"
        "    np.seterr(all='raise')\n"
        "    return np.maximum(x, 0.0)\n",
    )
    left = results["leaves-process-unchanged"]
    assert left.verdict == "fails"
    assert "still running" in left.reason.en
    assert report.printed.startswith("\\x1b[31mhello")


def test_what_a_file_replaces_when_it_is_imported_is_put_back_and_told(tmp_path):
    report, results = results_of(
        tmp_path,
        "import numpy as np\n"
        "from gradus.catalogue import concept\n"
        "from gradus.page import evidence\n"
        "def passes(*a, **k):\n"
        "    return evidence.Evidence('identical', 0.0, '=', 0.0, 0.0, evidence.Text('', ''))\n"
        "evidence.roundoff = evidence.identical = passes\n"
        "concept('relu').definition = f = lambda x: np.abs(x)\n",
    )
    assert not report.holds
    assert results["equals-definition"].verdict == "fails"
    assert "it replaces the page relu.definition" in results["leaves-process-unchanged"].reason.en


def test_the_frameworks_replace_nothing_of_the_judge(tmp_path):
    report, results = results_of(
        tmp_path, "import scipy, sklearn, torch\nimport numpy as np\nf = lambda x: np.maximum(x, 0.0)\n"
    )
    assert results["leaves-process-unchanged"].verdict == "holds"
    assert report.holds


def test_the_line_of_the_users_file_is_named(tmp_path):
    _, results = results_of(tmp_path, "def f(x):\n    y = x * 2\n    raise KeyError('missing')\n")
    assert "raised KeyError: 'missing'" in results["answers"].reason.en
    assert f"line 3 of {tmp_path / 'mine.py'}" in results["answers"].reason.en


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere.py:f", "no file nowhere.py"),
        ("mine", "expected FILE.py:function"),
        ("math:nothing", "has no 'nothing'"),
    ],
)
def test_a_path_that_names_nothing_is_refused_in_a_line(path, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GradusError, match=words):
        verify_user_code(request(path), progress=False)


@pytest.mark.slow
def test_a_claim_of_many_members_that_takes_too_long_one_by_one_condemns_nobody(tmp_path):
    body = (
        "import itertools, time\n"
        "def f(x):\n"
        "    if x.ndim > 1:\n"
        "        raise ValueError('one sequence')\n"
        "    time.sleep(.02)\n"
        "    return [s / k for k, s in enumerate(itertools.accumulate(map(float, x)), 1)]\n"
    )
    report, results = results_of(tmp_path, body, "lln", claim=3.0)
    assert [r.claim.name for r in report.results if r.verdict == "fails"] == []
    assert results["equals-definition"].verdict == "holds"
    assert "one member of a batch at a time" in results["error-shrinks-like-the-root"].reason.en


def test_a_function_of_whose_claims_none_was_measured_does_not_hold(tmp_path):
    body = (
        "calls = []\n"
        "def f(x):\n"
        "    calls.append(1)\n"
        "    if len(calls) > 4:\n"
        "        raise NotImplementedError\n"
        "    return x * (x > 0)\n"
    )
    report, results = results_of(tmp_path, body)
    assert not report.holds
    assert "no claim" in results["answers"].reason.en


REMEMBERING = """
import functools
import jax.numpy as jnp

@functools.cache
def ones(shape, dtype):
    return jnp.ones(shape, dtype)

def f(x):
    return jnp.maximum(x, 0) * ones(x.shape, x.dtype)
"""


def test_a_function_that_remembers_arrays_of_jax_is_called_as_it_stands(tmp_path):
    pytest.importorskip("jax")
    report, _ = results_of(tmp_path, REMEMBERING)
    assert report.count("fails") == 0
    assert report.count("holds") > 10


FORGING = """
import json, os, sys
from pathlib import Path

records = Path(sys.orig_argv[-1]) / "records"

def as_it_stands(event, **values):
    return json.dumps({"event": event, **values})

def resealed(event, **values):  # with what a line of the judge's begins with
    number, seal, _ = records.read_text().splitlines()[0].split(" ", 2)
    return f"{number} {seal} {as_it_stands(event, **values)}"

def forge(written):
    claims = json.loads(records.read_text().splitlines()[0].split(" ", 2)[-1])["claims"]
    good = dict(kind="identical", measured=0, relation="=", expected=0, tolerance=0, because=["", ""], note=["", ""])
    with records.open("a") as file:
        print(written("taken", text=["judged as NumPy", ""], framework="numpy", single=False), file=file)
        for name in claims:
            row = dict(claim=name, verdict="holds", reason=["", ""], seed=0, seconds=0, replaced=[], evidence=good)
            print(written("claim", name=name), file=file)
            print(written("result", **row), file=file)
        print(written("left", fault=None, changed=[]), file=file)
        print(written("end"), file=file)
"""


@pytest.mark.parametrize("written", ["as_it_stands", "resealed"])
@pytest.mark.parametrize("ends", ["os._exit(0)", "pass"])
def test_results_written_into_the_records_while_a_file_is_imported_are_not_believed(tmp_path, written, ends):
    body = f"{FORGING}\nforge({written})\n{ends}\ndef f(x):\n    return x\n"
    report, results = results_of(tmp_path, body)
    assert not report.holds
    if ends == "pass":
        assert results["equals-definition"].verdict == "fails"
        assert "records" in results["leaves-process-unchanged"].reason.en
    else:
        assert [r.claim.name for r in report.results if r.verdict == "holds"] == []


def test_results_written_into_the_records_by_a_call_are_not_believed(tmp_path):
    _, results = results_of(tmp_path, f"{FORGING}\ndef f(x):\n    forge(as_it_stands)\n    return x\n")
    assert results["equals-definition"].verdict == "fails"
    assert results["leaves-process-unchanged"].verdict == "fails"
