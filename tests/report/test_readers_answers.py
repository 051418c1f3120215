"""Answers as readers give them: functions by what the page gives to copy, and numbers with a comma for the point."""

import pytest

from gradus.catalogue import concept
from gradus.cli import main
from gradus.errors import GradusError
from gradus.page.exercises import number
from gradus.page.prose import prose_of
from gradus.report.questions import questions

KEYS = ("power-iteration", "beta", "logistic-regression", "lu", "modern-hopfield")


@pytest.mark.parametrize("key", KEYS)
def test_what_the_page_gives_to_copy_is_judged(key, tmp_path, monkeypatch, capsys):
    page = concept(key)
    shown = [q for q in questions(page, prose_of(page, "en"), str) if q.kind == "function"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "data"))
    assert len(shown) == 1
    for q in shown:
        file = q.skeleton.split("\n")[0].removeprefix("# ")
        (tmp_path / file).write_text(q.skeleton.replace("...", "return np.zeros(1)"))
        assert main(q.command.split()[1:]) == 1  # it is read and runs, and is not right
        assert "not right" in capsys.readouterr().out


def test_a_comma_for_a_point_is_said_and_not_judged():
    with pytest.raises(GradusError, match=r"one number, got 2: '0,333'.*point"):
        number(1 / 3).grade("0,333")
