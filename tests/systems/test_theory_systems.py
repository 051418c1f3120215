"""Systems of theory: tiny runs repeat themselves and report in both languages with findings and pages; the real ones reach their targets."""

import json
import re
from functools import cache
from importlib.resources import files

import numpy as np
import pytest

from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.plain_rows import plain_rows
from gradus.systems.theory import (
    double_descent,
    edge_of_stability,
    lottery_of_initialisations,
    neural_collapse,
    ntk_regression,
    scaling_laws,
)
from gradus.systems.theory.lottery_of_initialisations import nets
from gradus.systems.theory.ntk_regression import measuring

TINY = {
    "ntk-regression": (
        ntk_regression,
        {"units": 16, "sizes": [20, 60], "widths": [8, 64], "rows": 40, "steps": 20, "epochs": 2},
    ),
    "edge-of-stability": (
        edge_of_stability,
        {"step_sizes": [0.1, 0.8], "steps": 20, "units": 8, "layers": 1, "rows": 40, "interval": 10},
    ),
    "lottery-of-initialisations": (
        lottery_of_initialisations,
        {"weight_variances": [0.6, 4.0], "depths": [2, 6], "units": 16, "steps": 20},
    ),
    "double-descent": (double_descent, {"rows": 20, "features": [5, 20, 60], "ridges": [1e-2], "draws": 2}),
    "scaling-laws": (
        scaling_laws,
        {"widths": [2, 4], "examples_seen": [50, 200], "steps": 10, "vector_width": 2, "batch_size": 16},
    ),
    "neural-collapse": (neural_collapse, {"units": 12, "layers": 1, "epochs": 3, "batch_size": 480}),
}
DRAWN = (
    "lottery-of-initialisations",
    "scaling-laws",
)  # in the ordinary run; the reports of the others in the slow one
every_system = pytest.mark.parametrize("key", TINY)
digits = cache(lambda: load_any("digits"))
ALICE = str(files("gradus.data") / "alice.txt")


def data_of(key):
    """What the tests train on: the digits, or a short text."""
    return load_any("alice") if key == "scaling-laws" else digits()


def option_of(key):
    """How the command line is told so."""
    return ["--data", ALICE] if key == "scaling-laws" else []


@pytest.fixture
def tiny(key, monkeypatch):
    """The recipe at a size that takes a part of a second."""
    module, settings = TINY[key]
    for name, value in settings.items():
        assert name in module.SETTINGS
        monkeypatch.setitem(module.SETTINGS, name, value)
    return recipe_of("theory", key)


def flat(value):
    """All numbers of what a seed measured."""
    if isinstance(value, dict):
        return [n for v in value.values() for n in flat(v)]
    if isinstance(value, (list, tuple)):
        return [n for v in value for n in flat(v)]
    return [-1.0] if value is None else np.ravel(np.asarray(value, float)).tolist()


@every_system
def test_the_numbers_are_of_the_seed_alone(key, tiny):
    first, again, other = (tiny.train(data_of(key), SeedRequest(s, None)) for s in (3, 3, 4))
    assert first.score == again.score and flat(first.measured) == flat(again.measured)
    assert flat(first.measured) != flat(other.measured)
    found, else_found = (tiny.findings([r.measured]) for r in (first, other))
    assert found and found != else_found
    for text in found:
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)


@pytest.mark.parametrize("key", [k if k in DRAWN else pytest.param(k, marks=pytest.mark.slow) for k in TINY])
def test_what_was_found_is_printed_and_stands_in_the_report_with_its_pages(key, tiny, tmp_path, capsys):
    argv = ["run", key, "--seed", "0", "--no-verify", "--lang", "zh", "--directory", str(tmp_path / "r")]
    main(argv + option_of(key))
    told = capsys.readouterr().out
    html = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    found = re.findall(r"<li>(.*)</li>", part[part.index('<ul class="findings">') : part.index("</ul>")])
    assert (
        len(found)
        == len(json.loads((tmp_path / "r" / "summary.json").read_text(encoding="utf-8"))["findings"])
        > 0
    )
    assert all(text[:10] in told for text in found)
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<code>.*?</code>", " ", part, flags=re.DOTALL))
    assert not re.search(r"\b(the|and|with|over|of)\b", words) and "$" not in words
    for page in tiny.about.pages:
        assert f'<a href="#{page}">' in part and f'id="{page}"' in html
    for figure in re.findall(r"<svg [^>]*>", html):
        assert re.search('aria-label="[^"]{20,}"', figure)


@pytest.mark.slow
@pytest.mark.real_data
@every_system
def test_reaches_its_target(key, tmp_path, real_data):
    outcome = run_system(
        system_of(key), data_dir=str(real_data), directory=tmp_path / "r", verify=False, progress="silent"
    )
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)


