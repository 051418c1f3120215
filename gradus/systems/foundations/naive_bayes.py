"""Naive Bayes by counting: the words of movie reviews where they are there, else the pixels of digits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Sentences
from gradus.systems.contract import Fitting, Recipe, SeedRequest
from gradus.systems.folds import FOLDS, all_rows, cross_validated_summary, out_of_fold
from gradus.text import Text

if TYPE_CHECKING:
    from gradus.data import Dataset
    from gradus.report import Picture, SeedResult

TELLING, MANY = 12, 5  # words shown of each class: of two, and of more


def train(data: Dataset | Sentences, request: SeedRequest) -> SeedResult:
    """The out-of-fold accuracy and what the counts say."""
    if isinstance(data, Sentences):
        return _of_sentences(data, request.seed)
    return _of_counts(data, request.seed)


RECIPE = Recipe(
    train=train,
    data=("rt-polarity", "digits"),
    metric="cross-validated-accuracy",
    targets={"rt-polarity": 0.78, "digits": 0.89},
    settings={"folds": FOLDS, "smoothing": 1.0},
    text=Text(
        "Multinomial naive Bayes, one added to every count. Sentences: the words and pairs of neighbouring words that occur in "
        "them, each counted once; the vocabulary is that of the nine folds that are learned from. Digits: the counts 0…16 of "
        "the pixels. Every row is predicted once, by a model that has not seen it; the seed shuffles the folds.",
        "多项式朴素贝叶斯，每个计数加一。句子：其中出现的词与相邻词对，各计一次；词表只取自用于学习的九折。数字：各像素的计数 0…16。每行由未见过它的模型预测一次；种子决定如何分折。",
    ),
    fitting=Fitting(sentences=True),
)


def _of_sentences(data: Sentences, seed: int) -> SeedResult:
    from gradus.report import SeedResult
    from gradus.report.classifier import predictions

    texts, y = np.array(data.sentences, object), data.targets
    begun = time.perf_counter()
    log_p = out_of_fold(lambda a, b: _log_probability(texts[a], y[a], texts[b], (1, 2)), len(y), seed)
    seconds = time.perf_counter() - begun
    accuracy = float((log_p.argmax(1) == y).mean())

    def pictures() -> list[Picture]:
        return [
            _variants(texts, y, seed, accuracy),
            *predictions(log_p, y, data.classes),
            *([_surest_mistakes(data, log_p)] if accuracy < 1 else []),
            _words(data),
        ]

    return SeedResult(accuracy, seconds, pictures=pictures)


def _counter(pairs: tuple[int, int], once: bool = True) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    return CountVectorizer(token_pattern=r"\S+", lowercase=False, ngram_range=pairs, binary=once)


def _log_probability(learn: Any, y: np.ndarray, texts: Any, pairs: tuple[int, int], once: bool = True) -> Any:
    from sklearn.naive_bayes import MultinomialNB

    counter = _counter(pairs, once)
    model = MultinomialNB(alpha=1.0).fit(counter.fit_transform(learn), y)
    return model.predict_log_proba(counter.transform(texts))


def _variants(texts: Any, y: np.ndarray, seed: int, accuracy: float) -> Picture:
    from gradus.report import table

    rows = []
    for name, once in (
        (Text("words, each counted once", "词，各计一次"), True),
        (Text("words, counted as often as they occur", "词，按出现次数计"), False),
    ):
        log_p = out_of_fold(_words_only(texts, y, once), len(y), seed)
        rows.append((name, f"{(log_p.argmax(1) == y).mean():.2%}"))
    rows.append((Text("words and pairs, each counted once", "词与词对，各计一次"), f"{accuracy:.2%}"))
    columns = [Text("What is counted", "计数对象"), Text("Accuracy", "准确率")]
    caption = Text("The same folds, other counts.", "相同分折，不同的计数。")
    return table(columns, rows, caption)


def _words(data: Sentences) -> Picture:
    """The words that speak most for each class, on all sentences."""
    from sklearn.naive_bayes import MultinomialNB

    from gradus.report import table

    counter = _counter((1, 2))
    model = MultinomialNB(alpha=1.0).fit(counter.fit_transform(data.sentences), data.targets)
    names, log_p, rows = counter.get_feature_names_out(), model.feature_log_prob_, []
    for k, name in enumerate(data.classes):
        # log p(word | class) − log of its mean over the other classes
        ratio = log_p[k] - np.log(np.exp(np.delete(log_p, k, 0)).mean(0))
        best = np.argsort(-ratio, kind="stable")[:TELLING]
        rows.append([(name, names[i], f"{ratio[i]:+.2f}".replace("-", "−")) for i in best])
    two = len(rows) == 2
    word, odds = Text("Words", "词"), Text("log ratio", "对数比")
    columns = [Text("Class", "类别"), word, odds] * (2 if two else 1)
    shown = (
        [a + b for a, b in zip(*rows, strict=True)]
        if two
        else [row for of_class in rows for row in of_class[:MANY]]
    )
    caption = Text(
        "The words and pairs that speak most clearly for each class: the logarithm of how much likelier one is in it than in "
        + ("the other." if two else "the others on average."),
        "最能说明各类别的词与词对：它在该类中的概率与"
        + ("另一类" if two else "其余各类平均")
        + "之比的对数。",
    )
    return table(columns, shown, caption, place="inside")


def _surest_mistakes(data: Sentences, log_p: np.ndarray) -> Picture:
    from gradus.report import table

    wrong = np.flatnonzero(log_p.argmax(1) != data.targets)
    sure = wrong[np.argsort(-log_p[wrong].max(1), kind="stable")][:6]
    rows = [
        (data.classes[data.targets[i]], data.classes[log_p[i].argmax()], data.sentences[i])
        for i in sure
    ]  # fmt: skip
    columns = [Text("Truly", "真实类别"), Text("Taken for", "判为"), Text("Sentence", "句子")]
    caption = Text(f"The surest of {len(wrong)} mistakes.", f"{len(wrong)} 个错误中最确信的几个。")
    return table(columns, rows, caption)


def _of_counts(data: Dataset, seed: int) -> SeedResult:
    from sklearn.naive_bayes import MultinomialNB

    from gradus.report import SeedResult, filters
    from gradus.report.classifier import predictions

    images, y = all_rows(data)
    X = np.rint(16 * images.reshape(len(images), -1)).astype(float)
    fit = lambda rows: MultinomialNB(alpha=1.0).fit(X[rows], y[rows])  # noqa: E731
    begun = time.perf_counter()
    log_p = out_of_fold(lambda a, b: fit(a).predict_log_proba(X[b]), len(y), seed)
    seconds = time.perf_counter() - begun
    model = fit(np.arange(len(y)))
    shape = images.shape[1:]
    share = model.feature_log_prob_ - model.feature_log_prob_.mean(0)
    pictures = [
        *predictions(log_p, y, data.classes, images),
        filters(
            share.reshape(-1, *shape),
            "log p",
            what=Text("Deviations from the mean over the classes", "相对各类均值的偏差"),
            names=data.classes,
        ),
    ]
    accuracy = float((log_p.argmax(1) == y).mean())
    return SeedResult(accuracy, seconds, pictures=pictures, data=cross_validated_summary(data))


def _words_only(texts: Any, y: np.ndarray, once: bool) -> Any:
    return lambda a, b: _log_probability(texts[a], y[a], texts[b], (1, 1), once)
