"""What the page `bidirectional` says about PyTorch's layers, and its definition beside them."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gradus.concepts.networks.rnn.bidirectional import bidirectional
from gradus.networks import GRU

LENGTHS = [6, 2, 4]


def made(kind, **options):
    torch.manual_seed(0)
    return kind(3, 4, batch_first=True, bidirectional=True, **options).double()


def rows():
    return torch.randn(3, 6, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def packed(layer, x):
    y, last = layer(pack_padded_sequence(x, torch.tensor(LENGTHS), True, enforce_sorted=False))
    return pad_packed_sequence(y, True, total_length=x.shape[1])[0], last


@pytest.fixture(autouse=True)
def _own_random_state():
    with torch.random.fork_rng(devices=[]):
        yield


def test_the_definition_is_pytorchs_layer():
    layer, x = made(nn.RNN), rows()
    own = {k: p.detach().numpy() for k, p in layer.named_parameters()}
    W, U, b, c = (
        np.stack([own[f"{name}_l0{end}"] for end in ("", "_reverse")])
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    y, last = bidirectional(x.numpy(), W, U, b + c, lengths=np.array(LENGTHS))
    z, end = packed(layer, x)
    np.testing.assert_allclose(z.detach(), y, atol=1e-14)
    np.testing.assert_allclose(end.detach().movedim(0, 1), last, atol=1e-14)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_the_summary_is_the_last_states_and_not_the_last_output(kind):
    layer, x = made(kind), rows()
    y, last = layer(x)
    h = last[0] if kind is nn.LSTM else last
    torch.testing.assert_close(h[-2], y[:, -1, :4])
    torch.testing.assert_close(h[-1], y[:, 0, 4:])
    other = torch.cat([2 * x[:, :-1], x[:, -1:]], 1)
    torch.testing.assert_close(layer(other)[0][:, -1, 4:], y[:, -1, 4:])


def test_without_lengths_the_padding_is_read_first():
    layer, x = made(nn.RNN), rows()
    x = x * (torch.arange(6) < torch.tensor(LENGTHS)[:, None])[..., None]
    whole, apart = packed(layer, x)[0], layer(x)[0]
    torch.testing.assert_close(apart[1, :2, :4], whole[1, :2, :4])
    assert (apart - whole)[1, :2, 4:].abs().max() > 1e-2
    plain = made(nn.RNN, bias=False)
    torch.testing.assert_close(plain(x)[0][1, :2], packed(plain, x)[0][1, :2])  # nobody sees it


def test_the_upper_layer_reads_both_halves():
    layer = nn.RNN(3, 64, num_layers=2, bidirectional=True)
    upper = [p.numel() for name, p in layer.named_parameters() if "_l1" in name]
    assert layer.weight_ih_l1.shape == (64, 128)
    assert sum(upper) == 24832


def test_a_forward_layer_makes_the_backward_half():
    layer, x = made(nn.GRU), rows()
    own = GRU(3, 4, batch_first=True).double()
    with torch.no_grad():
        for name, parameter in own.named_parameters():
            parameter.copy_(getattr(layer, f"{name}_l0_reverse").view_as(parameter))
    for x_row, z, length in zip(x, packed(layer, x)[0], LENGTHS, strict=True):
        y = own(x_row[:length].flip(0))[0].flip(0)
        torch.testing.assert_close(y, z[:length, 4:])
