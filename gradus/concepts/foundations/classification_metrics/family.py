"""Accuracy, precision, recall and F1."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Proof, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, roundoff, statistical
from gradus.page.figures import COLOURS, canvas


def _sklearn(scores, y, predicted, weights=None, average="macro"):
    from sklearn.metrics import accuracy_score

    how = {"average": average, "sample_weight": weights, "zero_division": 0.0}
    precision, recall, f1, _ = scores(y, predicted, **how)
    return np.array([accuracy_score(y, predicted, sample_weight=weights), precision, recall, f1])


METRICS = Concept(
    key="classification-metrics",
    kind="definition",
    title=Text("Accuracy, precision, recall, F1", "准确率、精确率、召回率与 F1"),
    summary=Text(
        "How often a classifier is right (accuracy), how much of what it claims is right (precision), how much of what is there it finds (recall), and the harmonic mean of the last two (F1). "
        "Where one class is rare, accuracy is nearly blind: saying “no” always is 99 % accurate. Averages over classes answer different questions: macro counts classes, micro counts cases.",
        "分类器有多大比例是对的（准确率），它所断言的有多少是对的（精确率），实有的它找到了多少（召回率），以及后两者的调和平均（F1）。"
        "当某一类罕见时，准确率近乎失明：永远说“否”也有 99% 的准确率。对类的平均回答不同的问题：宏平均按类计，微平均按样本计。",
    ),
    formulas=(
        r"\text{accuracy}=\frac{\sum_iw_i[\hat y_i=y_i]}{\sum_iw_i},\qquad P_c=\frac{\mathrm{TP}_c}{\mathrm{TP}_c+\mathrm{FP}_c},\qquad R_c=\frac{\mathrm{TP}_c}{\mathrm{TP}_c+\mathrm{FN}_c}",
        r"F_c=\frac{2P_cR_c}{P_c+R_c}=\frac{2\,\mathrm{TP}_c}{2\,\mathrm{TP}_c+\mathrm{FP}_c+\mathrm{FN}_c},\qquad 0/0=0",
        r"\text{macro}=\frac1K\sum_cP_c,\qquad \text{micro}=\frac{\sum_c\mathrm{TP}_c}{\sum_c(\mathrm{TP}_c+\mathrm{FP}_c)}",
    ),
    symbols=(
        Symbol("y", "y", "n", Text("true classes", "真实类别"), "natural"),
        Symbol(r"\hat y", "predicted", "n", Text("predicted classes", "预测类别"), "natural"),
        Symbol("w", "weights", "n", Text("weights of the cases; 1 unless given", "样本权重，默认为 1"), "positive"),
        Symbol(r"\text{average}", "average", "", Text("`macro`, `micro`, or `binary`: class 1 alone", "`macro`、`micro` 或 `binary`（只看类别 1）"), "other"),
        Symbol("i", "", "", Text("a case", "一个样本"), "natural"),
        Symbol("c", "", "", Text("a class", "一个类别"), "natural"),
        Symbol("K", "", "", Text("number of classes that occur in y or $\\hat y$", "y 或 $\\hat y$ 中出现的类别数"), "natural"),
        Symbol(r"\mathrm{TP}_c", "", "", Text("weight of the cases of class c that are predicted as c", "类 c 中预测为 c 的样本权重")),
        Symbol(r"\mathrm{FP}_c", "", "", Text("of the others that are predicted as c", "其他类中预测为 c 的样本权重")),
        Symbol(r"\mathrm{FN}_c", "", "", Text("of class c that are predicted as others", "类 c 中预测为其他类的样本权重")),
        Symbol("P_c,R_c,F_c", "", "", Text("precision, recall and F1 of a class", "某类的精确率、召回率与 F1"), "unit"),
    ),
    needs=("probability",),
    source="rijsbergen1979information",
    year=1979,
    people=("Cornelis van Rijsbergen", "Cyril Cleverdon"),
    implementations=(Implementation("sklearn.metrics:precision_recall_fscore_support", "numpy", _sklearn, Text("and `accuracy_score`", "以及 `accuracy_score`")),),
    readings=(Reading("rijsbergen1979information", "ch. 7"), Reading("fawcett2006introduction", "§2"), Reading("murphy2022probabilistic", "§5.1.3")),
    deviations=(
        Text("0/0 is taken as 0, as scikit-learn does with a warning; TorchMetrics does likewise. Macro F1 is the mean of the F1 of the classes, not the harmonic mean of macro precision and macro recall.",
             "0/0 取为 0，scikit-learn 也如此并给出警告，TorchMetrics 相同。宏 F1 是各类 F1 的平均，而不是宏精确率与宏召回率的调和平均。"),
        Text("One Chinese word serves some for accuracy and others for precision; here each has a term of its own.", "中文里“精度”有时指 accuracy，有时指 precision；此处用“准确率”与“精确率”区分。"),
    ),
    proof=Proof(
        Text(
            r"That micro precision, recall and F1 are the accuracy: each case is predicted as exactly one class, so $\sum_c(\mathrm{TP}_c+\mathrm{FP}_c)=\sum_c(\mathrm{TP}_c+\mathrm{FN}_c)=\sum_iw_i$.",
            r"微平均的精确率、召回率、F1 都等于准确率：每个样本恰被预测为一个类，故 $\sum_c(\mathrm{TP}_c+\mathrm{FP}_c)=\sum_c(\mathrm{TP}_c+\mathrm{FN}_c)=\sum_iw_i$。",
        )
    ),
    differentiable=False,  # counts
)  # fmt: skip


@METRICS.definition
def classification_metrics(y, predicted, weights=None, average="macro"):
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


@METRICS.cases
def cases(rng):
    for average in ("macro", "micro"):
        yield (
            f"four classes, {average}",
            dict(y=rng.integers(0, 4, 60), predicted=rng.integers(0, 4, 60), average=average),
        )
    yield (
        "weights",
        dict(y=rng.integers(0, 3, 40), predicted=rng.integers(0, 3, 40), weights=rng.uniform(0.1, 2, 40)),
    )
    yield "binary", dict(y=rng.integers(0, 2, 50), predicted=rng.integers(0, 2, 50), average="binary")
    yield "one class", dict(y=np.ones(5, int), predicted=np.ones(5, int), average="binary")
    yield "never predicted", dict(y=np.array([0, 1, 2, 2]), predicted=np.array([0, 0, 2, 2]))


@METRICS.invalid
def invalid(rng):
    yield "other numbers of cases", dict(y=np.array([0, 1, 1]), predicted=np.array([0, 1]))


def table(tp, fp, fn, tn):
    """Labels and predictions with these counts."""
    y = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
    return y, np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])


@METRICS.claim(
    Text(
        "A table by hand: of 12 ill 8 are found, of 88 well 2 are called ill: accuracy 0.94, precision 0.8, recall 2/3, F1 8/11",
        "手算一例：12 个患者查出 8 个，88 个健康者误报 2 个：准确率 0.94，精确率 0.8，召回率 2/3，F1 为 8/11",
    )
)
def by_hand(f, rng):
    y, predicted = table(8, 2, 4, 86)
    return roundoff(
        np.asarray(f(y, predicted, average="binary"), float), np.array([0.94, 0.8, 2 / 3, 8 / 11]), terms=4
    )


@METRICS.claim(
    Text(
        "The base-rate trap: where 1 % are ill, never calling anybody ill is 99 % accurate, with recall, precision and F1 0, and macro recall ½",
        "基础概率的陷阱：患病者占 1% 时，永不报告患病有 99% 的准确率，而召回率、精确率与 F1 为 0，宏召回率为 ½",
    )
)
def base_rate_trap(f, rng):
    y, never = table(0, 0, 10, 990)
    binary, macro = np.asarray(f(y, never, average="binary"), float), np.asarray(f(y, never), float)
    return all_of(
        roundoff(binary, np.array([0.99, 0.0, 0.0, 0.0]), terms=4),
        roundoff(macro[2], 0.5, terms=4),
    )


@METRICS.claim(
    Text(
        "Micro averages of cases with one class each all equal the accuracy; macro averages do not",
        "每个样本只属一类时，各种微平均都等于准确率；宏平均则不然",
    )
)
def micro_is_accuracy(f, rng):
    found = []
    for _ in range(10):
        y = rng.choice(4, 200, p=[0.7, 0.2, 0.07, 0.03])
        predicted = np.where(rng.random(200) < 0.6, y, rng.integers(0, 4, 200))
        micro, macro = np.asarray(f(y, predicted, average="micro"), float), np.asarray(f(y, predicted), float)
        found.append(roundoff(micro, np.full(4, np.mean(y == predicted)), terms=200))
        differs = Text("the rare classes are recognised worse", "罕见类识别得更差")
        found.append(bound(np.abs(macro[1:] - macro[0]).max(), 0.02, "≥", differs))
    return all_of(*found)


@METRICS.claim(
    Text(
        "F1 is the harmonic mean: between precision and recall, never above their mean, and equal to both where they are equal",
        "F1 是调和平均：介于精确率与召回率之间，不超过其算术平均，二者相等时即等于它们",
    )
)
def harmonic_mean(f, rng):
    found = []
    for _ in range(12):
        tp, fp, fn, tn = rng.integers(1, 60, 4)
        _, p, r, f1 = np.asarray(f(*table(tp, fp, fn, tn), average="binary"), float)
        found += [
            roundoff(f1, 2 * tp / (2 * tp + fp + fn), terms=8), roundoff(f1, 2 / (1 / p + 1 / r), terms=8),
            bound(f1 - (p + r) / 2, 1e-15, "≤"), bound(min(p, r) - f1, 1e-15, "≤"),
        ]  # fmt: skip
    _, p, r, f1 = np.asarray(f(*table(6, 3, 3, 8), average="binary"), float)
    return all_of(*found, roundoff(np.array([p, r, f1]), np.full(3, 2 / 3), terms=8))


@METRICS.claim(
    Text(
        "A weight of 3 is the case three times over; weights in proportion change nothing",
        "权重 3 等于该样本出现三次；按比例改变权重不起作用",
    )
)
def weights_repeat(f, rng):
    found = []
    for average in ("macro", "micro"):
        y, predicted, w = rng.integers(0, 3, 40), rng.integers(0, 3, 40), rng.integers(1, 5, 40)
        weighted = np.asarray(f(y, predicted, w.astype(float), average), float)
        repeated = np.asarray(f(np.repeat(y, w), np.repeat(predicted, w), average=average), float)
        scaled = np.asarray(f(y, predicted, 0.25 * w, average), float)
        found += [roundoff(weighted, repeated, terms=120), roundoff(scaled, weighted, terms=40)]
    return all_of(*found)


@METRICS.claim(
    Text(
        "Names do not matter: renaming the classes in both leaves macro and micro; exchanging truth and prediction exchanges precision and recall and leaves F1",
        "类名无关：同时改名不影响宏、微平均；真实与预测对调，则精确率与召回率对调而 F1 不变",
    )
)
def names_do_not_matter(f, rng):
    y, predicted = rng.integers(0, 4, 80), rng.integers(0, 4, 80)
    new = np.array([7, 2, 9, 4])
    here, there = np.asarray(f(y, predicted), float), np.asarray(f(new[y], new[predicted]), float)
    back = np.asarray(f(predicted, y), float)
    return all_of(roundoff(there, here, terms=80), roundoff(back[[0, 2, 1, 3]], here, terms=80))


@METRICS.claim(
    Text(
        "Guessing class 1 at random with any frequency has the base rate as its precision, and that frequency as its recall",
        "以任意频率随机猜测类别 1，其精确率即基础概率，召回率即该频率",
    )
)
def guessing(f, rng):
    found = []
    for frequency in (0.05, 0.2, 0.7):
        y, predicted = (rng.random(30_000) < 0.15).astype(int), (rng.random(30_000) < frequency).astype(int)
        _, precision, recall, _ = np.asarray(f(y, predicted, average="binary"), float)
        # each is a share of independent cases: binomial, given how many were guessed, and how many are there
        found += [
            statistical(precision, 0.15, np.sqrt(0.15 * 0.85 / predicted.sum())),
            statistical(recall, frequency, np.sqrt(frequency * (1 - frequency) / y.sum())),
        ]
    return all_of(*found)


@METRICS.mutant(
    Text("macro for micro", "以宏平均代替微平均"), caught_by=["micro-is-accuracy", "equals-definition"]
)
def macro_for_micro(y, predicted, weights=None, average="macro"):
    return classification_metrics(y, predicted, weights, "macro" if average == "micro" else average)


@METRICS.mutant(
    Text("precision and recall exchanged", "精确率与召回率对调"),
    caught_by=["by-hand", "guessing", "equals-definition"],
)
def exchanged(y, predicted, weights=None, average="macro"):
    return classification_metrics(y, predicted, weights, average)[[0, 2, 1, 3]]


@METRICS.mutant(
    Text("weights ignored", "忽略权重"),
    caught_by=["weights-repeat", "equals-definition"],
)
def unweighted(y, predicted, weights=None, average="macro"):
    return classification_metrics(y, predicted, None, average)


@METRICS.mutant(
    Text("0/0 taken as 1", "0/0 取为 1"),
    caught_by=["base-rate-trap"],
)
def nothing_is_perfect(y, predicted, weights=None, average="macro"):
    found = classification_metrics(y, predicted, weights, average)
    return np.where(found == 0, 1.0, found)


@METRICS.mutant(
    Text("the arithmetic mean for the harmonic one", "以算术平均代替调和平均"),
    caught_by=["by-hand", "harmonic-mean", "equals-definition"],
)
def arithmetic_mean(y, predicted, weights=None, average="macro"):
    found = classification_metrics(y, predicted, weights, average)
    return np.append(found[:3], (found[1] + found[2]) / 2)


@METRICS.mutant(
    Text("the classes taken to be 0 … K − 1, the last forgotten", "认为类别为 0 … K − 1，漏掉最后一类"),
    caught_by=["names-do-not-matter", "equals-definition", "micro-is-accuracy"],
)
def last_class_forgotten(y, predicted, weights=None, average="macro"):
    if average == "binary":
        return classification_metrics(y, predicted, weights, average)
    keep = y < y.max()
    w = np.ones(len(y)) if weights is None else weights
    full = classification_metrics(y, predicted, weights, average)
    return np.append(full[:1], classification_metrics(y[keep], predicted[keep], w[keep], average)[1:])


@METRICS.figure(
    base=Slider(0.005, 0.5, 0.1, Text("base rate of class 1", "类别 1 的基础概率"), log=True),
    apart=Slider(0.0, 4.0, 1.5, Text("how far the scores of the classes lie apart", "两类得分的间距")),
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
    left.legend(frameon=False, fontsize=8)
    for line, name in ((accuracy, "accuracy"), (precision, "precision"), (recall, "recall"), (f1, "F1")):
        right.plot(t, line, label=name)
    right.axvline(t[best], color="#000000", lw=0.8, ls="--")
    right.set(xlabel="threshold", ylim=(0, 1.02))
    right.legend(frameon=False, fontsize=8)
    return Drawing(
        fig,
        Text(
            f"Base rate {base:.3g}: never saying 1 is {1 - base:.1%} accurate. The best F1 is {f1[best]:.3f}, at threshold {t[best]:.2f}: precision {precision[best]:.3f}, recall {recall[best]:.3f}, accuracy {accuracy[best]:.1%}.",
            f"基础概率 {base:.3g}：从不判为 1 的准确率为 {1 - base:.1%}。最佳 F1 为 {f1[best]:.3f}，阈值 {t[best]:.2f}：精确率 {precision[best]:.3f}，召回率 {recall[best]:.3f}，准确率 {accuracy[best]:.1%}。",
        ),
    )  # fmt: skip
