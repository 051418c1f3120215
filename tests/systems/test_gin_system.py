"""The graph isomorphism network as a system: what sums tell and means do not, and what changes nothing."""

import networkx as nx
import numpy as np
import pytest
import torch

from gradus.catalogue import load
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system
from gradus.systems import SeedRequest, whole_graphs
from gradus.systems.graph_reading import GraphReader
from gradus.systems.networks import gin

every_how = pytest.mark.parametrize("how", list(gin.HOW))


def readers(how, features=2):
    torch.manual_seed(0)
    return GraphReader(how, features, 8, 3, 4).double().eval()


def logits(net, graphs):
    with torch.no_grad():
        return net(torch.from_numpy(whole_graphs.as_array(graphs)).double()).numpy()


@pytest.fixture
def graphs():
    rng = np.random.default_rng(0)
    return [(A, np.stack([np.ones(len(A)), rng.random(len(A)).astype(np.float32)], 1))
            for A in (whole_graphs.ring(9)[0], whole_graphs.regular(12, 4, rng)[0], whole_graphs.kinds(8, 1, rng)[0], np.zeros((1, 1)))]  # fmt: skip


@every_how
def test_neither_the_order_of_the_nodes_nor_the_other_graphs_change_anything(how, graphs):
    net, rng = readers(how), np.random.default_rng(1)
    alone = np.concatenate([logits(net, [graph]) for graph in graphs])
    assert np.allclose(logits(net, graphs), alone, atol=1e-12)  # padded to the largest, in company
    shuffled = []
    for A, H in graphs:
        p = rng.permutation(len(A))
        shuffled.append((A[np.ix_(p, p)], H[p]))
    assert np.allclose(logits(net, shuffled), alone, atol=1e-12)
    # and the answers are no constants
    assert np.abs(alone - alone[0])[1:].max() > 1e-3


@every_how
def test_a_layer_is_its_formula(how, graphs):
    net = readers(how)
    A, H = graphs[1]
    over = {
        "sum": lambda near: 0.25 * near.sum(0),
        "mean": lambda near: near.mean(0),
        "max": lambda near: near.max(0),
    }[how]
    sums, layers = [H.sum(0) / 16], [[p.detach().numpy() for p in layer.parameters()] for layer in net.layers]
    for epsilon, W1, b1, W2, b2 in layers:
        M = (1 + epsilon) * H + np.stack([over(H[row > 0]) for row in A])
        H = np.maximum(np.maximum(M @ W1.T + b1, 0) @ W2.T + b2, 0)
        sums.append(H.sum(0) / 16)
    W, b = (p.detach().numpy() for p in net.readout.parameters())
    assert np.allclose(logits(net, graphs[1:2])[0], W @ np.concatenate(sums) + b, atol=1e-6)


def test_drawn_pairs_are_alike_where_they_say_so():
    rng = np.random.default_rng(0)
    for n in whole_graphs.SIZES:
        for degree in (3, 4):
            A, kind = whole_graphs.regular(n, degree, rng)
            assert (
                (A.sum(1) == degree).all() and (A == A.T).all() and not kind.any() and not A.diagonal().any()
            )
        for own in (1, 2):
            A, kind = whole_graphs.kinds(n, own, rng)
            alike = A * (kind[:, None] == kind)
            assert (
                (A == A.T).all()
                and (A.sum(1) == 3).all()
                and (alike.sum(1) == own).all()
                and kind.sum() == n / 2
            )
        for (A, _), count in ((whole_graphs.ring(n), 1), (whole_graphs.rings(n, rng), 2)):
            assert (A.sum(1) == 2).all() and nx.number_connected_components(nx.from_numpy_array(A)) == count


def test_sums_tell_what_the_theorem_says_and_means_and_maxima_do_not():
    result = gin.train(load_any("alike-graphs"), SeedRequest(0, None))
    told = {name.en: shares for name, shares in result.comparisons[0].rows.items()}
    assert told == {"sum": [1.0, 1.0, 0.5], "mean": [0.5, 1.0, 0.5], "largest": [0.5, 0.5, 0.5]}
    assert result.score == 1.0


def test_digits_as_graphs_and_the_same_again_after_a_kill(tmp_path):
    data = load_any("digits")
    A, H = whole_graphs.strokes(np.array([[1.0, 0.0, 0.0], [0.0, 0.7, 0.0], [0.1, 0.0, 0.9]]))
    assert A.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert H.tolist() == [[1, 1, 0, 0], [1, 0.7, 0.5, 0.5], [1, 0.9, 1, 1]]
    whole = gin.train(data, SeedRequest(0, None, tmp_path, epochs=1))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["max", "mean", "sum"]
    again = gin.train(data, SeedRequest(0, None, tmp_path, resume=True, epochs=1))
    assert again.score == whole.score and again.seconds == whole.seconds > 0
    assert again.charts[0].series[0].y == whole.charts[0].series[0].y


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_run_is_reported_and_takes_no_other_data(lang, tmp_path):
    small = {"seeds": [0, 1], "epochs": 1, "verify": False, "progress": "silent"}
    outcome = run_system(load().get("gin"), directory=tmp_path / "r", lang=lang, **small)
    html = outcome.report.read_text(encoding="utf-8")
    assert all(name.get(lang) in html for name in (*gin.HOW.values(), *gin.PAIRS.values()))
    assert outcome.summary.data.sizes == {"train": 360, "test": 360}
    with pytest.raises(GradusError, match="trains on alike-graphs, digits, not on iris"):
        run_system(load().get("gin"), data="iris", directory=tmp_path / "s", **small)
