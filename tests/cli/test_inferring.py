"""The verb infer on files that a user has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradus.cli import main
from gradus.inference import BayesianNetwork, write_bif

NETWORK = BayesianNetwork(
    {"rain": ["yes", "no"], "sprinkler": ["on", "off"], "wet = grass": ["a=b", "dry"]},
    {
        "rain": [0.2, 0.8],
        "sprinkler": (["rain"], [[0.01, 0.99], [0.4, 0.6]]),
        "wet = grass": (["rain", "sprinkler"], [[[0.99, 0.01], [0.8, 0.2]], [[0.9, 0.1], [0.0, 1.0]]]),
    },
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_bif(NETWORK, tmp_path / "net.bif")
    (tmp_path / "two.uai").write_text("MARKOV 2 2 2 1 2 0 1 4 1 2 3 4")
    (tmp_path / "two.uai.evid").write_text("1 0 1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_marginals_as_bars(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["infer", "net.bif", "--query", "rain", "--given", "wet = grass=a=b"]) == 0
    out = capsys.readouterr().out
    assert "given wet = grass=a=b" in out and "log₁₀ P(e) = -0.34" in out
    assert [line.split()[:3] for line in out.splitlines() if "█" in line] == [
        ["rain", "yes", "0.357688"],
        ["no", "0.642312", "███████████████"],
    ]


def test_the_most_probable_states_and_interventions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["infer", "net.bif", "--map", "--given", "wet = grass=a=b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["assignment"] == {
        "rain": "no",
        "sprinkler": "on",
        "wet = grass": "a=b",
    }
    assert main(["infer", "net.bif", "--query", "rain,sprinkler", "--do", "sprinkler=on", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["marginals"]
    assert found["rain"] == pytest.approx({"yes": 0.2, "no": 0.8})
    assert found["sprinkler"] == pytest.approx({"on": 1.0, "off": 0.0})
    assert main(["infer", "net.bif", "--map", "--query", "rain", "--lang", "zh"]) == 0
    assert "这些状态的 ln P = -0.223144" in capsys.readouterr().out


def test_the_evidence_beside_a_uai_file_is_taken_and_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["infer", "two.uai"]) == 0
    out = capsys.readouterr().out
    assert "evidence: two.uai.evid" in out and "log₁₀ Z = 0.845098" in out  # 3 + 4
    assert main(["infer", "two.uai", "--given", "0=0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["evidence"] == {"0": "0"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["net.bif", "--query", "rian"],
            "--query: expected the name of a variable, got 'rian'; did you mean 'rain'?",
        ),
        (["net.bif", "--given", "rain"], "--given: expected NAME=STATE, got 'rain'"),
        (
            ["net.bif", "--given", "rain=maybe"],
            "--given: expected a state of rain, got 'maybe'; known are: yes, no",
        ),
        (
            ["net.bif", "--given", "rain=yes", "rain=no"],
            "--given: expected one state of rain, got yes and no",
        ),
        (["net.bif", "--given", "rain=no,sprinkler=off", "wet = grass=a=b"], "exclude one another"),
        (["two.uai", "--do", "0=1"], "only a Bayesian network can be intervened in"),
        (["none.bif"], "cannot read none.bif"),
        (["net.bif", "--memory", "much"], "--memory: expected an amount such as 500MB or 4GB"),
        (["net.bif", "--memory", "10B"], "memory: exact inference needs"),
    ],
)
def test_mistakes_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["infer", *words]) == 2
    assert said in capsys.readouterr().err


def test_equally_probable_states_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "coins.uai").write_text("MARKOV 2 2 2 1 2 0 1 4 2 1 1 2")
    assert main(["infer", "coins.uai", "--map"]) == 0
    assert "not the only ones: others, equally probable, differ in 0, 1" in capsys.readouterr().out
    assert main(["infer", "two.uai", "--map", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ties"] == []


@pytest.fixture
def ring(tmp_path: Path) -> str:
    (tmp_path / "ring.uai").write_text(
        "MARKOV 3 2 2 2 4 1 0 2 0 1 2 1 2 2 2 0 2 2 1 4 3 1 1 3 4 3 1 1 3 4 3 1 1 3"
    )
    return str(tmp_path / "ring.uai")


def test_belief_propagation_says_how_far_it_can_be_trusted(
    folder: Path, ring: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["infer", "net.bif", "--loopy", "--query", "rain", "--given", "wet = grass=a=b"]) == 0
    out = capsys.readouterr().out
    assert "exact: the factor graph has no cycle" in out and "0.357688" in out and "= -0.34" in out
    assert main(["infer", ring, "--loopy", "--lang", "zh"]) == 0
    out = capsys.readouterr().out
    assert (
        "近似：因子图有环" in out and "0.706910" in out and "log₁₀ Z ≈ 1.98" in out
    )  # exactly 2/3, and ln 84


def test_belief_propagation_finds_states_and_answers_in_json(
    ring: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["infer", ring, "--loopy", "--map"]) == 0
    out = capsys.readouterr().out
    assert "ln of the product of the factors = 3.988984" in out  # ln (2 · 27)
    assert main(["infer", ring, "--loopy", "--map", "--json", "--given", "0=1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["assignment"] == {"1": "1", "2": "1"} and found["exact"] and found["converged"]
    assert main(["infer", ring, "--loopy", "--json", "--query", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found["marginals"]) == ["1"] and found["converged"] and not found["exact"]


def test_messages_that_do_not_settle_are_told_by_the_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [(a, b) for a in range(6) for b in range(a)]
    apart = " ".join("4 0.01 1 1 0.01" for _ in pairs)
    scopes = " ".join(f"2 {a} {b}" for a, b in pairs)
    file = tmp_path / "frustrated.uai"
    file.write_text(f"MARKOV 6 {'2 ' * 6} {len(pairs) + 1} 1 0 {scopes} 2 2 1 {apart}")
    status = main(["infer", str(file), "--loopy"])
    out = capsys.readouterr().out
    assert status == ("not converged" in out)
    assert status == 1
