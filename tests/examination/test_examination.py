"""The report: what it holds in both languages, how it is kept within its budget, compared, written and read again."""

import json
import re
import time
from dataclasses import replace

import pytest
import torch
from planted_faults import case, digits, mlp
from torch import nn
from torch.nn import functional as F

import gradus
from gradus import GradusError, examine, theory
from gradus.examination import Examination
from gradus.examination.budget import Budget
from gradus.examination.sections import SECTIONS


@pytest.fixture(scope="module")
def found():
    return examine(**case(mlp(64, 24, 10)), names=list("0123456789"))


def test_every_section_has_measured_something(found):
    assert [s.name for s in found.sections] == list(SECTIONS)
    assert all(s.facts for s in found.sections)
    assert not found.not_checked


def test_the_text_stands_in_both_languages(found):
    for lang in ("en", "zh"):
        text = found.text(lang)
        assert all(s.title.get(lang) in text for s in found.sections)
    chinese = re.compile("[\u4e00-\u9fff]")
    assert not chinese.search(found.text("en"))
    for s in found.sections:
        for label, value in s.facts:
            assert chinese.search(label.zh) and "None" not in value.en


def test_json_is_read_again(found):
    again = Examination.from_dict(json.loads(found.to_json()))
    assert again.text("zh") == found.text("zh") and again.verdicts == found.verdicts
    with pytest.raises(GradusError, match="as_dict"):
        Examination.from_dict({"sections": 3})


def test_twice_is_the_same(found):
    other = examine(**case(mlp(64, 24, 10)), names=list("0123456789"))
    one, two = (
        [{k: v for k, v in s.items() if k != "seconds"} for s in e.as_dict()["sections"]]
        for e in (found, other)
    )
    assert one == two


def test_the_numbers_are_those_of_a_dense_computation():
    x, y = (t[:40] for t in digits())
    model = mlp(64, 3, 10).double()
    result = examine(
        model,
        F.cross_entropy,
        (x.double(), y),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        sections=["curvature", "step", "kernel"],
    )
    named = dict(model.named_parameters())

    def split(flat):
        parts = flat.split([p.numel() for p in named.values()])
        return {n: v.reshape(named[n].shape) for n, v in zip(named, parts, strict=True)}

    def outputs(flat):
        return torch.func.functional_call(model, split(flat), (x.double(),))

    theta = torch.cat([p.detach().reshape(-1) for p in named.values()])
    H = torch.autograd.functional.hessian(lambda flat: F.cross_entropy(outputs(flat), y), theta)
    top = float(torch.linalg.eigvalsh(H)[-1])
    curvature, step, kernel = (s.values for s in result.sections)
    assert (
        abs(curvature["eigenvalues"][0] / top - 1) < 1e-3
    )  # the tolerance asked of the residual is 1e-2, of λ its square
    assert abs(step["ratio"] / (0.1 * top / 2) - 1) < 1e-3
    assert curvature["trace_exact"] and abs(curvature["trace"] / float(H.trace()) - 1) < 1e-9
    k = sum(p.numel() for p in model[0].parameters())
    for row, block in zip(curvature["layers"], (H[:k, :k], H[k:, k:]), strict=True):
        assert abs(row["eigenvalue"] - float(torch.linalg.eigvalsh(block)[-1])) < row["residual"] + 1e-9
        assert abs(row["trace"] / float(block.trace()) - 1) < 1e-9
    J = torch.autograd.functional.jacobian(outputs, theta)
    K = torch.linalg.eigvalsh(torch.einsum("icp,jcp->ij", J, J)).flip(0)
    assert torch.allclose(
        torch.tensor(kernel["eigenvalues"], dtype=K.dtype), K, rtol=1e-9, atol=1e-9 * float(K[0])
    )


def test_the_trace_says_whether_it_is_exact():
    relu, tanh = (
        examine(**case(mlp(64, 6, 10, act=act)), sections="curvature").sections[0]
        for act in (nn.ReLU, nn.Tanh)
    )
    told = [{k.en: v for k, v in s.facts}["trace (sum of all eigenvalues)"] for s in (relu, tanh)]
    assert "exact" in told[0].en and "精确" in told[0].zh
    assert "3 random directions" in told[1].en and "TanhBackward0" in told[1].zh
    assert not tanh.values["trace_exact"] and all(row["standard_error"] for row in tanh.values["layers"])


