"""The Ising model: rows against all states, closed forms against rows, draws against both, clusters and colours on any graph."""

import itertools
import math

import networkx as nx
import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from gradus.errors import GradusError
from gradus.inference import (
    IsingModel,
    binder_crossing,
    gibbs_matrix,
    infer,
    ising_sample,
    ising_strip,
    kaufman_torus,
    onsager_plane,
)
from gradus.inference.ising.plane import CRITICAL_TEMPERATURE

CRITICAL = 1 / CRITICAL_TEMPERATURE


def spins(n):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=n)))


def random_model(n, seed, field=True):
    rng = np.random.default_rng(seed)
    J = np.triu(rng.standard_normal((n, n)), 1)
    return IsingModel(J + J.T, rng.standard_normal(n) if field else 0.0)


class TestExact:
    def test_a_network_has_the_same_partition_function_and_marginals(self):
        model = random_model(6, 0)
        found, posterior = model.exact(0.7), infer(model.network(0.7))
        assert found.log_partition == pytest.approx(np.log(model.network(0.7).joint().sum()))
        ups = [posterior[str(i)][1] for i in range(6)]
        assert found.magnetisation == pytest.approx(2 * np.array(ups) - 1)

    @pytest.mark.parametrize("around", list(itertools.product((True, False), repeat=2)))
    def test_rows_are_all_states(self, around):
        width, length, J, h, beta = 5, 3, (0.6, -0.9), 0.3, 0.5
        couplings, place = np.zeros((15, 15)), np.arange(15).reshape(length, width)
        for axis, coupling, closed in ((0, J[0], around[0]), (1, J[1], around[1])):
            for here, there in zip(place, np.roll(place, -1, 0), strict=True) if not axis else zip(place.T, np.roll(place, -1, 1).T, strict=True):  # fmt: skip
                if closed or (there > here).all():
                    couplings[here, there] += coupling
        E = IsingModel(couplings + couplings.T, h)
        expected, found = (
            E.exact(beta),
            ising_strip(width, length, beta, couplings=J, field=h, periodic=around),
        )
        assert found.log_partition == pytest.approx(expected.log_partition, rel=1e-12)
        assert found.energy == pytest.approx(expected.energy, rel=1e-12)
        assert found.energy_variance == pytest.approx(expected.energy_variance, rel=1e-10)
        assert found.magnetisation == pytest.approx(expected.magnetisation.sum(), rel=1e-11)
        assert found[4:] == pytest.approx([expected.second, expected.fourth, expected.binder], rel=1e-12)

    def test_a_graph_is_its_matrix_and_edges_of_a_multigraph_add_up(self):
        graph = nx.MultiGraph()
        graph.add_edge("a", "b", coupling=0.5)
        graph.add_edges_from([("a", "b"), ("b", "c")])
        model = IsingModel(graph, [0.1, 0.2, 0.3])
        assert model.names == ("a", "b", "c")
        assert model.couplings.tolist() == [[0, 1.5, 0], [1.5, 0, 1], [0, 1, 0]]
        assert set(model.network(0.3).variables) == {"a", "b", "c"}

    def test_a_cold_strip_does_not_overflow_and_has_its_two_ground_states(self):
        found = ising_strip(4, 300, 5.0)
        assert found.log_partition == pytest.approx(5 * 2 * 1200 + math.log(2), rel=1e-14)
        assert found.binder == pytest.approx(2 / 3)

    def test_cumulants_of_widths_six_and_eight_cross_within_one_per_cent_of_the_critical_temperature(self):
        colder, hotter = 1 / (0.99 * CRITICAL_TEMPERATURE), CRITICAL
        apart = [ising_strip(8, 8, b).binder - ising_strip(6, 6, b).binder for b in (colder, hotter)]
        assert apart[0] > 1e-4 and apart[1] < -1e-4

    @pytest.mark.slow
    def test_the_crossings_of_larger_widths_come_nearer(self):
        def crossing(a, b):
            def apart(beta):
                return ising_strip(b, b, beta).binder - ising_strip(a, a, beta).binder

            return CRITICAL_TEMPERATURE * brentq(apart, 0.42, 0.48, xtol=1e-5) - 1

        off = [crossing(a, a + 2) for a in (4, 6)]
        assert off == pytest.approx([0.0208, 0.0091], abs=2e-4)  # of β