class TestTangentKernelRegression:
    def test_the_infinite_kernel_is_the_mean_of_the_wide_nets(self):
        import torch

        from gradus.theory import infinite_kernels, tangent_kernel

        x = torch.randn(5, 7, generator=torch.Generator().manual_seed(0))
        nets = [measuring.tangent_net(7, 1024, 2, seed) for seed in range(4)]
        mean = sum(tangent_kernel(net, x, output=0) for net in nets) / len(nets)
        expected = infinite_kernels(x, depth=2).ntk
        assert (
            mean - expected
        ).norm() < 0.05 * expected.norm()  # one net deviates by n^-1/2 = .03, four by half of it

    def test_a_power_law_is_read_off(self):
        assert measuring.power([1, 2, 4], [3, 1.5, 0.75]) == pytest.approx(-1)

    def test_few_examples_are_seen_as_often(self):
        assert measuring.passes(1437, 1437) == 30
        assert measuring.passes(64, 1437) == 10 * 30  # 675 would be as many steps


class TestEdgeOfStability:
    def test_the_sharpness_comes_to_the_edge_from_both_sides(self, monkeypatch):
        for name, value in {"steps": 160, "rows": 100, "interval": 20}.items():
            monkeypatch.setitem(edge_of_stability.SETTINGS, name, value)
        rows = plain_rows(digits(), 0, 100)
        courses = [edge_of_stability.descended(rows, [(0, alpha)], 0) for alpha in (0.4, 0.8)]
        assert courses[0]["ratios"][0] < 0.9 and courses[1]["ratios"][0] > 1.1
        assert all(0.9 < edge_of_stability.settled(c) < 1.3 for c in courses)
        assert all(c["losses"][-1] < c["losses"][0] / 3 for c in courses)

    def test_one_step_that_comes_there_is_no_evidence(self):
        far, near = {"ratios": [0.1, 0.2, 0.3]}, {"ratios": [0.1, 1.2, 1.1]}
        far["diverged"] = near["diverged"] = False
        assert edge_of_stability.distance({"courses": [far, near]}) == 1
        assert edge_of_stability.distance({"courses": [near, near]}) == pytest.approx(0.1)


class TestLotteryOfInitialisations:
    def test_nets_side_by_side_are_nets_alone(self):
        import torch

        x = torch.randn(3, 7, generator=torch.Generator().manual_seed(0))
        weights, biases = nets.drawn([7, 5, 2], 0)
        together = nets.outputs(x, weights, biases)
        for i in (0, len(together) - 1):
            alone = torch.tanh(x @ weights[0][i] + biases[0][i]) @ weights[1][i] + biases[1][i]
            assert torch.allclose(together[i], alone, atol=1e-5)
        large = weights[1][-1] / weights[1][0]
        variances = nets.SETTINGS["weight_variances"]
        assert torch.allclose(large, torch.full_like(large, (variances[-1] / variances[0]) ** 0.5))

    def test_theory_is_right_where_it_orders_the_pairs(self, monkeypatch):
        monkeypatch.setitem(nets.SETTINGS, "depths", [10, 20])
        scales = [5.0, 50.0]
        assert nets.told_apart(np.array([[0.9, 0.9], [0.1, 0.9]]), scales) == 1
        assert nets.told_apart(np.array([[0.9, 0.1], [0.9, 0.9]]), scales) == 0
        assert nets.told_apart(np.array([[0.1, 0.9], [0.9, 0.1]]), scales) == pytest.approx(0.5)
        assert nets.told_apart(np.ones((2, 2)), scales) == 0  # nothing to tell apart

    def test_correlations_of_a_wide_net_follow_mean_field(self):
        found, told = nets.correlations(plain_rows(digits(), 0, 10), 1.2, 0)
        assert (
            np.abs(np.array(found) - told).max() < 0.2
        )  # 20 layers of 512 units: 1/√512 a layer, kept by 1 - 1/ξ
        assert told[-1] > 0.95 > told[0]


