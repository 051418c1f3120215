"""The verb practice: exercises are printed, judged and remembered."""

import json
import re

import pytest

from gradus.catalogue import concept
from gradus.catalogue.learned import Learned, progress_file
from gradus.cli.main import main
from gradus.cli.practising import Session
from gradus.cli.terminal import Terminal
from gradus.page.exercises import array, choice, function, number, numbers
from gradus.page.prose import prose_of


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))


def run(capsys, *words):
    status = main(["practice", *words])
    streams = capsys.readouterr()
    return status, streams.out, streams.err


def test_exercises_are_printed_with_their_choices_and_how_to_answer(capsys):
    status, out, _ = run(capsys, "attention")
    assert status == 0
    assert "1. Queries have entries of variance 4" in out
    assert "(b) It stays the same the first time" in out
    assert "--answer 1=" in out
    assert "hint" not in out
    assert "hint: The variance of a product" in run(capsys, "attention", "--hint")[1]
    assert "提示：均值为 0" in run(capsys, "attention", "--hint", "--lang", "zh")[1]


def test_a_right_answer_is_said_to_be_right_and_why(capsys):
    status, out, _ = run(capsys, "attention", "--answer", "variance=8", "2=b")
    assert status == 0
    assert out.count("✓ right") == 2
    assert "its root" in out


def test_a_known_mistake_is_named(capsys):
    status, out, _ = run(capsys, "attention", "--answer", "1=64")
    assert status == 1
    assert "That is the variance of the scores" in out
    status, out, _ = run(capsys, "attention", "--answer", "2=c")
    assert status == 1
    assert "The outputs belong to the queries" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("9=1", "exercises 1 (variance)"),
        ("1=", "1=ANSWER"),
        ("1=eight", "such as 0.25"),
        ("2=z", "one of a, b, c"),
        ("1=1/0", "such as"),
    ],
)
def test_what_is_no_answer_is_refused(capsys, words, said):
    status, _, err = run(capsys, "attention", "--answer", words)
    assert status == 2
    assert said in err


def test_progress_is_kept(capsys):
    run(capsys, "attention", "--answer", "1=7")
    run(capsys, "attention", "--answer", "1=8")
    row = Learned().known()["attention"]["variance"]
    assert row["tries"] == 2
    assert row["right"]
    assert re.search(r"✓ 1\. Queries[^✓]*answered rightly on \d{4}-\d\d-\d\d", run(capsys, "attention")[1])
    assert re.search(r"✓ 1\.[^✓]*\d 已答对", run(capsys, "attention", "--lang", "zh")[1])


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"answers": 3}', '{"answers": {"attention": {"variance": {"tries": "x"}}}}']
)
def test_a_foreign_file_of_answers_is_left_as_it_is(capsys, text):
    path = progress_file()
    path.parent.mkdir(parents=True)
    path.write_text(text)
    status, _, err = run(capsys, "attention", "--answer", "1=8")
    assert status == 2
    assert "move it away" in err
    assert path.read_text() == text


def test_the_file_of_answers_is_json_without_leftovers(capsys):
    run(capsys, "attention", "--answer", "1=8")
    assert json.loads(progress_file().read_text(encoding="utf-8"))["format"] == 1
    assert [p.name for p in progress_file().parent.iterdir()] == ["exercises.json"]


