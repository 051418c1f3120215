"""What the judge's own process is made of: board, watch, limits, seal, printable output, integrity, state put back."""

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
from gradus.verify.isolated.watch import EndedItself, Watch, described
from gradus.verify.isolated.wire import line, result_of, result_values
from gradus.verify.runner import Result

RELU = concept("relu")


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