class TestClosedForms:
    @pytest.mark.parametrize("K", [1e-4, 0.1, CRITICAL, 1.0, 50.0, 200.0])
    def test_kaufman_is_a_strip(self, K):
        for rows, columns in ((2, 2), (2, 5), (5, 4)):
            found, expected = kaufman_torus(rows, columns, K, 1.0), ising_strip(columns, rows, K)
            assert found.log_partition == pytest.approx(expected.log_partition, rel=1e-13)
            assert found.energy == pytest.approx(expected.energy, rel=1e-11, abs=1e-10)
        halved = kaufman_torus(3, 4, K / 2, 2.0), kaufman_torus(3, 4, K)
        assert halved[0].energy == pytest.approx(2 * halved[1].energy)

    @pytest.mark.parametrize("K", [2e-4, 0.2, 0.41, 0.49, 0.9])
    def test_onsagers_energy_and_heat_are_slopes_of_his_free_energy_and_a_large_torus_has_them(self, K):
        plane = onsager_plane(K)
        torus = kaufman_torus(256, 256, K)
        assert torus.log_partition / 256**2 == pytest.approx(
            plane.log_partition, abs=2e-5
        )  # ln 2 over the spins
        assert torus.energy / 256**2 == pytest.approx(plane.energy, abs=1e-9)

        step = 1e-4 * K
        ends = [onsager_plane(K + d) for d in (step, -step)]
        assert -(ends[0].log_partition - ends[1].log_partition) / (2 * step) == pytest.approx(
            plane.energy, rel=1e-5
        )
        heat = -(ends[0].energy - ends[1].energy) / (2 * step) * K**2
        assert heat == pytest.approx(plane.heat_capacity, rel=1e-5)

    def test_the_transition(self):
        plane = onsager_plane(CRITICAL)
        assert plane.energy == pytest.approx(-math.sqrt(2)) and plane.heat_capacity > 10
        assert onsager_plane(CRITICAL * (1 - 1e-6)).magnetisation == 0
        assert 0.1 < onsager_plane(CRITICAL * (1 + 1e-6)).magnetisation < 0.3
        assert onsager_plane(0.0) == pytest.approx((math.log(2), 0, 0, 0))
        assert onsager_plane(1000.0).energy == -2


