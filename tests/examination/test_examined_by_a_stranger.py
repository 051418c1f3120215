"""Networks and mistakes as people write them, from outside of the tables: what is said of each is true, or nothing is said."""

import json

import pytest
import torch
from planted_faults import case, digits, mlp
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from gradus import GradusError, examine

QUICK = ["anatomy", "outputs", "signals"]


def levels(model, loss, data, sections=QUICK):
    return {v.check: v.level for v in examine(model, loss, data, sections=sections).verdicts}


def blobs(n=96, d=10):
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(0))
    return x, x[:, :1]


def test_large_targets_are_named_and_not_taken_for_mixed_ones():
    x, y = blobs()
    assert levels(mlp(10, 16, 1), nn.MSELoss(), (x, 3e5 + 1e4 * y)) == {"targets-scale": "warning"}
    assert "targets-mixed" in levels(mlp(10, 16, 1), nn.MSELoss(), (x, 3e5 + 1e4 * y[:, 0]))


def test_outputs_that_cannot_reach_the_targets():
    x, y = blobs()
    for last in (nn.Sigmoid(), nn.Tanh(), nn.ReLU()):
        assert levels(nn.Sequential(mlp(10, 16, 1), last), nn.MSELoss(), (x, 5 * y)) == {
            "targets-out-of-reach": "fault"
        }
    within = (y > 0).float()
    assert levels(nn.Sequential(mlp(10, 16, 1), nn.Sigmoid()), nn.MSELoss(), (x, within)) == {}


class Vector(nn.Module):
    def __init__(self, twice):
        super().__init__()
        self.net, self.twice = mlp(10, 16, 1), twice

    def forward(self, x):
        out = self.net(x)[:, 0]
        return out.sigmoid() if self.twice else out


def test_the_sigmoid_twice_with_one_number_for_a_sample():
    x, y = blobs()
    y = (y[:, 0] > 0).float()
    assert levels(Vector(True), nn.BCEWithLogitsLoss(), (x, y)) == {"sigmoid-twice": "fault"}
    assert levels(Vector(False), nn.BCEWithLogitsLoss(), (x, y)) == {}
    assert levels(Vector(True), nn.BCELoss(), (x, y)) == {}


class Listed(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layers = kind([nn.Linear(10, 16), nn.Linear(16, 16)])
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        for layer in self.layers:
            x = F.relu(layer(x))
        return self.head(x)


def test_layers_in_a_plain_list():
    torch.manual_seed(0)
    data = blobs()[0], torch.arange(96) % 4
    assert levels(Listed(list), F.cross_entropy, data, ["anatomy"]) == {"layers-hidden": "fault"}
    assert levels(Listed(nn.ModuleList), F.cross_entropy, data, ["anatomy"]) == {}


class Variational(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = mlp(10, 16, 8), mlp(4, 16, 10)

    def forward(self, x):
        mean, log = self.encoder(x).chunk(2, 1)
        return self.decoder(mean + torch.randn_like(mean) * (log / 2).exp())


def test_a_variational_model_draws_in_evaluation_and_is_not_warned():
    x, _ = blobs()
    assert levels(Variational(), F.mse_loss, (x, x), ["outputs"]) == {"outputs-random": "note"}


def test_features_of_one_direction_are_right_for_one_number():
    """A regression that is trained needs one direction before its last layer; ten classes need nine."""
    x, y = blobs()
    for outputs, said in ((1, {}), (4, {"rank-collapsed": "warning"})):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(10, 32), nn.LeakyReLU(0.9), nn.Linear(32, outputs))
        nn.init.zeros_(model[0].bias)
        with torch.no_grad():
            model[0].weight.copy_(torch.outer(torch.randn(32), model[0].weight[0]))
        found = examine(model, F.mse_loss, (x, y.expand(-1, outputs)), sections="signals")
        assert found.sections[0].values["feature_rank"] < 1.5
        assert {v.check: v.level for v in found.verdicts if v.check == "rank-collapsed"} == said


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 3), nn.Linear(16, 4)

    def forward(self, batch):
        h = self.encoder(self.embed(batch["ids"]), src_key_padding_mask=batch["mask"] == 0)
        return {"logits": self.head(h[:, 0])}


def test_an_encoder_with_a_mask_is_measured_whole():
    """PyTorch's fused path makes nested tensors, which have no shape."""
    ids = torch.randint(1, 20, (48, 9), generator=torch.Generator().manual_seed(0))
    batch = {"ids": ids, "mask": (torch.arange(9) < 5 + (ids[:, :1] % 5)).long()}

    def loss(out, y):
        return F.cross_entropy(out["logits"], y)

    model = Encoder().eval()
    found = examine(model, loss, (batch, ids[:, 0] % 4), sections=["anatomy", "outputs"])
    assert found.not_checked == [] and found.sections[1].values["loss_uniform"] > 1.3
    assert torch.backends.mha.get_fastpath_enabled()
    (twins,) = [v for v in examine(model, loss, (batch, ids[:, 0] % 4), sections="signals").verdicts if v.check == "weights-equal"]  # fmt: skip
    assert twins.evidence.en.count("layers.0.self_attn.in_proj_weight") == 1


class Keywords(nn.Module):
    def forward(self, a, b):
        return a + b


@pytest.mark.parametrize(
    ("model", "inputs", "advice"),
    [
        (Keywords(), {"a": torch.ones(4, 2), "b": torch.ones(4, 2)}, "self.net(**batch)"),
        (nn.Linear(2, 2), torch.ones(4, 2).double(), "float32"),
        (nn.Linear(2, 2, device="meta"), torch.ones(4, 2), "meta"),
        (nn.Linear(3, 2), torch.ones(4, 2), "shapes"),
    ],
)
def test_what_to_do_about_a_model_that_does_not_run(model, inputs, advice):
    found = examine(model, F.cross_entropy, (inputs, torch.arange(4) % 2), sections="outputs")
    (verdict,) = [v for v in found.verdicts if v.check == "model-fails"]
    assert advice in verdict.advice.en and (advice == "shapes" or advice in verdict.advice.zh)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("model", nn.Linear, "Linear(…)"),
        ("loss", nn.CrossEntropyLoss, "CrossEntropyLoss(…)"),
        ("data", TensorDataset(torch.ones(4, 2), torch.ones(4)), "DataLoader"),
        ("data", (torch.ones(4, 2).numpy(), torch.ones(4).numpy()), "from_numpy"),
        ("data", [(torch.ones(4, 2), torch.ones(4), torch.ones(4))], "3"),
    ],
)
def test_a_mistake_is_refused_with_what_to_do(name, value, said):
    arguments = {"model": nn.Linear(2, 2), "loss": F.mse_loss, "data": blobs()} | {name: value}
    with pytest.raises(GradusError) as refused:
        examine(**arguments)
    assert said in refused.value.text.en and said in refused.value.text.zh


def test_nothing_found_is_said_of_what_was_checked():
    """A report whose checks could not be made does not read as a clean one."""
    x, y = digits()
    found = examine(mlp(64, 16, 10), lambda out, t: F.cross_entropy(out, t).item(), (x[:64], y[:64]), sections="outputs, signals")  # fmt: skip
    assert found.not_checked and json.loads(found.to_json())
    n = len(found.not_checked)
    if not any(v.level != "note" for v in found.verdicts):
        assert f"not checked: {n}" in found.text("en") and f"另有 {n} 项未检查" in found.text("zh")
    clean = examine(**case(mlp(64, 16, 10)), sections="outputs")
    assert "no fault and no warning\n" in clean.text("en")