class TestNeuralCollapse:
    def test_the_corners_of_a_simplex_have_collapsed(self):
        import torch

        corners = torch.eye(4).double() - 1 / 4  # four points at equal distances, their mean 0
        y = torch.arange(4).repeat(3)
        found = neural_collapse.collapse(2 * corners[y] + 5, corners, y, y, 4)
        assert found.pop("right") == 1
        assert max(found.values()) < 1e-7

    def test_each_measure_tells_its_own_fault(self):
        import torch

        corners, y = torch.eye(4).double() - 1 / 4, torch.arange(4).repeat(2)
        found = neural_collapse.collapse(corners[y], corners, y, y.flip(0), 4)
        assert found["right"] == 0 and found["nearest"] == 1
        longer = corners * torch.tensor([1.0, 1, 1, 3])[:, None].double()
        found = neural_collapse.collapse(longer[y], corners, y, y, 4)
        assert found["variability"] < 1e-12 < 0.1 < min(found["lengths"], found["angles"], found["duality"])
        along = corners[y] * (1 + 0.2 * torch.tensor([1.0, -1]).repeat_interleave(4)[:, None])
        found = neural_collapse.collapse(along, corners, y, y, 4)
        # Σ_W = .04 Σ_B, of rank 3: tr(Σ_W Σ_B⁺)/4 = .04 · 3/4
        assert found["variability"] == pytest.approx(0.03) and found["lengths"] < 1e-12

    @pytest.mark.parametrize("key", ["neural-collapse"])
    def test_a_resumed_run_has_what_was_measured_before(self, key, tiny, tmp_path):
        first = tiny.train(digits(), SeedRequest(0, None, tmp_path, epochs=2))
        again = tiny.train(digits(), SeedRequest(0, None, tmp_path, True, epochs=2))
        assert again.measured == first.measured and first.measured["courses"]["normed"]["epoch"] == [1, 2]


class TestDoubleDescent:
    def test_the_smallest_solution_is_taken_and_a_ridge_is_added_to_the_squares(self, monkeypatch):
        rng = np.random.default_rng(0)
        for shape in ((6, 3), (3, 6)):
            F, y = rng.normal(size=shape), rng.normal(size=shape[0])
            U, s, V = np.linalg.svd(F, full_matrices=False)
            smallest = V.T @ (double_descent.inverse(s, 0.0, 6) * (U.T @ y))
            assert smallest == pytest.approx(np.linalg.lstsq(F, y, rcond=None)[0])
            ridged = V.T @ (double_descent.inverse(s, 0.5, 6) * (U.T @ y))
            assert ridged == pytest.approx(np.linalg.solve(F.T @ F + 0.5 * np.eye(shape[1]), F.T @ y))

    def test_the_error_peaks_at_as_many_features_as_examples_and_a_ridge_takes_it_away(self, monkeypatch):
        counts, n = [15, 60, 600], 60
        monkeypatch.setitem(double_descent.SETTINGS, "features", counts)
        curves = double_descent.errors(plain_rows(digits(), 0), n, 0.2, (0.0, 1e-2), np.random.default_rng(0))
        assert double_descent.height(counts, curves[0.0]["test"], n) > 5
        assert double_descent.height(counts, curves[1e-2]["test"], n) < 1.5
        assert max(curves[0.0]["training"][1:]) < 1e-12 < curves[0.0]["training"][0]
        assert double_descent.height([70, 80], [1.0, 2.0], n) == 0  # nothing on one side


class TestScalingLaws:
    LAW = staticmethod(lambda n, d: 1.5 + 20 / n**0.4 + 30 / d**0.5)
    GRID = tuple((n, d) for d in (1000, 4000, 16000, 64000) for n in (100, 200, 400, 800))

    def test_a_planted_law_is_found_and_tells_the_largest_run(self):
        runs = [(n, d, self.LAW(n, d)) for n, d in self.GRID]
        law = scaling_laws.law_of(runs[:-1])
        found = scaling_laws.numbers_of(law)
        assert [found[k][0] for k in found] == pytest.approx([1.5, 0.4, 0.5], rel=1e-4)
        assert scaling_laws.miss(runs[-1], law.extrapolate([runs[-1][:2]]).loss) < 1e-6

    def test_runs_that_settle_nothing_give_no_law(self):
        assert scaling_laws.law_of([(n, d, 2.0) for n, d in self.GRID]) is None
        assert scaling_laws.miss((1, 1, 2.0), None) == 1

    def test_what_is_said_of_a_law_is_what_was_measured(self):
        runs = [(n, d, self.LAW(n, d)) for n, d in self.GRID]
        law = {
            "irreducible": [1.5, 1.0, 2.0],
            "exponents[0]": [0.4, 0.3, np.inf],
            "exponents[1]": [0.5, 0.4, 0.6],
        }
        inside, outside = (
            scaling_laws.findings([{"runs": runs, "told": told, "law": law}])[-1]
            for told in ([3.0, 2.0, 4.0], [1.0, 0.5, 1.5])
        )
        assert "0.4 (0.3 – ∞)" in inside.en and "within" in inside.en and "outside" in outside.en
        assert "之内" in inside.zh and "之外" in outside.zh
