"""Systems of inference: small runs repeat themselves and say in both languages what they measured; the real ones reach their targets."""

import json
import re
from functools import cache

import numpy as np
import pytest

from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference import crf, hmm, kalman, mixture_em

TINY = {
    "kalman": (kalman, {"tracks": 20, "steps": 30, "gap": [12, 18]}, "two-sensors"),
    "hmm": (hmm, {"starts": 1, "steps": 8, "rows": 2000}, "alice"),
    "crf": (crf, {"windows": [1, 3], "steps": 3, "rows": 2000}, "alice"),
    "mixture-em": (mixture_em, {"most": 2, "starts": 1, "steps": 20}, "iris"),
}
data_of = cache(load_any)


@pytest.fixture
def tiny(key, monkeypatch):
    """The recipe at a size that takes a part of a second."""
    module, settings, _ = TINY[key]
    for name, value in settings.items():
        assert name in module.SETTINGS
        monkeypatch.setitem(module.SETTINGS, name, value)
    return recipe_of("inference", key)


@pytest.mark.parametrize("key", [pytest.param(k, marks=pytest.mark.slow) if k == "crf" else k for k in TINY])
def test_the_numbers_are_of_the_seed_alone_and_stand_in_the_report(key, tiny, tmp_path, capsys):
    data = TINY[key][2]
    folder = tmp_path / "r"
    argv = [
        "run",
        key,
        "--data",
        data,
        "--seed",
        "3",
        "--no-verify",
        "--lang",
        "zh",
        "--directory",
        str(folder),
    ]
    main(argv)
    (folder / "summary.json").unlink()  # as if it had been killed before it was done
    main([*argv, "--resume"])
    told = capsys.readouterr().out
    again = tiny.train(data_of(data), SeedRequest(3, None))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["scores"] == {"3": again.score}
    found = tiny.findings([again.measured])
    assert [list(text) for text in summary["findings"]] == [[text.en, text.zh] for text in found]
    assert all(text.zh[:10] in told.replace("\n", "") for text in found)
    for text in found:
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
    html = (folder / "report.html").read_text(encoding="utf-8")
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<code>.*?</code>|<p class=.surprise.*?</p>", " ", part, flags=re.DOTALL))  # fmt: skip
    assert not re.search(r"\b(the|and|with|over|of)\b", words) and "$" not in words
    for figure in re.findall(r"<svg [^>]*>", html):
        assert re.search('aria-label="[^"]{20,}"', figure)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "data"), [("kalman", "two-sensors"), ("hmm", "alice"), ("crf", "alice"), ("mixture-em", "wine"), ("mixture-em", "iris")])  # fmt: skip
def test_reaches_its_target(key, data, tmp_path):
    outcome = run_system(system_of(key), data=data, directory=tmp_path / "r", verify=False, progress="silent")
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)


class TestKalman:
    def test_the_sensors_are_good_in_different_directions_and_nothing_is_seen_in_the_gap(self):
        model = kalman.tracker()
        a, b = kalman.SETTINGS["sensor_deviations"]
        assert np.diag(model.matrices.measurement_covariance).tolist() == [a**2, b**2, b**2, a**2]
        drawn, missing = kalman.tracks(model, 0)
        first, end = kalman.SETTINGS["gap"]
        assert (
            missing[:, first:end].all()
            and not missing[:, :first, :2].any()
            and not missing[:, end:, :2].any()
        )
        assert 0.1 < missing[:, :first, 2:].mean() < 0.6
        assert drawn.states.shape == (kalman.SETTINGS["tracks"], kalman.SETTINGS["steps"], 4)

    def test_errors_of_known_size_are_told_as_such(self, monkeypatch):
        monkeypatch.setitem(kalman.SETTINGS, "gap", [2, 3])
        states = np.zeros((5, 4, 4))
        means = np.zeros((5, 4, 4))
        means[:, :, 0], means[:, 2, 0] = 2.0, 7.0
        found = kalman._account(means, np.broadcast_to(4 * np.eye(4), (5, 4, 4, 4)), states)
        assert found["error"] == pytest.approx(2) and found["gap_end"] == pytest.approx(7)
        assert found["expected"] == pytest.approx(8**0.5)
        assert found["nees"] == pytest.approx([1, 1, 49 / 4, 1]) and found["inside"] == 0

    @pytest.mark.parametrize(("inside", "nis", "word"), [(0.95, 1.0, "Verdict: consistent"), (0.5, 1.0, "not consistent"), (0.95, 1.2, "not consistent")])  # fmt: skip
    def test_the_verdict_is_of_what_was_measured(self, inside, nis, word):
        one = {
            "error": 2.0,
            "expected": 2.0,
            "gap_end": 9.0,
            "inside": inside,
            "nis": nis,
            "nis_low": 0.9,
            "nis_high": 1.1,
        }
        seed = dict.fromkeys(kalman.NAMES, one) | {"both": one | {"error": 1.0}}
        said = kalman.findings([seed])
        assert word in said[2].en and "50% less" in said[0].en and "In every seed" in said[0].en
        worse = kalman.findings([seed | {"both": one | {"error": 3.0}}])
        assert (
            "50% more" in worse[0].en and "Not in every seed" in worse[0].en and "并非每个种子" in worse[0].zh
        )


