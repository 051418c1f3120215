"""What is requested of a run: options choose targets and are kept; what a recipe does not honour is refused."""

import json

import pytest

from gradus.catalogue import load
from gradus.cli import main
from gradus.errors import GradusError
from gradus.report import SeedResult, table
from gradus.running import past_runs, run_system
from gradus.running.request import request_run
from gradus.systems import Option, Recipe
from gradus.text import Text

REQUESTS = []


def train(data, request):
    REQUESTS.append(request)
    size = request.options["size"]
    pictures = lambda: [table([Text("k", "键"), Text("v", "值")], [(size, 1.5)], Text("t", "表"))]
    return SeedResult({"small": 0.4, "large": 0.6}[size], 0.1, pictures=pictures)


SIZES = Option(
    "size",
    Text("how large", "大小"),
    {"small": {"targets": {"iris": 0.3}}, "large": {"relation": "≤", "metric": "bits-per-character"}},
)
OWN = Recipe(train, ("iris",), "accuracy", {"iris": 0.5}, {}, Text("t", "文"), options=(SIZES,))
SYSTEM = load().get("linear-regression")


@pytest.fixture
def own(monkeypatch):
    """Linear regression has a recipe of one's own for a while."""
    monkeypatch.setattr("gradus.systems.foundations.linear_regression.RECIPE", OWN)
    REQUESTS.clear()


def test_options_choose_targets_and_are_kept(own, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = run_system(SYSTEM, seeds=[0], verify=False)
    assert small.holds and small.directory.name == "small-iris-1"
    large = run_system(SYSTEM, seeds=[0, 1], options={"size": "large"}, verify=False)
    assert not large.holds and large.summary.relation == "≤" and large.summary.metric == "bits-per-character"
    assert large.summary.command == "gradus run linear-regression --size large --data iris --seeds 2"
    config = json.loads((large.directory / "config.json").read_text())
    assert config["options"] == {"size": "large"}
    again = run_system(SYSTEM, directory=large.directory, resume=True, verify=False)
    assert again.summary.scores == large.summary.scores
    with pytest.raises(GradusError, match="size 'large', not 'small'"):
        run_system(
            SYSTEM,
            directory=large.directory,
            options={"size": "small"},
            seeds=[0, 1],
            resume=True,
            verify=False,
        )
    rows = {row[0]: row for row in past_runs(tmp_path / "runs")}
    assert rows[str(large.directory.resolve())][5] == "≤ 0.5000"
    for wrong, said in (
        ({"size": "huge"}, "small, large, got 'huge'"),
        ({"colour": "red"}, "no option 'colour'"),
    ):
        with pytest.raises(GradusError, match=said):
            run_system(SYSTEM, options=wrong, verify=False)


def test_each_seed_is_asked_for_what_was_requested(own, tmp_path):
    run_system(
        SYSTEM,
        seeds=[4, 7],
        options={"size": "large"},
        directory=tmp_path / "r",
        progress="plain",
        verify=False,
    )
    assert [r.seed for r in REQUESTS] == [4, 7]
    assert [r.directory for r in REQUESTS] == [tmp_path / "r" / "seed-4", tmp_path / "r" / "seed-7"]
    for request in REQUESTS:
        assert (request.target, request.options, request.progress) == (0.5, {"size": "large"}, "plain")
        assert (request.epochs, request.device, request.resume) == (None, None, False)


def test_options_on_the_command_line(own, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["run", "linear-regression", "--help"])
    said = capsys.readouterr().out
    assert "--size {small,large}" in said and "how large" in said
    assert "systems: " in said and "hopfield" in said
    assert main(["run", "linear-regression", "--size", "large", "--no-verify", "--quiet"]) == 1, (
        "the target is missed"
    )
    assert main(["run", "linear-regression", "--no-verify", "--quiet", "--lang", "zh"]) == 0
    with pytest.raises(SystemExit):
        main(["run", "linear-regression", "--size", "huge"])
    assert "small" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run", "lenet", "--size", "large"])
    assert "--size" in capsys.readouterr().err


def test_what_a_recipe_does_not_honour_is_refused(own, tmp_path):
    with pytest.raises(GradusError, match="trained without epochs"):
        run_system(SYSTEM, epochs=3, directory=tmp_path / "r")
    with pytest.raises(GradusError, match="trained without device"):
        run_system(SYSTEM, device="cpu", directory=tmp_path / "r")
    with pytest.raises(GradusError, match="trains on iris, not on wine"):
        run_system(SYSTEM, data="wine", directory=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_what_is_not_requested_is_the_recipe_s():
    request = request_run(load().get("from-scratch"), options={"model": "lstm"})
    assert (request.data, request.seeds, request.epochs, request.target) == ("alice", (0, 1, 2), None, 3.42)
    assert request.config["options"] == {"model": "lstm"}
    with pytest.raises(GradusError, match="multi-head has no recipe"):
        request_run(load().get("multi-head"))