def test_questions_are_asked_until_they_are_answered_or_left(capsys, monkeypatch):
    replies = iter(["?", "64", "nonsense", "8", "", "a"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(replies))
    page = concept("attention")
    Session(page, prose_of(page, "en").questions, Terminal("en", colour=False)).ask_all()
    out = " ".join(capsys.readouterr().out.split())
    assert "The variance of a product" in out
    assert "standard deviation that they are divided by" in out
    assert "such as 0.25" in out
    assert "the answer: It stays the same the first time" in out
    assert out.count("✓ right") == 2


def test_what_was_answered_is_said_and_asked_again_on_request_alone(capsys, monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda prompt: asked.append(prompt) or "")
    page = concept("attention")
    session = Session(page, prose_of(page, "en").questions, Terminal("en", colour=False))
    run(capsys, "attention", "--answer", "1=8")
    session.ask_all()
    out = capsys.readouterr().out
    assert len(asked) == len(session.exercises) - 1
    assert "✓ 1. answered rightly on" in out and "Queries have entries" not in out
    assert "gradus practice attention --again" in out
    session.ask_all(again=True)
    assert len(asked) == 2 * len(session.exercises) - 1
    out = capsys.readouterr().out
    assert "Queries have entries" in out and "--again" not in out


def test_the_end_of_the_input_ends_the_session(capsys, monkeypatch):
    def ended(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    page = concept("entropy")
    Session(page, prose_of(page, "en").questions, Terminal("en", colour=False)).ask_all(hints=True)
    out = capsys.readouterr().out
    assert "1. " in out and "hint: " in out
    assert "2. " not in out and "the answer" not in out


def test_exercises_have_the_numbers_of_the_text():
    for key in ("entropy", "sgd", "momentum", "reverse-mode"):
        page = concept(key)
        questions = prose_of(page, "en").questions
        session = Session(page, questions, Terminal("en", colour=False))
        assert list(session.exercises) == list(questions)
        assert set(session.exercises) == set(page.exercises)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("0.25", [0.25]),
        ("1/4", [0.25]),
        ("25 %", [0.25]),
        ("−2", [-2]),
        ("1, 2; 3, 4", [[1, 2], [3, 4]]),
        ("(1, 2)", [1, 2]),
        ("1；2", [[1], [2]]),
        ("1e-3", [0.001]),
        ("25％", [0.25]),
    ],
)
def test_numbers_as_readers_write_them(words, values):
    assert numbers(words).tolist() == values


def test_kinds_of_answers():
    assert number(2.0).grade("2.004").right
    assert not number(2.0).grade("2.1").right
    assert number(0.0).grade("0").right
    assert not number(0.0).grade("0.1").right
    assert number(2.0, half=1.0).grade("1").mistake == "half"
    exact = number(3.0, tolerance=1e-6, with_logarithms=4.584962500721156, off_by_one=3.0001)
    assert (
        exact.grade("4.58").mistake == "with_logarithms"
    )  # a mistake may be rounded, an exact answer may not
    assert exact.grade("3.0001").mistake == "off_by_one"
    assert exact.grade("3.001").mistake == "" and not exact.grade("3.001").right
    assert array([[1, 2], [3, 4]]).grade("1, 2; 3, 4").right
    assert array([[1, 2], [3, 4]]).grade("1 2 3 4").right
    assert not array([1, 2]).grade("1").right
    assert array([5, 7, 0]).grade("5; 7; 0").right  # a vector is one, lying or standing
    assert array([[5], [7], [0]]).grade("5, 7, 0").right
    assert not array([[1, 2], [3, 4]]).grade("1; 2; 3; 4").right
    assert choice(a=True, b=False).answer == "a"
    with pytest.raises(ValueError, match="one is true"):
        choice(a=True, b=True)
    square = function(lambda x: x**2, (2.0,), (-3.0,))
    assert square.grade(lambda x: x * x).right
    assert not square.grade(lambda x: 2 * x).right


def test_a_function_of_the_users_answers(capsys, tmp_path, monkeypatch):
    page = concept("attention")
    monkeypatch.setitem(page.exercises, "variance", lambda: function(lambda x: x**2, (2.0,), (-3.0,)))
    (tmp_path / "mine.py").write_text(
        "def right(x):\n    return x * x\ndef wrong(x):\n    return 2 * x\ndef raising(x):\n    return 1 / 0\n"
    )
    assert run(capsys, "attention", "--answer", f"1={tmp_path}/mine.py:right")[0] == 0
    assert run(capsys, "attention", "--answer", f"1={tmp_path}/mine.py:wrong")[0] == 1
    status, _, err = run(capsys, "attention", "--answer", f"1={tmp_path}/mine.py:raising")
    assert status == 2
    assert "ZeroDivisionError" in err
    status, _, err = run(capsys, "attention", "--answer", f"1={tmp_path}/mine.py:absent")
    assert status == 2
    assert "absent" in err
