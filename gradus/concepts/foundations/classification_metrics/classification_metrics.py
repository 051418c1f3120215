"""Accuracy, precision, recall and F1."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _sklearn(scores, y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score

    how = {"average": average, "sample_weight": weights, "zero_division": 0.0}
    precision, recall, f1, _ = scores(y, predicted, **how)
    return np.array([accuracy_score(y, predicted, sample_weight=weights), precision, recall, f1])


METRICS = Concept(
    key="classification-metrics",
    kind="definition",
    title="Accuracy, precision, recall, F1",
    summary="How often a classifier is right (accuracy), how much of what it claims is right (precision), how much "
    "of what is there it finds (recall), and the harmonic mean of the last two (F1). Where one class is rare, "
    "accuracy is nearly blind: where 1 in 100 is ill, saying “no” always is 99 % accurate. Averages over classes "
    "answer different questions: macro counts classes, micro counts cases.",
    formulas=(
        r"\text{accuracy}=\frac{\sum_iw_i[\hat y_i=y_i]}{\sum_iw_i},\qquad P_c=\frac{\mathrm{TP}_c}{\mathrm{TP}_c+\mathrm{FP}_c},\qquad R_c=\frac{\mathrm{TP}_c}{\mathrm{TP}_c+\mathrm{FN}_c}",
        r"F_c=\frac{2P_cR_c}{P_c+R_c}=\frac{2\,\mathrm{TP}_c}{2\,\mathrm{TP}_c+\mathrm{FP}_c+\mathrm{FN}_c},\qquad 0/0=0",
        r"\text{macro}=\frac1K\sum_cP_c,\qquad \text{micro}=\frac{\sum_c\mathrm{TP}_c}{\sum_c(\mathrm{TP}_c+\mathrm{FP}_c)}",
    ),
    symbols=(
        Symbol("y", "y", "n", "true classes", "natural"),
        Symbol(r"\hat y", "predicted", "n", "predicted classes", "natural"),
        Symbol("w", "weights", "n", "weights of the cases; 1 unless given", "positive"),
        Symbol(r"\text{average}", "average", "", "`macro`, `micro`, or `binary`: class 1 alone", "other"),
        Symbol("i", "", "", "a case", "natural"),
        Symbol("c", "", "", "a class", "natural"),
        Symbol("K", "", "", r"number of classes that occur in y or $\hat y$", "natural"),
        Symbol(r"\mathrm{TP}_c", "", "", "weight of the cases of class c that are predicted as c"),
        Symbol(r"\mathrm{FP}_c", "", "", "of the others that are predicted as c"),
        Symbol(r"\mathrm{FN}_c", "", "", "of class c that are predicted as others"),
        Symbol("P_c,R_c,F_c", "", "", "precision, recall and F1 of a class", "unit"),
    ),
    needs=("probability",),
    source="rijsbergen1979information",
    year=1979,
    people=("Cornelis van Rijsbergen", "Cyril Cleverdon"),
    aliases="accuracy, precision and recall, F1 score, confusion matrix, "
    "混淆矩阵, 准确率, 查准率, 查全率, 召回率, F1 值",
    implementations=(
        Implementation("sklearn.metrics:precision_recall_fscore_support", "numpy", _sklearn, "and `accuracy_score`"),
    ),
    readings="rijsbergen1979information ch. 7; fawcett2006introduction §2; murphy2022probabilistic §5.1.3",
    hypotheses=(
        Hypothesis(
            "for micro = accuracy: every case has one class and is given one, and all classes are averaged",
            "last-class-forgotten",
        ),
    ),
    conventions=(
        Convention(
            "0/0", "0", "scikit-learn takes 0 with a warning, TorchMetrics without one; some leave the class out"
        ),
        Convention(
            "macro F1",
            "the mean of the F1 of the classes",
            "some papers take the harmonic mean of macro precision and macro recall",
        ),
        Convention(
            "terms",
            "accuracy and precision have a term each",
            "one Chinese word serves some for accuracy and others for precision",
        ),
    ),
    differentiable=False,  # counts
)


@METRICS.definition
def classification_metrics(y, predicted, weights=None, average="macro"):
    if average not in ("macro", "micro", "binary"):
        raise ValueError(f"average: macro, micro or binary, got {average!r}")
    w = np.ones(len(y)) if weights is None else weights
    classes = np.array([1]) if average == "binary" else np.unique(np.concatenate([y, predicted]))
    TP = np.array([w[(y == c) & (predicted == c)].sum() for c in classes])
    FP = np.array([w[(y != c) & (predicted == c)].sum() for c in classes])
    FN = np.array([w[(y == c) & (predicted != c)].sum() for c in classes])
    if average == "micro":
        TP, FP, FN = TP.sum(keepdims=True), FP.sum(keepdims=True), FN.sum(keepdims=True)

    def share(a, b):
        return np.where(b > 0, a / np.where(b > 0, b, 1), 0.0).mean()

    accuracy = w[y == predicted].sum() / w.sum()
    return np.array([accuracy, share(TP, TP + FP), share(TP, TP + FN), share(2 * TP, 2 * TP + FP + FN)])


@METRICS.example
def example():
    y = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 2])
    predicted = np.array([0, 0, 0, 0, 0, 1, 1, 1, 0, 0])
    counts = np.array([[np.sum((y == i) & (predicted == j)) for j in range(3)] for i in range(3)])
    TP = counts.diagonal()
    FP, FN = counts.sum(0) - TP, counts.sum(1) - TP
    P, R, F = (a / np.maximum(b, 1) for a, b in ((TP, TP + FP), (TP, TP + FN), (2 * TP, 2 * TP + FP + FN)))
    macro, micro = classification_metrics(y, predicted), classification_metrics(y, predicted, average="micro")
    return (
        dict(y=y, predicted=predicted, counts=counts, TP=TP, FP=FP, FN=FN, P=P, R=R, F=F, macro=macro)
        | dict(micro=micro, of_means=2 * macro[1] * macro[2] / (macro[1] + macro[2]))
        | dict(always=classification_metrics(y, 0 * y))
    )


@METRICS.exercise
def a_rare_disease():
    ill, found, called = 0.01, 0.9, 0.05
    return number(ill * found / (ill * found + (1 - ill) * called), recall=found, specificity=1 - called)


@METRICS.exercise
def two_batches():
    def f1(tp, fp, fn):
        return 2 * tp / (2 * tp + fp + fn)

    return number(f1(2, 4, 4), mean_of_batches=(f1(1, 0, 0) + f1(1, 4, 4)) / 2)


@METRICS.exercise
def classes_renamed():
    y, predicted = table(6, 2, 3, 9)
    before, after = (
        classification_metrics(y, predicted, average="binary"),
        classification_metrics(1 - y, 1 - predicted, average="binary"),
    )
    accuracy, f1 = (bool(np.isclose(before[j], after[j])) for j in (0, 3))
    return choice(neither=accuracy and f1, only_f1=accuracy and not f1, only_accuracy=f1 and not accuracy)


@METRICS.cases
def cases(rng):
    for average in ("macro", "micro"):
        yield (
            f"four classes, {average}",
            dict(y=rng.integers(0, 4, 60), predicted=rng.integers(0, 4, 60), average=average),
        )
    yield ("weights", dict(y=rng.integers(0, 3, 40), predicted=rng.integers(0, 3, 40), weights=rng.uniform(0.1, 2, 40)))
    yield "binary", dict(y=rng.integers(0, 2, 50), predicted=rng.integers(0, 2, 50), average="binary")
    yield "one class", dict(y=np.ones(5, int), predicted=np.ones(5, int), average="binary")
    yield "never predicted", dict(y=np.array([0, 1, 2, 2]), predicted=np.array([0, 0, 2, 2]))
    for average in ("macro", "micro"):
        yield (
            f"predicted and never true, {average}",
            dict(y=np.array([0, 1, 1, 0, 1]), predicted=np.array([0, 1, 2, 0, 3]), average=average),
        )
    yield (
        "a label between the others that does not occur",
        dict(y=np.array([0, 3, 3, 0, 3]), predicted=np.array([0, 3, 0, 0, 3])),
    )
    yield "long", dict(y=rng.integers(0, 4, 1500), predicted=rng.integers(0, 4, 1500))


@METRICS.invalid
def invalid(rng):
    yield "other numbers of cases", dict(y=np.array([0, 1, 1]), predicted=np.array([0, 1]))
    yield "an unknown average", dict(y=np.array([0, 1]), predicted=np.array([0, 1]), average="mean")


def table(tp, fp, fn, tn):
    """Labels and predictions with these counts."""
    y = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
    return y, np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])


@METRICS.claim
def by_hand(f, rng):
    """A table by hand: of 12 ill 8 are found, of 88 well 2 are called ill: accuracy 0.94, precision 0.8, recall 2/3,
    F1 8/11"""
    y, predicted = table(8, 2, 4, 86)
    return roundoff(np.asarray(f(y, predicted, average="binary"), float), np.array([0.94, 0.8, 2 / 3, 8 / 11]), terms=4)


@METRICS.claim
def base_rate_trap(f, rng):
    """The base-rate trap: where 1 % are ill, never calling anybody ill is 99 % accurate, with recall, precision and F1
    0, and macro recall ½"""
    y, never = table(0, 0, 10, 990)
    binary, macro = np.asarray(f(y, never, average="binary"), float), np.asarray(f(y, never), float)
    return all_of(roundoff(binary, np.array([0.99, 0.0, 0.0, 0.0]), terms=4), roundoff(macro[2], 0.5, terms=4))


@METRICS.claim
def micro_is_accuracy(f, rng):
    """Micro averages of cases with one class each all equal the accuracy; macro averages need not"""
    for _ in range(10):
        y = rng.choice(4, 200, p=[0.7, 0.2, 0.07, 0.03])
        predicted = np.where(rng.random(200) < 0.6, y, rng.integers(0, 4, 200))
        micro, macro = np.asarray(f(y, predicted, average="micro"), float), np.asarray(f(y, predicted), float)
        yield roundoff(micro, np.full(4, np.mean(y == predicted)), terms=200)
        differs = Text("the rare classes are recognised worse", "罕见类识别得更差")
        yield bound(np.abs(macro[1:] - macro[0]).max(), 0.02, "≥", differs)


@METRICS.claim
def harmonic_mean(f, rng):
    """The F1 of a class is the harmonic mean of its precision and recall: between them, never above their mean, and equal
    to both where they are equal"""
    for _ in range(12):
        tp, fp, fn, tn = rng.integers(1, 60, 4)
        _, p, r, f1 = np.asarray(f(*table(tp, fp, fn, tn), average="binary"), float)
        yield roundoff(f1, 2 * tp / (2 * tp + fp + fn), terms=8)
        yield roundoff(f1, 2 / (1 / p + 1 / r), terms=8)
        yield bound(f1 - (p + r) / 2, 1e-15, "≤")
        yield bound(min(p, r) - f1, 1e-15, "≤")
    _, p, r, f1 = np.asarray(f(*table(6, 3, 3, 8), average="binary"), float)
    yield roundoff(np.array([p, r, f1]), np.full(3, 2 / 3), terms=8)


@METRICS.claim
def weights_repeat(f, rng):
    """A weight of 3 is the case three times over; weights in proportion change nothing"""
    for average in ("macro", "micro"):
        y, predicted, w = rng.integers(0, 3, 40), rng.integers(0, 3, 40), rng.integers(1, 5, 40)
        weighted = np.asarray(f(y, predicted, w.astype(float), average), float)
        repeated = np.asarray(f(np.repeat(y, w), np.repeat(predicted, w), average=average), float)
        scaled = np.asarray(f(y, predicted, 0.25 * w, average), float)
        yield roundoff(weighted, repeated, terms=120)
        yield roundoff(scaled, weighted, terms=40)


@METRICS.claim
def names_do_not_matter(f, rng):
    """Names do not matter: renaming the classes in both leaves macro and micro; exchanging truth and prediction
    exchanges precision and recall and leaves F1"""
    y, predicted = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    new = np.array([7, 2, 9, 4])
    for average in ("macro", "micro"):
        here = np.asarray(f(y, predicted, average=average), float)
        there = np.asarray(f(new[y], new[predicted], average=average), float)
        back = np.asarray(f(predicted, y, average=average), float)
        yield roundoff(there, here, terms=80)
        yield roundoff(back[[0, 2, 1, 3]], here, terms=80)


@METRICS.claim
def guessing(f, rng):
    """Guessing class 1 at random, whatever the case, has on average the base rate as its precision, and the frequency
    of the guess as its recall"""
    for frequency in (0.05, 0.2, 0.7):
        y, predicted = (rng.random(30_000) < 0.15).astype(int), (rng.random(30_000) < frequency).astype(int)
        _, precision, recall, _ = np.asarray(f(y, predicted, average="binary"), float)
        # each is a share of independent cases: binomial, given how many were guessed, and how many are there
        yield statistical(precision, 0.15, np.sqrt(0.15 * 0.85 / predicted.sum()))
        yield statistical(recall, frequency, np.sqrt(frequency * (1 - frequency) / y.sum()))


@METRICS.mutant(caught_by="micro-is-accuracy, equals-definition")
def macro_for_micro(y, predicted, weights=None, average="macro"):
    """macro for micro"""
    return classification_metrics(y, predicted, weights, "macro" if average == "micro" else average)


@METRICS.mutant(caught_by="by-hand, guessing, equals-definition")
def exchanged(y, predicted, weights=None, average="macro"):
    """precision and recall exchanged"""
    return classification_metrics(y, predicted, weights, average)[[0, 2, 1, 3]]


@METRICS.mutant(caught_by="weights-repeat, equals-definition")
def unweighted(y, predicted, weights=None, average="macro"):
    """weights ignored"""
    return classification_metrics(y, predicted, None, average)


@METRICS.mutant(caught_by="base-rate-trap")
def nothing_is_perfect(y, predicted, weights=None, average="macro"):
    """0/0 taken as 1"""
    found = classification_metrics(y, predicted, weights, average)
    return np.where(found == 0, 1.0, found)


@METRICS.mutant(caught_by="by-hand, harmonic-mean, equals-definition")
def arithmetic_mean(y, predicted, weights=None, average="macro"):
    """the arithmetic mean for the harmonic one"""
    found = classification_metrics(y, predicted, weights, average)
    return np.append(found[:3], (found[1] + found[2]) / 2)


@METRICS.mutant(caught_by="names-do-not-matter, equals-definition, micro-is-accuracy")
def last_class_forgotten(y, predicted, weights=None, average="macro"):
    """the classes taken to be 0 … K − 1, the last forgotten"""
    if average == "binary":
        return classification_metrics(y, predicted, weights, average)
    keep = y < y.max()
    w = np.ones(len(y)) if weights is None else weights
    full = classification_metrics(y, predicted, weights, average)
    return np.append(full[:1], classification_metrics(y[keep], predicted[keep], w[keep], average)[1:])


@METRICS.figure(
    base=Slider(0.005, 0.5, 0.1, "base rate of class 1", log=True),
    apart=Slider(0.0, 4.0, 1.5, "how far the scores of the classes lie apart"),
)
def figure(base, apart):
    from math import erf

    t = np.linspace(-3, 3 + apart, 200)
    tail = lambda z: 0.5 * (1 - np.array([erf(v / np.sqrt(2)) for v in np.atleast_1d(z)]))
    TP, FP = base * tail(t - apart), (1 - base) * tail(t)
    precision, recall = TP / np.maximum(TP + FP, 1e-12), TP / base
    f1, accuracy = 2 * TP / (TP + FP + base), TP + (1 - base) - FP
    best = int(np.argmax(f1))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    bell = lambda z: np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    left.fill_between(t, (1 - base) * bell(t), alpha=0.4, color=COLOURS[0], lw=0, label="class 0")
    left.fill_between(t, base * bell(t - apart), alpha=0.5, color=COLOURS[1], lw=0, label="class 1")
    left.axvline(t[best], color="#000000", lw=0.8, ls="--")
    left.set(xlabel="score", title="two classes; dashed: best F1")
    left.legend(frameon=False, fontsize=9.5)
    for line, name in ((accuracy, "accuracy"), (precision, "precision"), (recall, "recall"), (f1, "F1")):
        right.plot(t, line, label=name)
    right.axvline(t[best], color="#000000", lw=0.8, ls="--")
    right.set(xlabel="threshold", ylim=(0, 1.02))
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"Base rate {base:.3g}: never saying 1 is {1 - base:.1%} accurate. The best F1 is {f1[best]:.3f}, at threshold {t[best]:.2f}: precision {precision[best]:.3f}, recall {recall[best]:.3f}, accuracy {accuracy[best]:.1%}.",
        f"基础率 {base:.3g}：从不判为 1 的准确率为 {1 - base:.1%}。最佳 F1 为 {f1[best]:.3f}，阈值 {t[best]:.2f}：精确率 {precision[best]:.3f}，召回率 {recall[best]:.3f}，准确率 {accuracy[best]:.1%}。",
    )
    return Drawing(fig, words)