def test_the_bounds_are_those_of_the_library() -> None:
    given = case(mlp(64, 24, 10))
    model, data = given["model"], given["data"]
    values = examine(**given, sections="generalisation").sections[0].values
    for title, bound in {
        "VC bound": theory.vc_bound,
        "Rademacher bound": theory.rademacher_bound,
        "spectral margin bound": theory.spectral_margin_bound,
        "Occam bound (weights rounded)": theory.occam_bound,
    }.items():
        assert values[title] == bound(model, data).value


def test_the_jacobians_are_those_of_autograd():
    made = case(mlp(64, 12, 10))
    values = examine(**made, sections="signals").sections[0].values
    J = [torch.autograd.functional.jacobian(made["model"], x) for x in made["data"][0][:2]]
    s = torch.linalg.svdvals(torch.stack(J))
    stack = values["jacobians"][-1]["stack"]
    assert stack["largest"] == pytest.approx(float(s.max()), rel=1e-5)  # float32
    assert stack["smallest"] == pytest.approx(float(s.min()), abs=1e-5 * float(s.max()))
    assert "residual_stream" not in values


def test_a_residual_stream_is_followed():
    class Stream(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(nn.Linear(64, 64, bias=False) for _ in range(3))
            self.head = nn.Linear(64, 10)
            for k, block in enumerate(self.blocks):
                nn.init.eye_(block.weight)
                block.weight.data *= k

        def forward(self, x):
            for block in self.blocks:
                x = block(x) + x
            return self.head(x)

    made = case(Stream())
    rows = examine(**made, sections="signals").sections[0].values["residual_stream"]
    size = float(made["data"][0][:64].square().mean().sqrt())
    found = [(r["before"] / size, r["added"] / size, r["after"] / size) for r in rows]
    assert found == [pytest.approx(row, rel=1e-5) for row in ((1, 0, 1), (1, 1, 2), (2, 4, 6))]


def test_two_are_compared(found):
    other = examine(**case(nn.Sequential(mlp(64, 24, 10), nn.Softmax(-1))))
    beside = found.compare(other)
    verdict, one, two = next(row for row in beside.verdicts if row[0].check == "softmax-twice")
    assert (verdict.level, one, two) == ("fault", False, True)
    assert "softmax" in beside.text("en") and "两次" in beside.text("zh")
    with pytest.raises(GradusError, match="Examination"):
        found.compare(3)


@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.slow), "zh"])
def test_the_page_stands_alone(found, tmp_path, lang):
    if lang == "zh":  # one section shows the words
        found = replace(found, sections=tuple(s for s in found.sections if s.name == "calibration"))
    page = found.save(tmp_path / "page.html", lang).read_text(encoding="utf-8")
    assert "<script" not in page and not re.search(r'(?:src|href)="(?!data:|#)', page)
    assert page.count("<svg") == 2 * len(
        {"signals", "curvature", "step", "kernel", "calibration"} & {s.name for s in found.sections}
    )
    keys = ("signal-propagation", "hessian-spectrum", "ntk-empirical", "calibration")
    for key in keys if lang == "en" else keys[3:]:
        assert f'href="#{key}"' in page and f'id="{key}"' in page


def test_a_file_is_what_its_name_says(found, tmp_path):
    small = replace(found, sections=found.sections[:1])
    assert json.loads(small.save(tmp_path / "r.json").read_text("utf-8")) == small.as_dict()
    assert small.save(tmp_path / "made" / "r.txt", "zh").read_text("utf-8") == small.text("zh") + "\n"
    for name in ("r.htm", "plain"):
        assert small.save(tmp_path / name).read_text("utf-8").startswith("<!DOCTYPE html>")
    for name in ("r.pdf", "r.md", "r.html.png"):
        with pytest.raises(GradusError, match=r"\.html, \.htm, \.json, \.txt") as refused:
            small.save(tmp_path / name)
        assert "文件名应以" in refused.value.text.zh and not (tmp_path / name).exists()


