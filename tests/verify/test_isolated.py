"""The judge's own process: what it shares with its watcher, what it puts back, and how every ending is told."""

import json
import math
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from gradus.catalogue import concept
from gradus.errors import GradusError
from gradus.frameworks import Adapted
from gradus.page import evidence as evidence_module
from gradus.page.evidence import Evidence, roundoff
from gradus.text import Text
from gradus.verify import judge, universal_claims
from gradus.verify.isolated.board import Board
from gradus.verify.isolated.integrity import Integrity
from gradus.verify.isolated.limits import Limits
from gradus.verify.isolated.printable import clipped, printable
from gradus.verify.isolated.process_state import ProcessState
from gradus.verify.isolated.seal import Seal, new_key
from gradus.verify.isolated.supervisor import Request
from gradus.verify.isolated.verification import verify_user_code
from gradus.verify.isolated.watch import EndedItself, Watch, described
from gradus.verify.isolated.wire import line, result_of, result_values
from gradus.verify.runner import Result

RELU = concept("relu")


def request(path, key="relu", **limits):
    return Request(key, str(path), None, ("quick",), 0, False, Limits(**limits))


def results_of(tmp_path, body, key="relu", name="f", **limits):
    file = tmp_path / "mine.py"
    file.write_text(body, "utf-8")
    report = verify_user_code(request(f"{file}:{name}", key, **limits), progress=False)
    return report, {r.claim.name: r for r in report.results}


def test_the_board_tells_another_process_what_is_being_called(tmp_path):
    writer = Board(tmp_path / "board", create=True)
    reader = Board(tmp_path / "board")
    assert reader.read().call_since == 0
    writer.begin_claim()
    writer.enter("x = [1.0]")
    assert reader.read().text == "x = [1.0]"
    assert reader.read().calls == 1
    assert reader.read().call_since >= reader.read().claim_since > 0
    writer.enter("ü" * 9999)  # longer than the page: cut, not refused
    assert set(reader.read().text) <= {"ü", "�"}
    writer.leave()
    assert reader.read().call_since == 0
    writer.rest()
    assert reader.read().claim_since == 0
    writer.close()
    reader.close()


def test_inputs_are_described_in_one_short_line():
    assert described({"x": np.array([1.0, -0.5]), "causal": True}) == "x = [1.0, -0.5], causal = True"
    assert described({"x": np.zeros((30, 4))}) == "x = array of shape (30, 4)"
    assert described({"f": math.sin, "Ws": (np.ones(2), np.ones(99))}).startswith(
        "f = a function, Ws = ([1.0, 1.0], array"
    )
    assert len(described({f"x{i}": "long" * 9 for i in range(99)})) == 400


def test_nothing_that_is_printed_moves_the_cursor():
    assert printable("\x1b[2J\x07a\tb\n\u202ec\ud800") == "\\x1b[2J\\x07a\tb\n\\u202ec\\ud800"
    assert printable("softmax 数学") == "softmax 数学"
    assert clipped(b"\x1b[31m" + b"a" * 9000, 1_000_000).endswith("… (1,000,000 bytes in all)")
    assert clipped(b"good", 4) == "good"


def test_a_result_is_judged_anew_from_its_numbers():
    claims = {c.name: c for c in universal_claims(RELU)}
    claim = claims["equals-definition"]
    for measured in (0.0, 1.0, math.nan, math.inf):
        evidence = Evidence("roundoff", measured, "=", 0.0, 1e-12, Text("why", "为何"), Text("a\x1b", "b"))
        sent = result_values(Result(RELU, claim, "mine", "holds", evidence, Text("", ""), 3, 0.1))
        back = result_of(json.loads(line("result", **sent)), RELU, claims, "mine")
        assert back.verdict == ("holds" if measured == 0 else "fails")
        assert back.evidence.note == Text("a\\x1b", "b")
        assert back.seed == 3


def test_a_judge_that_is_replaced_is_found_out_and_restored():
    before, absolute = Evidence.__dict__["holds"], np.abs
    integrity = Integrity(RELU)
    assert integrity.put_back() == []
    code = roundoff.__code__
    Evidence.holds = property(lambda self: True)
    evidence_module.roundoff = lambda *a, **k: None
    np.abs = np.sin
    roundoff.__code__ = (lambda *a, **k: None).__code__
    definition = RELU.definition
    RELU.definition = lambda x: x
    replaced = integrity.put_back()
    assert {"gradus.page.evidence.Evidence.holds", "gradus.page.evidence.roundoff", "numpy.abs"} <= set(
        replaced
    )
    assert "the page relu.definition" in replaced
    assert RELU.definition is definition
    assert Evidence.__dict__["holds"] is before
    assert np.abs is absolute
    assert evidence_module.roundoff is roundoff
    assert roundoff.__code__ is code
    assert integrity.put_back() == []


def test_settings_of_the_process_are_put_back_and_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    errors, path, limit, stdout = np.geterr(), list(sys.path), sys.getrecursionlimit(), sys.stdout
    with warnings.catch_warnings():
        state = ProcessState()
        np.seterr(all="raise")
        sys.path.append("nowhere")
        sys.setrecursionlimit(limit + 100)
        os.environ["GRADUS_TEST_ONLY"] = "1"
        sys.stdout = None
        (tmp_path / "sub").mkdir()
        os.chdir(tmp_path / "sub")
        changed = state.put_back()
        assert state.put_back() == []
    assert {
        "NumPy's error state",
        "sys.path",
        "the recursion limit",
        "the environment",
        "the standard streams",
        "the working folder",
    } <= set(changed)
    assert (np.geterr(), sys.path, sys.getrecursionlimit(), sys.stdout) == (errors, path, limit, stdout)
    assert "GRADUS_TEST_ONLY" not in os.environ
    assert Path.cwd().samefile(tmp_path)


def test_what_ends_a_program_ends_one_call(tmp_path):
    watch = Watch(Board(tmp_path / "board", create=True))

    def leaves(x):
        raise SystemExit(0)

    adapted = Adapted(leaves, RELU, "numpy", name="mine").watched(watch)
    with pytest.raises(EndedItself, match="it exits: raised SystemExit"):
        adapted(x=np.array([1.0]))
    assert watch.failed_on == "x = [1.0]"
    claim = {c.name: c for c in universal_claims(RELU)}["equals-definition"]
    assert judge(RELU, claim, adapted).verdict == "fails"


@pytest.mark.parametrize("name", ["call", "claim", "memory"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf])
def test_limits_are_positive_numbers(name, value):
    with pytest.raises(GradusError, match=f"--{name}-limit to be a positive number"):
        Limits(**{name: value})


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


def test_a_seal_opens_its_own_lines_once_and_in_order():
    key = new_key()
    writer, reader = Seal(key), Seal(key)
    first, second = writer.sealed("{}").encode()[:-1], writer.sealed('{"é ": 1}').encode()[:-1]
    assert reader.opened(first) == b"{}"
    assert reader.opened(first) is None
    assert reader.opened(second) == '{"é ": 1}'.encode()
    assert reader.opened(first) is None
    for line_ in (b"", b"{}", b"9 00 {}", b"x y z", b"3 \xff {}", first.replace(b"{}", b"[]")):
        assert Seal(key).opened(line_) is None
    assert Seal(new_key()).opened(first) is None
