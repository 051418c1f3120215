"""An exercise whose answer is a function: the page gives its first lines and the command that judges it."""

import pytest

from gradus.catalogue import concept
from gradus.cli import main
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