def test_a_notebook_shows_it(found):
    assert "<h3>" in found._repr_html_() and "fault" in str(found)


def test_what_it_refuses():
    good = case(mlp(64, 8, 10))
    for wrong, words in (
        ({"model": 3}, "model"), ({"loss": 3}, "loss"), ({"data": "digits"}, "data"), ({"data": []}, "data"), ({"optimizer": 3}, "optimizer"),
        ({"budget": "soon"}, "budget"), ({"budget": "1s 2s"}, "budget"), ({"sections": "hands"}, "sections"), ({"lang": "fr"}, "lang"),
        ({"seed": -1}, "seed"), ({"data": (torch.ones(3, 64), torch.zeros(2).long())}, "data"),
    ):  # fmt: skip
        with pytest.raises(GradusError, match=words):
            examine(**{**good, **wrong})


def test_budgets_are_read():
    assert [(Budget(b).seconds, Budget(b).bytes) for b in ("90s", "2GB", "1.5min 512MB", ["10s", "1GB"], 20)] == [
        (90, 2**31), (60, 2**31), (90, 2**29), (10, 2**30), (20, 2**31),
    ]  # fmt: skip


def test_too_little_memory_is_said():
    found = examine(**case(mlp(64, 64, 10)), sections="curvature", budget="20s 100KB")
    assert "GB" in found.not_checked[0].reason.en


def test_ctrl_c_gives_what_was_done():
    calls = []

    class Interrupts(nn.Linear):
        def forward(self, x):
            calls.append(1)
            if len(calls) == 12:
                raise KeyboardInterrupt
            return super().forward(x)

    x, y = digits()
    found = examine(Interrupts(64, 10), F.cross_entropy, (x[:60], y[:60]))
    assert found.sections[0].facts and any("interrupted" in n.reason.en for n in found.not_checked)
    assert len(found.sections) == 10


def test_a_loader_that_never_ends_is_taken_from():
    x, y = digits()

    def endless():
        while True:
            yield x[:32], y[:32]

    found = examine(mlp(64, 8, 10), F.cross_entropy, endless(), sections="outputs")
    assert "first" in {a.en: b.en for a, b in found.facts}["data"]


def test_a_large_pair_is_sampled_and_said():
    x = torch.randn(6000, 4, generator=torch.Generator().manual_seed(0))
    found = examine(nn.Linear(4, 2), F.cross_entropy, (x, (x[:, 0] > 0).long()), sections="data")
    assert "4096 of 6000" in found.facts[0][1].en


@pytest.mark.slow
def test_a_large_network_ends_within_its_budget():
    class Block(nn.Module):
        def __init__(self, a, b, stride):
            super().__init__()
            self.one, self.two = (
                nn.Conv2d(a, b, 3, stride, 1, bias=False),
                nn.Conv2d(b, b, 3, 1, 1, bias=False),
            )
            self.n1, self.n2 = nn.BatchNorm2d(b), nn.BatchNorm2d(b)
            self.skip = (
                nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b))
                if stride > 1
                else nn.Identity()
            )

        def forward(self, x):
            return F.relu(self.n2(self.two(F.relu(self.n1(self.one(x))))) + self.skip(x))

    widths = [
        (64, 64, 1),
        (64, 64, 1),
        (64, 128, 2),
        (128, 128, 1),
        (128, 256, 2),
        (256, 256, 1),
        (256, 512, 2),
        (512, 512, 1),
    ]
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), *(Block(*w) for w in widths),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10),
    )  # fmt: skip
    x, y = torch.randn(512, 3, 32, 32), torch.arange(512) % 10
    begun = time.monotonic()
    found = examine(
        model,
        F.cross_entropy,
        (x, y),
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        budget="60s",
    )
    assert time.monotonic() - begun < 66
    assert sum(bool(s.facts) for s in found.sections) >= 7
    assert all(n.reason.en for n in found.not_checked)


def test_the_top_package_gives_it_out():
    assert gradus.examine is examine and "examine" in gradus.__all__
