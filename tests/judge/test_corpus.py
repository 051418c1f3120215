"""The judge is judged: right implementations pass, wrong ones fail, hostile ones end as what they are."""

import collections
import itertools
import shutil

import pytest

from gradus.catalogue import entries as catalogue_entries
from tests.judge.endings import BROKEN_FILES, faults_of_ending, kinds_of
from tests.judge.entries import entries
from tests.judge.judgement import ended, judged

RIGHT, WRONG, HOSTILE = (entries(corpus) for corpus in ("right", "wrong", "hostile"))
HARD_LIMIT = 150.0  # seconds after which a judgement counts as never ended
COMPILED = (
    "gelu_jit",
    "softplus_jax",
    "silu_jax",
    "attention_jax",
    "mse_jax",
    "running_mean_scan",
    "mlp_jax",
    "eigen_jax",
    "norm_jax",
    "neuron_jax",
    "rnn_step_joined",
    "multi_head_einsum",
    "lstm_step_jax",
    "gru_step_jax",
    "additive_concat_jax",
    "gcn_jax",
    "gat_jax",
    "gin_jax",
    "ada_scan",
    "adagrad_factory",
    "group_conv_jax",
)  # minutes of compiling together


LARGE = ("lb_gram",)  # two gigabytes, for the products of all pairs
QUICK = 45  # one entry in so many belongs to the ordinary run


def parameters(corpus, slow=()):
    return [pytest.param(e, id=e.id, marks=[pytest.mark.slow] if e.name in slow else []) for e in corpus]


def all_but_some(corpus):
    """Most of a large corpus is slow as a whole; of each page in turn, one in `QUICK` stays."""
    return {e.name for i, e in enumerate(corpus) if i % QUICK} | {*COMPILED, *LARGE, "attention_loops"}


def first_of_each_kind():
    """Of the hostile ones, one of each ending belongs to the quick part."""
    by_kind = itertools.groupby(sorted(HOSTILE, key=lambda e: kinds_of(e)[0].split()[0]), lambda e: kinds_of(e)[0].split()[0])  # fmt: skip
    return {next(group).name for _, group in by_kind}


def test_the_corpora_are_as_large_and_as_wide_as_they_claim():
    assert len(RIGHT) >= 400
    assert len({e.key for e in RIGHT}) >= 135
    assert len(WRONG) >= 765
    assert len({e.key for e in WRONG}) == len(catalogue_entries())
    assert len(HOSTILE) >= 147


def test_every_entry_is_of_a_concept_and_there_once():
    keys = {entry.key for entry in catalogue_entries()}
    assert {e.key for e in [*RIGHT, *WRONG, *HOSTILE]} <= keys
    assert [
        n for n, count in collections.Counter(e.id for e in [*RIGHT, *WRONG, *HOSTILE]).items() if count > 1
    ] == []


def test_two_entries_never_say_the_same():
    says = collections.Counter((e.key, e.what) for e in WRONG)
    assert [row for row, count in says.items() if count > 1] == []


@pytest.mark.parametrize("entry", parameters(RIGHT, all_but_some(RIGHT)))
def test_a_right_implementation_is_not_condemned(entry):
    outcome = judged(entry.key, entry.path, entry.name)
    if entry.what.startswith("the class of") and outcome.condemned:
        assert "instance" in outcome.text  # it may be made, or it is asked for
        return
    assert outcome.failing == {}
    assert outcome.error == ""
    assert outcome.holding > 0


@pytest.mark.parametrize("entry", parameters(WRONG, all_but_some(WRONG)))
def test_a_wrong_implementation_fails_a_claim(entry):
    outcome = judged(entry.key, entry.path, entry.name, first=True)
    assert outcome.error == ""
    assert outcome.failing, f"passes, though {entry.what}"


@pytest.mark.parametrize("entry", parameters(HOSTILE, {e.name for e in HOSTILE} - first_of_each_kind()))
def test_a_hostile_implementation_ends_as_what_it_is(entry, tmp_path):
    copy = tmp_path / entry.path.name  # some remove their own file
    shutil.copy(entry.path, copy)
    ending = ended(entry.key, copy, entry.name, tmp_path, HARD_LIMIT)
    assert faults_of_ending(ending, kinds_of(entry)) == []


@pytest.mark.parametrize("case", BROKEN_FILES, ids=lambda case: case.label)
def test_a_file_that_cannot_be_read_is_one_line_and_status_2(case, tmp_path):
    path = case.make(tmp_path)
    ending = ended("relu", path, case.name, tmp_path, HARD_LIMIT)
    assert ending.status == 2
    lines = ending.err.strip().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("gradus: ")
    assert case.mentions in lines[0]