class TestSampling:
    def test_the_heat_bath_by_one_spin_a_colour_is_gibbs_sampling(self):
        model = random_model(4, 1)
        colours = np.arange(4)
        rows = [model.sweep_distribution(s, 0.8, colours=colours) for s in spins(4)]
        assert np.stack(rows) == pytest.approx(gibbs_matrix(model.network(0.8)))

    @pytest.mark.parametrize("method", ["heat-bath", "metropolis", "swendsen-wang"])
    @pytest.mark.parametrize("field", [False, True])
    def test_every_state_comes_as_often_as_it_should(self, method, field):
        model = random_model(3, 2, field)  # frustrated, or not: the couplings have any signs
        replicas = 20000
        draws = ising_sample(model, 0.6, method=method, draws=4, warmup=16, replicas=replicas, seed=1)
        place = ((draws.spins.numpy() > 0) @ [4, 2, 1]).astype(int)
        share = np.bincount(place, minlength=8) / replicas
        weight = np.exp(-0.6 * model.energy(spins(3)))
        expected = weight / weight.sum()
        z = (share - expected) / np.sqrt(expected * (1 - expected) / replicas)
        assert np.abs(z).max() < 5
        assert draws.energy[:, -1] == pytest.approx(model.energy(draws.spins.numpy().astype(float)))
        assert (draws.magnetisation[:, -1] == draws.spins.numpy().sum(1)).all()

    def test_the_sampler_turns_spins_by_the_distribution_that_is_said(self):
        model, start = (
            IsingModel.lattice(2, 3, field=0.2, periodic=False),
            torch.tensor([[1, -1, 1, 1, -1, -1]]),
        )
        for rule in ("heat-bath", "metropolis"):
            many = start.repeat(20000, 1)
            draws = ising_sample(model, 0.4, method=rule, draws=4, warmup=0, replicas=20000, start=many)
            first = draws.energy[:, 0]
            law = model.sweep_distribution(start[0].numpy().astype(float), 0.4, rule=rule)
            E = model.energy(spins(6))
            mean, spread = law @ E, math.sqrt(law @ E**2 - (law @ E) ** 2)
            assert abs(first.mean() - mean) < 5 * spread / math.sqrt(20000)

    def test_metropolis_never_leaves_stripes_that_pull_nowhere(self):
        model, place = IsingModel.lattice(4), np.add.outer(np.arange(4), np.arange(4)).ravel() % 4
        stripes = torch.from_numpy(np.where(place < 2, 1.0, -1.0)).repeat(4, 1)
        stuck, free = (
            ising_sample(model, 0.4, method=m, draws=20, warmup=0, replicas=4, start=stripes).energy
            for m in ("metropolis", "heat-bath")
        )
        assert (stuck == 0).all() and (free[:, -1] < 0).any()

    def test_estimates_and_their_errors(self):
        model = IsingModel.lattice(4)
        exact = {b: ising_strip(4, 4, b) for b in (0.4, 0.42)}
        z = []
        for seed in range(3):
            draws = ising_sample(model, 0.4, draws=150, warmup=20, replicas=32, seed=seed)
            for beta, truth in exact.items():
                found = draws.estimates(beta)
                z.append((found.energy.value - truth.energy / 16) / found.energy.error)
                z.append((found.binder.value - truth.binder) / found.binder.error)
                heat = beta**2 * truth.energy_variance / 16
                z.append((found.heat_capacity.value - heat) / found.heat_capacity.error)
        assert np.abs(z).max() < 4.5 and 0.4 < np.std(z) < 1.8  # 18 numbers in groups of six that go together

    @pytest.mark.slow
    def test_the_crossing_is_that_of_the_two_sizes(self):
        small, large = (
            ising_sample(IsingModel.lattice(L), 0.445, draws=300, warmup=20, replicas=32) for L in (4, 8)
        )
        found = binder_crossing(small, large)
        # exact rows: 4 and 8 cross at β = 0.447277, U = 0.621468
        assert abs(found.beta.value - 0.447277) < 4 * found.beta.error < 0.04
        assert abs(found.binder.value - 0.621468) < 4 * found.binder.error < 0.03
        assert found.temperature.value == pytest.approx(1 / found.beta.value)

    def test_the_numbers_are_of_the_seed_alone_and_spins_go_on(self):
        model = IsingModel.lattice(3)
        first, again, other = (
            ising_sample(model, 0.4, draws=5, warmup=5, replicas=4, seed=s) for s in (3, 3, 4)
        )
        assert (first.energy == again.energy).all() and (first.energy != other.energy).any()
        further = ising_sample(model, 100.0, start=torch.ones(4, 9), draws=4, warmup=0, replicas=4)
        assert (further.magnetisation == further.magnetisation[0, 0]).all() or (
            np.abs(further.magnetisation) == 9
        ).all()

    def test_a_lattice_with_even_sides_has_two_colours_and_an_odd_one_more(self):
        for size, count in ((4, 2), (6, 2), (5, 3)):
            model = IsingModel.lattice(size)
            colours = model.colours()
            assert (colours.max() + 1 == 2) if count == 2 else colours.max() >= 2
            i, j = np.nonzero(model.couplings)
            assert (colours[i] != colours[j]).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("call", "said"),
        [
            (lambda: IsingModel([[0.0, 1.0], [2.0, 0.0]]), r"J\[0, 1\] = 1"),
            (lambda: IsingModel(np.eye(2)), "itself"),
            (lambda: IsingModel(nx.Graph([("a", "a")])), "itself"),
            (lambda: IsingModel(np.zeros((0, 0))), "at least one"),
            (lambda: IsingModel(np.zeros((2, 2)), np.zeros(3)), "2 of them"),
            (lambda: IsingModel.lattice(1), "rows"),
            (lambda: IsingModel.lattice(3).energy(np.zeros(9)), "−1 and"),
            (lambda: IsingModel.lattice(5).exact(0.4), "at most 20"),
            (lambda: IsingModel.lattice(3).network(800.0), "700"),
            (lambda: ising_strip(13, 4, 0.4), "at most 12"),
            (lambda: ising_strip(3, 4, 0.4, periodic=True), "two of"),
            (lambda: kaufman_torus(1, 4, 0.4), "rows"),
            (lambda: ising_sample(IsingModel.lattice(3), 0.4, start=torch.ones(2, 9)), "shape"),
        ],
    )
    def test_what_is_wrong_is_said(self, call, said):
        with pytest.raises(GradusError, match=said):
            call()

    def test_draws_say_how_far_they_reach(self):
        draws = ising_sample(IsingModel.lattice(8), 0.3, draws=20, warmup=10, replicas=4)
        with pytest.raises(GradusError, match="beta"):
            draws.estimates(0.6)
        with pytest.raises(GradusError, match="another size"):
            binder_crossing(draws, draws)
        cold = ising_sample(IsingModel.lattice(4), 0.9, draws=20, warmup=10, replicas=4)
        with pytest.raises(GradusError):
            binder_crossing(cold, draws)
