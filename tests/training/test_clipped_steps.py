"""Gradients cut to a length: dense and sparse ones alike, a row that stands several times counted once."""

import pytest
import torch

from gradus.training import fit
from gradus.training.clipping import clip_gradients


class Mean(torch.nn.Module):
    def __init__(self, sparse):
        super().__init__()
        torch.manual_seed(1)
        self.table = torch.nn.Embedding(6, 3, sparse=sparse)
        self.out = torch.nn.Linear(3, 2)

    def forward(self, tokens):
        return self.out(self.table(tokens).mean(1))


def test_rows_that_stand_twice_are_added_before_the_norm_is_taken():
    table = torch.nn.Embedding(5, 1, sparse=True)
    table(torch.tensor([1, 1])).sum().backward()
    clip_gradients([table.weight], 1.0)
    assert table.weight.grad.to_dense().flatten().tolist() == pytest.approx([0, 1, 0, 0, 0], abs=1e-6)


@pytest.mark.parametrize("clip_norm", [0.05, 1e6, None])
def test_sparse_gradients_train_as_dense_ones(clip_norm):
    tokens = torch.randint(0, 6, (40, 4), generator=torch.Generator().manual_seed(0))
    trained = []
    for sparse in (False, True):
        model = Mean(sparse)
        fit(
            model, torch.nn.functional.cross_entropy, (tokens, (tokens[:, 0] > 2).long()), epochs=2, batch_size=8,
            optimizer=torch.optim.SGD(model.parameters(), lr=0.5), clip_norm=clip_norm, progress="silent",
        )  # fmt: skip
        trained.append(model.table.weight.detach())
    assert not torch.equal(trained[0], Mean(False).table.weight)
    assert torch.allclose(*trained, atol=1e-5)
