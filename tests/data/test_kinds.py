"""Data of every kind by name: sentences, characters, arrays; what is there, and what is not."""

import numpy as np
import pytest

from gradus.data import Dataset, Sentences, load_characters, load_sentences
from gradus.data.characters import held_out, windows
from gradus.data.generated import GENERATED
from gradus.data.kinds import is_present, load_any
from gradus.errors import GradusError


def test_every_kind_is_found_by_its_name():
    assert isinstance(load_any("iris"), Dataset)
    assert load_any("alice").name == "alice"
    assert [is_present(name, "/nowhere") for name in ("iris", "alice", "mnist", "tinyshakespeare", "rt-polarity")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    task = load_any("long-lag")
    assert (
        task is GENERATED["long-lag"]
        and task.summary(train=3).sizes == {"train": 3}
        and is_present("long-lag")
    )
    for unknown in (load_any, is_present):
        with pytest.raises(GradusError, match="unknown data set 'irsi': did you mean 'iris'"):
            unknown("irsi")


def test_every_held_out_character_is_predicted_from_those_before_it():
    text = load_characters("alice")
    x, y = held_out(text, 8)
    whole = np.concatenate([text.train, text.test])
    n = len(text.train)
    for i in (0, 1, 500, len(y) - 1):
        assert y[i] == whole[n + 1 + i]
        assert (x[i] == whole[n + 1 + i - 8 : n + 1 + i]).all()
    assert len(y) == len(text.test) - 1


def test_windows_are_shifted_by_one_and_disjoint():
    ids = np.arange(1000)
    x, y = windows(ids, 32, np.random.default_rng(0))
    assert (y == x + 1).all()
    assert len(set(x.ravel())) == x.size


def test_a_text_that_is_unknown_or_not_there():
    with pytest.raises(GradusError, match="alice, tinyshakespeare, got 'emma'"):
        load_characters("emma")
    with pytest.raises(GradusError, match="tinyshakespeare: expected"):
        load_characters("tinyshakespeare", "/nowhere")


def test_a_damaged_text_is_refused(tmp_path):
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_text("To be, or to be.")
    assert is_present("tinyshakespeare", tmp_path)
    with pytest.raises(GradusError, match="truncated: expected 1,115,394 bytes, got 16"):
        load_any("tinyshakespeare", tmp_path)
    with (tmp_path / "tinyshakespeare" / "input.txt").open("wb") as file:
        file.truncate(2**40)  # a hole: reading it whole would fill the memory
    with pytest.raises(GradusError, match="too long"):
        load_any("tinyshakespeare", tmp_path)
    (tmp_path / "tinyshakespeare" / "input.txt").write_bytes(b"x" * 1_115_394)
    with pytest.raises(GradusError, match="corrupted: expected sha256"):
        load_any("tinyshakespeare", tmp_path)


def test_sentences_that_are_absent_or_damaged(tmp_path):
    with pytest.raises(GradusError, match="rt-polarity: expected"):
        load_any("rt-polarity", tmp_path)
    folder = tmp_path / "rt-polarity"
    folder.mkdir()
    (folder / "rt-polarity.neg").write_text("bad .\n")
    with pytest.raises(GradusError, match="truncated"):
        load_sentences(tmp_path)


@pytest.mark.real_data
def test_sentences(real_data):
    if not is_present("rt-polarity", real_data):
        pytest.skip(f"rt-polarity not found under {real_data}")
    data = load_any("rt-polarity", real_data)
    assert isinstance(data, Sentences)
    assert len(data.sentences) == 10_662 and np.bincount(data.targets).tolist() == [5331, 5331]
    assert data.summary().sizes == {"all": 10_662}