class TestHiddenMarkov:
    def test_letters_are_kept_and_all_else_is_one_blank(self):
        text = load_any("alice")
        found = hmm.letters(text, np.array([text.alphabet.index(c) for c in "`oh, dear!\n"]))
        assert "".join(hmm.LETTERS[i] for i in found) == " oh dear "
        digits = type(text)("digits", "0123a", np.array([0, 1, 2, 3, 4]), np.array([0]))
        with pytest.raises(GradusError, match="letters a to z, got 20%"):
            hmm.letters(digits, digits.train)

    def test_a_planted_alternation_is_found_and_scored(self):
        rng = np.random.default_rng(0)
        vowels, others = ([hmm.LETTERS.index(c) for c in part] for part in ("aeiou", "bcdfg"))
        ids = np.stack([rng.choice(vowels, 400), rng.choice(others, 400)], 1).ravel()
        model, _ = hmm.fitted(ids, 0)
        assert set(hmm.sorted_letters(model, hmm.vowel_state(model))) >= set("aeiou")
        assert hmm.agreement(ids, hmm.sides(model)[ids]) == 1 and hmm.commonest(ids) == 0.5
        assert hmm.bits(model, ids) == pytest.approx(np.log2(5), abs=0.05)
        assert hmm.misplaced("␣aeiouyh", "tsk") == "h" and hmm.misplaced("aei", "ou") == "ou"

    def test_bits_of_counts_are_those_of_their_frequencies(self):
        assert hmm.bits_of(np.array([1.0, 1, 2]), np.array([2, 0])) == pytest.approx(1.5)
        assert hmm.pair_bits(np.tile([1, 2], 5000), np.array([1, 2, 1])) < 0.01


class TestMixture:
    def test_columns_are_scaled_and_a_constant_one_stays(self):
        X = mixture_em.prepared(np.array([[1.0, 5], [3, 5], [5, 5]]))
        assert X.mean(0) == pytest.approx([0, 0]) and X.std(0) == pytest.approx([1, 0])

    def test_clusters_that_are_there_are_counted_and_the_verdict_says_so(self, monkeypatch):
        rng = np.random.default_rng(0)
        monkeypatch.setitem(mixture_em.SETTINGS, "most", 3)
        monkeypatch.setitem(mixture_em.SETTINGS, "starts", 2)
        y = np.repeat([0, 1], 60)
        X = rng.normal(size=(120, 2)) + 8 * y[:, None]
        iris = load_any("iris")
        data = type(iris)(**{**vars(iris), "train_inputs": X, "train_targets": y, "test_inputs": X[:0], "test_targets": y[:0], "classes": ("a", "b")})  # fmt: skip
        found = mixture_em.train(data, SeedRequest(0, None))
        assert found.score == 1 and found.measured["chosen"][0] == 2
        assert found.measured["fall"] < 1e-9 and found.measured["same"] == 1
        said = mixture_em.findings([found.measured])
        assert "Verdict: their number is found." in said[0].en and "找到了类别数" in said[0].zh
        wrong = mixture_em.findings([found.measured | {"chosen": [3, "full"], "fall": 0.5}])
        assert "not found" in wrong[0].en and "it falls" in wrong[2].en and "有下降" in wrong[2].zh


class TestRandomField:
    def test_letters_share_the_keys_of_a_telephone(self):
        keys = ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"]
        for number, on_it in enumerate(keys, 1):
            assert {crf.KEYS[crf.LETTERS.index(c)] for c in on_it} == {number}
        assert crf.KEYS[0] == 0 and len(crf.KEYS) == 27

    def test_windows_do_not_reach_beyond_a_row(self, monkeypatch):
        monkeypatch.setitem(crf.SETTINGS, "length", 3)
        x = crf.features(np.array([1, 2, 3, 4, 5, 6, 7]), 3)
        assert x.shape == (2, 3, 27) and x.sum(-1).tolist() == [[2, 3, 2]] * 2
        assert x[1, 0].nonzero().ravel().tolist() == [9 + 4, 18 + 5]

    def test_the_field_reads_from_neighbours_what_a_key_does_not_tell(self, monkeypatch):
        for name, value in {"length": 10, "steps": 60, "learning_rate": 0.1, "batch_size": 16}.items():
            monkeypatch.setitem(crf.SETTINGS, name, value)
        rng = np.random.default_rng(0)
        words = [
            [crf.LETTERS.index(c) for c in word] for word in (" ag", " bj")
        ]  # a and b share a key, g and j do not
        ids = np.concatenate([words[i] for i in rng.choice(2, 400, p=[0.6, 0.4])])
        wrong = {}
        for how in crf.HOW:
            read = crf.reading(crf.trained(how, 1, ids, crf.KEYS[ids], 0), crf.KEYS[ids])
            wrong[how] = (read != crf.cut(ids)).mean()
        # a row of ten ends with a or b one time of three, before its g or j: 1/3 · 1/10 · 2/5 of all cannot be told
        assert 0.1 < wrong["softmax"] < 0.17 and wrong["crf"] < 0.02

    @pytest.mark.parametrize(
        ("field", "word", "zh"), [(0.1, "every seed", "每个种子"), (0.5, "no seed", "没有种子")]
    )
    def test_the_verdict_is_of_what_was_measured(self, field, word, zh):
        wrong = {
            f"{how}-{w}": v for how, v in (("softmax", 0.3), ("crf", field)) for w in crf.SETTINGS["windows"]
        }
        said = crf.findings([{"wrong": wrong}])
        assert len(said) == 2 and all(word in t.en and zh in t.zh and f"{field:.1%}" in t.zh for t in said)
