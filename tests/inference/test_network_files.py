"""BIF and UAI: what is read, what is refused and where, and that what is written is read back bit for bit."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from random_networks import random_bayesian, random_markov

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    CompiledNetwork,
    MarkovNetwork,
    read_bif,
    read_uai,
    read_uai_evidence,
    write_bif,
    write_uai,
)

WEATHER = """\
// a comment with a "quote
network "two words" { property author = "x (y); z" ; }
variable "the rain" { type discrete [ 2 ] { "<5 mm", more }; property position = (73, 165) ; }
variable wet { type discrete[3]{ 0-1 1-2 >2 }; }  /* no commas
over two lines */
probability ( "the rain" ) { table .6, .4 ; }
probability(wet|"the rain"){
  ("<5 mm") 7e-1 0.2 0.1;
  default .1, .2, .7;
}
"""


def written(folder: Path, text: str, name: str = "net.bif") -> Path:
    place = folder / name
    place.write_text(text, encoding="utf-8")
    return place


def test_the_odd_corners_of_the_grammar(tmp_path: Path) -> None:
    network = read_bif(written(tmp_path, WEATHER))
    assert network.name == "two words"
    assert network.states == {"the rain": ("<5 mm", "more"), "wet": ("0-1", "1-2", ">2")}
    assert network.tables["wet"].parents == ("the rain",)
    np.testing.assert_array_equal(network.tables["wet"].probabilities, [[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    assert network.notes == ()


def test_in_a_whole_table_the_child_moves_slowest(tmp_path: Path) -> None:
    text = """network n { } variable a { type discrete [2] {x, y}; } variable b { type discrete [2] {x, y}; }
    variable c { type discrete [2] {x, y}; }
    probability (a) { table .5, .5; } probability (b) { table .5, .5; }
    probability (c | a, b) { table .1, .2, .3, .4, .9, .8, .7, .6; }"""
    table = read_bif(written(tmp_path, text)).tables["c"].probabilities
    np.testing.assert_array_equal(table[..., 0], [[0.1, 0.2], [0.3, 0.4]])


@pytest.mark.parametrize("seed", range(3))
def test_what_is_written_is_read_back_bit_for_bit(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_bayesian(rng, 8)
    odd = {v: f'{v} "{i}" \\ {{;|}} 雨' if i % 2 else v for i, v in enumerate(network.states)}
    network = BayesianNetwork(
        {odd[v]: s for v, s in network.states.items()},
        {odd[v]: ([odd[p] for p in t.parents], t.probabilities) for v, t in network.tables.items()},
        "table",
    )
    for name in ("net.bif", "net.bif.gz"):
        write_bif(network, tmp_path / name)
        back = read_bif(tmp_path / name)
        assert (back.states, back.name) == (network.states, network.name)
        for v, table in network.tables.items():
            assert back.tables[v].parents == table.parents
            np.testing.assert_array_equal(back.tables[v].probabilities, table.probabilities)
    for model in (network, random_markov(rng, 5, 8)):
        write_uai(model, tmp_path / "net.uai")
        again = read_uai(tmp_path / "net.uai")
        assert type(again) is type(model)
        for one, other in zip(model.factors, again.factors, strict=True):
            np.testing.assert_array_equal(one.table, other.table)
            assert [model.variables.index(v) for v in one.variables] == [int(v) for v in other.variables]
    assert (tmp_path / "net.bif.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_the_child_of_a_uai_factor_is_its_last_variable_and_moves_fastest(tmp_path: Path) -> None:
    text = "BAYES\n2\n2 3\n2\n1 0\n2 0 1\n\n2\n.25 7.5e-1\n\n6\n .1 .2 .7 .5 .5 0x0p0\n"
    network = read_uai(written(tmp_path, text, "net.uai"))
    assert isinstance(network, BayesianNetwork)
    np.testing.assert_array_equal(network.tables["1"].probabilities, [[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]])
    posterior = CompiledNetwork(network).infer({1: 2})
    assert posterior["0"].tolist() == [1.0, 0.0]
    assert posterior.log10_evidence == pytest.approx(np.log10(0.25 * 0.7))


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("", [{}]),
        ("0", [{}]),
        ("1 0", [{}]),
        ("2 0 1 7 0", [{"0": "1", "7": "0"}]),
        ("1\n2 0 1 7 0", [{"0": "1", "7": "0"}]),
        ("2\n1 0 1\n2 3 0 4 1\n", [{"0": "1"}, {"3": "0", "4": "1"}]),
    ],
)
def test_evidence_files_of_both_forms(tmp_path: Path, text: str, sets: list[dict[str, str]]) -> None:
    assert read_uai_evidence(written(tmp_path, text, "net.uai.evid")) == sets


def test_rounded_rows_are_mended_and_said(tmp_path: Path) -> None:
    text = WEATHER.replace("7e-1 0.2 0.1", "0.7 0.2 0.0995")
    network = read_bif(written(tmp_path, text))
    assert "wet (5.0e-04)" in network.notes[0].en
    assert network.tables["wet"].probabilities.sum(-1) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"x (y); z" ;', '"x (y); z"', r":2:52: expected ';' after the property, got '}'"),
        ("[ 2 ]", "[ 3 ]", r":3:39: expected 2, the number of states listed, got '3'"),
        ("more }", '"<5 mm" }', r":3:54: expected states that are different, got '<5 mm'"),
        ("type discrete[3]", "type continuous[3]", r":4:21: expected discrete, got 'continuous'"),
        ("wet {", '"the rain" {', r":4:10: expected a variable that is not declared yet"),
        ("table .6, .4", "table .6, .5", r":6:30: expected probabilities that sum to 1, got 1\.1"),
        ("table .6, .4", "table .6, -.4", r":6:40: expected a probability between 0 and 1, got '-.4'"),
        ("table .6, .4", "table .6, nan", r":6:40: expected a probability between 0 and 1, got 'nan'"),
        ("table .6, .4", "table .6", r":6:30: expected 2 numbers, got 1"),
        ("table .6, .4", "table .6, .4, .0", r":6:44: expected 2 numbers, got 3"),
        ("table .6, .4 ;", "", r":6:15: expected a table, got none"),
        ('wet|"the rain"', 'wet|"the rian"', r":7:17: expected a declared variable, got 'the rian'; did you mean 'the rain'"),
        ('wet|"the rain"', "wet|wet", r":7:17: expected parents that are different, got 'wet'"),
        ('("<5 mm")', '("<6 mm")', r":8:4: expected a state of the rain, got '<6 mm'; did you mean '<5 mm'"),
        ('("<5 mm")', '("<5 mm", more)', r":8:3: expected 1 states, one a parent, got 2"),
        ("default .1, .2, .7;", '("<5 mm") .1 .2 .7;', r":9:3: expected one row for the same states of the parents"),
        ("  default .1, .2, .7;\n", "", r":7:13: expected the row \(more\), got none"),
        ("default .1, .2, .7;", "default .1, .2, .7", r":\d+:1: expected a probability between 0 and 1, got '}'|expected ';'"),
        ("probability ( \"the rain\" ) { table .6, .4 ; }", "", r":3:10: expected a probability block of the rain, got none"),
        ("over two lines */", "", r":4:51: expected a quote or comment that is closed"),
        ("network", "netwrok", r":2:1: expected network or variable or probability, got 'netwrok'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_column(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in WEATHER
    with pytest.raises(GradusError, match=message):
        read_bif(written(tmp_path, WEATHER.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r":1:1: expected MARKOV or BAYES, got the end of the file"),
        ("MARKOV 0", r":1:8: expected the number of variables, got '0'"),
        ("MARKOV 999999999999 2", r"expected no more than the file has words for"),
        ("MARKOV 1 2 1 1 1 2 1 1", r":1:16: expected a variable from 0 to 0, got '1'"),
        (
            "MARKOV 2 2 2 1 2 0 0 4 1 1 1 1",
            r":1:20: expected variables of a factor that are different, got '0'",
        ),
        (
            "MARKOV 1 2 1 1 0 3 1 1 1",
            r":1:18: expected 2, the number of entries of the factor over \[0\], got '3'",
        ),
        ("MARKOV 1 2 1 1 0 2 1", r":1:21: expected a number that is 0 or more, got the end of the file"),
        ("MARKOV 1 2 1 1 0\n2\n1 -1", r":3:3: expected a number that is 0 or more, got '-1'"),
        ("MARKOV 1 2 1 1 0\n2\n1 inf", r":3:3: expected a number that is 0 or more, got 'inf'"),
        ("MARKOV 1 2 1 1 0 2 1 1 1", r":1:24: expected the end of the file, got '1'"),
        ("BAYES 1 2 1 1 0 2 .5 .6", r"rows that sum to 1, got 1.1"),
        ("BAYES 2 2 2 2 1 0 1 0 2 .5 .5 2 .5 .5", r"each variable as the child of one factor"),
    ],
)
def test_what_is_wrong_in_a_uai_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GradusError, match=message):
        read_uai(written(tmp_path, text, "net.uai"))


def test_broken_files(tmp_path: Path) -> None:
    whole = gzip.compress(WEATHER.encode())
    (tmp_path / "cut.bif.gz").write_bytes(whole[:-20])
    with pytest.raises(GradusError, match="broken gzip data"):
        read_bif(tmp_path / "cut.bif.gz")
    (tmp_path / "latin.bif").write_bytes(b"network n {\n}\nvariable \xe9 { }")
    with pytest.raises(GradusError, match=r":3: expected text in UTF-8, got byte 0xe9"):
        read_bif(tmp_path / "latin.bif")
    with pytest.raises(GradusError, match="cannot read"):
        read_bif(tmp_path / "none.bif")


def test_malformed_files_are_refused_or_still_a_network(tmp_path: Path) -> None:
    """Words taken out, doubled or exchanged: an error with line and column, or a network whose rows still sum to 1."""
    rng, refused = np.random.default_rng(0), 0
    words = WEATHER.split(" ")
    for k in range(120):
        broken = list(words)
        i, j = rng.integers(len(words), size=2)
        if k % 3 == 0:
            del broken[i]
        elif k % 3 == 1:
            broken.insert(i, broken[j])
        else:
            broken[i], broken[j] = broken[j], broken[i]
        try:
            network = read_bif(written(tmp_path, " ".join(broken)))
        except GradusError as error:
            refused += 1
            assert "net.bif" in error.text.en
        else:
            for table in network.tables.values():
                np.testing.assert_allclose(table.probabilities.sum(-1), 1)
    assert refused > 60


def test_a_markov_network_of_another_layout_is_refused() -> None:
    with pytest.raises(GradusError, match="did you mean 'rain'"):
        MarkovNetwork({"rain": ["no", "yes"]}, [("rian", [1.0, 2.0])])
    with pytest.raises(GradusError, match=r"factors\[0\]: expected the shape"):
        MarkovNetwork({"rain": ["no", "yes"]}, [("rain", [1.0, 2.0, 3.0])])
