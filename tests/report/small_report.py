"""Concepts, runs, pictures and names of which the tests make reports, and a reader of their HTML."""

from html.parser import HTMLParser

import numpy as np

from gradus.page import Concept
from gradus.page.evidence import identical, roundoff
from gradus.report import (
    DataSummary,
    Layer,
    RunSummary,
    Series,
    accuracy_curves,
    confusion_matrix,
    feature_maps,
    filters,
    gradient_norms,
    loss_curves,
    wrong_images,
)
from gradus.text import Text
from gradus.verify import Result

VOID = {"meta", "img", "br", "link", "hr", "input", "col"}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&"


class Reader(HTMLParser):
    """Checks that elements are balanced, and collects what the tests ask for."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.faults, self.ids, self.tags = [], [], [], []
        self.text, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if "id" in dict(attributes):
            self.ids.append(dict(attributes)["id"])
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if "id" in dict(attributes):
            self.ids.append(dict(attributes)["id"])

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in ("style", "script"):
            self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.faults and not reader.stack, (reader.faults[:3], reader.stack)
    return reader


def concept(key, area, **more):
    made = Concept(
        key=key,
        kind="definition",
        title=Text(f"The {key}", f"{key}概念"),
        summary=Text("What it says.", "它说了什么。"),
        formulas=(),
        symbols=(),
        needs=(),
        source="",
        year=2000,
        people=("A. Author",),
        unverified=(Text("never measured", "从未测量"),),
        **more,
    )
    made.area = area

    @made.claim(Text("always right", "总是正确"))
    def always_right(f, rng):
        return identical(1, 1)

    @made.claim(Text("near enough", "足够接近"))
    def near_enough(f, rng):
        return roundoff(1.0 + 1e-16, 1.0)

    @made.mutant(Text("wrong sign", "符号错误"), caught_by=["always-right"])
    def wrong_sign(x):
        return -x

    made.erratum("E1", Text("a", "甲"), Text("b", "乙"), Text("c", "丙"), claims=("always-right",))
    return made


def results_of(c, evidence=None):
    rows = []
    for claim in c.claims.values():
        measured = evidence or claim.measure(None, None)
        rows.append(
            Result(
                c,
                claim,
                "module:name",
                "holds" if measured.holds else "fails",
                measured,
                Text("", ""),
                7,
                0.1,
            )
        )
    return rows


def make_run(classes, **more):
    return RunSummary(
        layers=[Layer("conv", "Conv2d(1, 6)", (6, 8, 8), 156), Layer("out", "Linear(384, 3)", (3,), 1155)],
        data=DataSummary(
            Text("Digits", "手写数字"),
            "a source",
            "CC BY 4.0",
            (1, 8, 8),
            tuple(classes),
            {"train": 1437, "test": 360},
        ),
        settings={
            "optimizer": "Adam",
            "learning_rate": 1e-3,
            "own_setting": [1, 2.5],
            "compile": False,
            "clip_norm": None,
        },
        metric="accuracy",
        scores={0: 0.98, 1: 0.99},
        target=0.98,
        seconds={"training": 12.3},
        environment={"python": "3.11", "processor": "a processor"},
        command="gradus run lenet",
        finished="2026-01-02T03:04:05Z",
        **more,
    )


def make_figures(classes):
    rng = np.random.default_rng(0)
    x = [1, 2, 3, 4]
    train, test = Text("training", "训练"), Text("test", "测试")
    images = rng.random((5, 1, 8, 8))
    return [
        loss_curves([Series(train, x, [2.0, 1.0, 0.5, 0.1]), Series(test, x, rng.random((3, 4)))]),
        accuracy_curves([Series(train, x, [0.5, 0.7, 0.8, 0.99])], target=0.98),
        confusion_matrix([[5, 1, 0], [0, 6, 0], [0, 2, 4]], classes),
        wrong_images(images, [0, 1, 2, 0, 1], [1, 2, 0, 2, 0], rng.random(5), classes),
        filters(rng.standard_normal((6, 1, 5, 5)), "conv"),
        feature_maps(
            images[0], {"conv": rng.standard_normal((6, 8, 8)), "relu": rng.random((4, 4, 4))}, classes[0]
        ),
        gradient_norms(x, {"conv": [1e-3, 1.0, 0.1, 0.2], "out": [1.0, 0.5, 0.4, 1e-6]}),
    ]
