"""A user's own text: sentences with classes in a table, or a plain text; what is neither is refused in one line."""

import numpy as np
import pytest

from gradus.catalogue import concept
from gradus.data import load_characters
from gradus.data.own_texts import read_characters, read_sentences
from gradus.errors import GradusError
from gradus.running import run_system
from gradus.running.request import request_run, with_data

REVIEWS = "text,label\n" + "".join(
    f'"A {word} film, number {i}!",{label}\n'
    for i in range(12)
    for word, label in (("fine", "good"), ("dull", "bad"))
)


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_sentences_are_words_marks_and_ideographs(tmp_path):
    rows = [("class", "review"), *[("x", "Don't stop—GO 3.5!"), ("y", "这部电影 very 好看。")] * 5]
    data = read_sentences(written(tmp_path / "t.csv", "".join(f"{a};{b}\n" for a, b in rows)))
    assert data.sentences[:2] == ("don ' t stop — go 3 . 5 !", "这 部 电 影 very 好 看 。")
    assert data.classes == ("x", "y") and data.targets.tolist() == [0, 1] * 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text,label\n", "no rows below"),
        ("a,label\n" + "1,x\n2,y\n" * 6, "a column of text, got numbers in a"),
        ("text,label\n" + "one,x\ntwo,y\n" * 5 + ",x\n", "a text and its class in line 12"),
        ("text,label\n" + "one,x\n" * 8 + "two,y\n", "at least 5 examples each, got 'y' ×1"),
        ("text,label\none,x,3\n", "line 2 has 3 columns"),
        (
            "one,x\n" * 6 + "two,y\n" * 6,
            "names of the columns in the first line, such as text and label, got the class 'x'",
        ),
    ],
)
def test_a_table_that_holds_no_sentences_is_refused(tmp_path, text, said):
    with pytest.raises(GradusError, match=said) as caught:
        read_sentences(written(tmp_path / "t.csv", text))
    assert "\n" not in str(caught.value) and "t.csv" in str(caught.value)


def test_a_text_is_its_characters(tmp_path):
    text = "纸上得来终觉浅，绝知此事要躬行。\n" * 200
    data = read_characters(written(tmp_path / "lu.txt", text))
    assert data.alphabet == "".join(sorted(set(text))) and data.name == "lu"
    whole = np.concatenate([data.train, data.test])
    assert "".join(data.alphabet[i] for i in whole) == text
    assert len(data.test) == len(text) // 10


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"short", "at least 2,000 characters, not all the same, got 5"),
        (b"a" * 3000, "not all the same"),
        (b"\xff\xfe\x00" * 1000, "UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, said):
    path = tmp_path / "t.txt"
    path.write_bytes(content)
    with pytest.raises(GradusError, match=said):
        read_characters(path)


def test_naive_bayes_reads_reviews_of_the_user(tmp_path):
    path = written(tmp_path / "mine.csv", REVIEWS)
    run = run_system(
        concept("naive-bayes"), data=str(path), seeds=[0], directory=tmp_path / "run", verify=False
    )
    assert run.summary.mean == 1.0  # one word tells the classes apart
    assert "mine.csv" in run.report.read_text(encoding="utf-8")


def test_a_text_of_the_user_is_learned(tmp_path):
    path = written(tmp_path / "abc.txt", "abc " * 600)
    options = {"model": "lstm"}
    run = run_system(
        concept("from-scratch"),
        data=str(path),
        seeds=[0],
        epochs=2,
        options=options,
        directory=tmp_path / "run",
        verify=False,
    )
    assert (
        run.summary.mean < 1.5
    )  # four characters that follow one another: 2 bits before anything is learned
    text = run.report.read_text(encoding="utf-8")
    assert "abc.txt" in text and "Tiny Shakespeare" not in text


def test_a_run_knows_which_text_it_was(tmp_path):
    concept_ = concept("from-scratch")
    path = written(tmp_path / "t.txt", "abcd" * 600)
    request = request_run(concept_, data=str(path), options={"model": "lstm"})
    first, _ = with_data(request)
    written(path, "abdc" * 600)
    assert with_data(request)[0].contents != first.contents != ""


def test_a_network_of_digits_takes_no_text(tmp_path):
    path = written(tmp_path / "t.txt", "abcd" * 600)
    with pytest.raises(GradusError, match="the recipe trains on digits"):
        with_data(request_run(concept("from-scratch"), data=str(path), options={"model": "mlp"}))
    with pytest.raises(GradusError, match="a text file of your own"):
        request_run(concept("from-scratch"), data="digits", options={"model": "lstm"})


def test_the_texts_that_are_known_are_as_they_were():
    assert load_characters("alice").shape == (11193,)
