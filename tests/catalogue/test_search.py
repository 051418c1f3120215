"""What people type finds the right page first: English, Chinese, pinyin, abbreviations, one letter wrong."""

import re
import sys

import pytest

from gradus.areas import AREAS
from gradus.catalogue import Catalogue, entries, load
from gradus.catalogue.search import one_edit_apart
from gradus.catalogue.subjects import subjects
from gradus.catalogue.words import PINYIN, fold, headings, is_chinese, words_of
from gradus.cli import main
from tools.pinyin import readings, table

LATIN = {
    "BiLSTM": "bidirectional", "nn.Embedding": "embedding",
    "CNN": "conv-layer", "learning rate": "gradient-descent", "skip connection": "residual", "MLE": "mle",
    "maximum likelihood estimation": "mle", "OLS": "linear-regression", "least squares": "linear-regression",
    "KL divergence": "kl", "relative entropy": "kl", "Hessian matrix": "hessian", "backprop": "reverse-mode",
    "backpropagation": "reverse-mode", "autograd": "reverse-mode", "self-attention": "attention", "QKV": "attention",
    "resnet block": "residual", "Conv2d": "conv-layer", "max pooling": "pooling", "Kaiming": "he", "Glorot": "xavier",
    "SGD": "sgd", "mini-batch": "sgd", "Adam optimizer": "adam", "weight decay": "regularization", "ridge": "regularization",
    "SVM": "svm", "PCA": "pca", "dimensionality reduction": "pca", "k-means": "clustering", "k-means++": "kmeans-plus-plus",
    "QR decomposition": "gram-schmidt", "Gaussian distribution": "normal", "p-value": "hypothesis-test", "AUC": "roc-auc",
    "CLT": "lln", "ANOVA": "analysis-of-variance", "log-sum-exp": "stable-evaluation", "ＲｅＬＵ": "relu", "swish": "silu",
    "CrossEntropyLoss": "softmax-cross-entropy", "neural network": "mlp", "dense layer": "fully-connected", "JVP": "forward-mode",
    "gradient descent": "gradient-descent", "descent gradient": "gradient-descent", "kullback": "kl", "lenet": "lenet",
    "E14": "convolution", "activation checkpointing": "checkpointing", "Huffman": "entropy", "dropout": "dropout", "RMSNorm": "rms-norm",
    "LSTM": "lstm", "transformer": "transformer-block", "GRU": "gru", "GCN": "gcn", "RoPE": "positional-encoding",
    "multi-head attention": "multi-head", "BatchNorm2d": "batch-norm", "Weisfeiler-Lehman": "gin",
    "GAN": "gan",
}  # fmt: skip
CHINESE = {
    "自适应学习率": "adagrad", "余弦退火": "schedules",
    "学习率": "gradient-descent", "卷积神经网络": "conv-layer", "极大似然": "mle", "黑塞矩阵": "hessian", "海森矩阵": "hessian",
    "跳跃连接": "residual", "残差网络": "residual", "反向传播": "reverse-mode", "计算图": "reverse-mode", "自注意力": "attention",
    "缩放点积注意力": "attention", "池化": "pooling", "随机梯度下降": "sgd", "权重衰减": "regularization", "过拟合": "regularization",
    "高斯分布": "normal", "最小二乘": "linear-regression", "逻辑斯谛回归": "logistic-regression", "主成分": "pca", "交叉熵": "cross-entropy",
    "相对熵": "kl", "多层感知机": "mlp", "神经网络": "mlp", "支持向量": "svm", "特征值": "eigen", "奇异值分解": "svd", "点积": "inner-product",
    "中心极限定理": "lln", "混淆矩阵": "classification-metrics", "朴素贝叶斯分类器": "naive-bayes", "softmax函数": "softmax", "泰勒公式": "taylor",
    "交叉验证": "model-selection", "矩阵乘法": "matrix-product", "梯度裁剪": "gradient-clipping", "手写数字识别": "lenet", "批归一化": "batch-norm",
    "循环神经网络": "rnn", "长短期记忆": "lstm", "图卷积网络": "gcn", "位置编码": "positional-encoding", "多头注意力": "multi-head",
}  # fmt: skip
PINYIN_WORDS = {
    "xuexilv": "gradient-descent", "xue xi lv": "gradient-descent", "xuexilü": "gradient-descent", "xxl": "gradient-descent",
    "juanji": "convolution", "juanjishenjingwangluo": "conv-layer", "jjsjwl": "conv-layer", "jidasiran": "mle", "heisaijuzhen": "hessian",
    "tiduxiajiang": "gradient-descent", "tdxj": "gradient-descent", "fanxiangchuanbo": "reverse-mode", "zhuyili": "attention",
    "cancha": "residual", "tiaoyuelianjie": "residual", "jiaochashang": "cross-entropy", "zhuchengfenfenxi": "pca", "zcffx": "pca",
    "beiyesi": "bayes", "chihua": "pooling", "sunshihanshu": "losses", "jihuohanshu": "activations", "fangcha": "expectation",
    "chongjifen": "multiple-integral", "hanglieshi": "determinant", "shengchengduikangwangluo": "gan",
}  # fmt: skip
MISSPELT = {
    "attenton": "attention", "gradeint desent": "gradient-descent", "softmx": "softmax", "regularizaton": "regularization",
    "covolution": "convolution", "bakpropagation": "reverse-mode", "jacobain": "jacobian", "xuexilu": "gradient-descent",
    "batchnrom": "batch-norm",
}  # fmt: skip
# what a student types, and the pages of which one is first and the others follow among the first three
STUDENT = {
    "overfitting": "regularization", "过拟合": "regularization", "underfitting": "regularization", "欠拟合": "regularization",
    "graph neural network": "gcn gin gat", "graph neural networks": "gcn gin gat", "图神经网络": "gcn gin gat", "node classification": "gcn",
    "transformers": "transformer-block", "attention is all you need": "transformer-block", "embeddings": "embedding",
    "one-hot encoding": "embedding", "独热编码": "embedding", "CNNs": "conv-layer", "feature map": "conv-layer", "感受野": "conv-layer",
    "学习率": "gradient-descent", "gradients": "gradient", "epoch": "sgd", "batch size": "sgd", "批量大小": "sgd",
    "hidden state": "rnn", "sequence model": "rnn", "序列模型": "rnn", "BPTT": "rnn", "forget gate": "lstm", "遗忘门": "lstm",
    "logits": "softmax", "temperature": "softmax", "cross entropy loss": "softmax-cross-entropy cross-entropy", "hidden layer": "mlp",
    "归一化": "batch-norm", "normalization": "batch-norm layer-norm", "期望": "expectation", "back propagation": "reverse-mode",
    "early stopping": "regularization", "hyperparameters": "model-selection", "train test split": "model-selection", "验证集": "model-selection",
    "mixed precision": "floating-point", "masked attention": "attention", "cross attention": "multi-head", "message passing": "gcn",
    "weight initialization": "initialization", "loss function": "losses", "激活函数": "activations", "F1 score": "classification-metrics",
    "local minimum": "derivative sgd", "鞍点": "saddle-points", "L2": "regularization", "optimizers": "optimizers", "kernel trick": "kernel-methods",
    "dot product": "inner-product attention", "vanishing gradient": "signal-propagation", "梯度消失": "signal-propagation", "exploding gradients": "signal-propagation", "eigenvectors": "eigen", "条件概率": "probability", "likelihood": "mle nll", "convolutions": "convolution conv-layer",
}  # fmt: skip
WITHOUT_A_PAGE = {
    "token": "tokenizer", "词元": "tokenizer",
    "bias variance tradeoff": "bias-variance", "feature": "feature-scaling", "特征": "feature-scaling", "deep learning": "deep-learning",
    "机器学习": "machine-learning", "image classification": "alexnet", "LLM": "gpt", "词向量": "word2vec",
    "风格迁移": "stylegan",
    "reinforcement learning": "mdp", "word2vec": "word2vec", "流形上的优化": "riemannian-optimization", "t-SNE": "manifold-learning",
    "随机森林": "decision-tree",
}  # fmt: skip
NONSENSE = ("qqqqzzzz", "blorp", "xyzzyplugh", "嚞嚞嚞", "zzxqj", "!!!", "")


@pytest.mark.parametrize(("words", "key"), [*LATIN.items(), *CHINESE.items(), *PINYIN_WORDS.items()])
def test_the_right_page_is_first(words, key):
    found, subject = entries().answer(words)
    assert (found[0].key, subject) == (key, None)


@pytest.mark.parametrize(("words", "keys"), STUDENT.items())
def test_what_a_student_types_finds_the_pages_that_answer_it(words, keys):
    found, subject = entries().answer(words)
    first, *others = keys.split()
    assert (found[0].key, subject) == (first, None)
    assert set(others) <= {concept.key for concept in found[:3]}


@pytest.mark.parametrize(
    ("words", "key"),
    [("word2vec", "embedding"), ("token", "embedding"), ("BERT", "transformer-block"), ("ResNet-50", "residual"),
     ("Runge-Kutta", "neural-ode")],
)  # fmt: skip
def test_the_nearest_page_of_a_subject_without_one_is_first(words, key):
    subject = entries().answer(words)[1]
    assert subject is not None
    assert subjects()[subject].nearest[0] == key


@pytest.mark.parametrize(("words", "key"), MISSPELT.items())
def test_one_letter_may_be_wrong_in_a_long_word(words, key):
    assert entries().search(words)[0].key == key


@pytest.mark.parametrize(("words", "key"), WITHOUT_A_PAGE.items())
def test_a_known_subject_without_a_page_is_answered_so(words, key, capsys):
    assert entries().answer(words)[1] == key
    assert main(["search", words]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first == f"{subjects()[key].title.en}: no page yet; nearest:"
    # what begins with blanks is the rest of a long title
    assert [row.split()[0] for row in rows if row[0] != " "] == list(subjects()[key].nearest)
    assert main(["search", words, "--lang", "zh"]) == 0
    assert capsys.readouterr().out.startswith(f"{subjects()[key].title.zh}：暂无页面；最接近的是：")


@pytest.mark.parametrize("words", NONSENSE)
def test_nonsense_finds_nothing(words):
    assert entries().answer(words) == ([], None)


def test_nothing_found_says_what_to_try(capsys):
    assert main(["search", "blorp"]) == 2
    assert re.search(r"nothing found for 'blorp'; try .*juanji.*gradus map", capsys.readouterr().err)


def test_a_name_comes_before_its_beginning_and_that_before_its_words():
    keys = [c.key for c in entries().search("gradient", limit=20)]
    assert keys[0] == "gradient"
    assert keys.index("gradient-descent") < keys.index("conjugate-gradients")
    assert entries().search("normal")[0].key == "normal", "not multivariate-normal"
    assert entries().search("variance of a sum")[0].key in ("expectation", "computed-variance")


@pytest.mark.parametrize("concept", list(load()), ids=lambda c: c.key)
def test_every_name_finds_its_page_first(concept):
    assert len(concept.aliases) >= 3
    assert {is_chinese(name) for name in concept.aliases} == {True, False}, "aliases in both languages"
    for name in (concept.key, *concept.title, *concept.aliases):
        assert entries().search(name)[0].key == concept.key, name


def test_no_name_belongs_to_two_pages_or_to_a_page_and_a_subject():
    owners = {}
    for key, names in [(c.key, (c.key, *c.title, *c.aliases)) for c in load()]:
        for name in {fold(n) for n in names}:
            assert owners.setdefault(name, key) == key, name
    for key, subject in subjects().items():
        for name in {fold(n) for n in subject.names} - {fold(key)}:
            assert owners.setdefault(name, key) == key, name


@pytest.mark.parametrize("subject", list(subjects().values()), ids=lambda s: s.key)
def test_a_subject_has_its_names_and_pages_nearby(subject):
    assert subject.area in AREAS
    assert subject.nearest
    assert set(subject.nearest) <= set(load().concepts)
    assert is_chinese(subject.title.zh)
    assert not is_chinese(subject.title.en)
    assert subject.key not in load().concepts, "it has a page now: take the line out of subjects.txt"


def test_a_new_page_silences_its_subject():
    adam = entries().get("adam")
    biggan = adam._replace(key="biggan", title=subjects()["biggan"].title, aliases=())
    catalogue = Catalogue({**entries().concepts, "biggan": biggan})
    assert catalogue.answer("biggan")[1] is None
    assert catalogue.search("biggan")[0].key == "biggan"


def test_entries_and_concepts_are_searched_alike():
    for words in (
        "attenton",
        "交叉熵",
        "gradeint desent",
        "variance of a sum",
        "xuexilv",
        "E14",
        "每个查询的权重",
        "LSTM",
    ):
        found, subject = load().answer(words)
        assert [c.key for c in entries().search(words)] == [c.key for c in found]
        assert entries().answer(words)[1] == subject


def test_headings_of_the_prose_are_found_and_those_of_every_page_are_not(tmp_path, monkeypatch):
    (tmp_path / "networks").mkdir()
    text = "# attention\n\n## Why\n\nwords\n\n## Derivation\n\n### Online renormalisation\n"
    (tmp_path / "networks" / "attention.en.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr("gradus.catalogue.words.PAGES", tmp_path)
    headings.cache_clear()
    try:
        terms = words_of(load().get("attention")).terms
    finally:
        headings.cache_clear()
    assert terms.startswith("online renormalisation ")
    assert "derivation" not in terms


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("attention", "attenton", True), ("attention", "atttention", True), ("attention", "attantion", True),
        ("attention", "atetntion", True), ("attention", "tatention", True), ("attention", "attentin", True),
        ("attention", "attention", False), ("attention", "atenton", False), ("abcde", "badce", False), ("abcd", "cbad", False),
    ],
)  # fmt: skip
def test_one_edit(word, other, near):
    assert one_edit_apart(word, other) is one_edit_apart(other, word) is near


def test_folding_sets_languages_and_punctuation_apart():
    assert fold("ＲｅＬＵ, the-Rectifier: 整流函数x") == "relu the rectifier 整流函数 x"
    assert fold("a_b² — !") == "a b2"
    assert fold("k-means++") == "k means plus plus"


def test_the_pinyin_is_that_of_the_names():
    assert PINYIN.read_text(encoding="utf-8") == table(), "stale: run `make index`"
    assert readings(["似然函数", "重积分", "学习率"]) == {
        "似然函数": "si ran han shu",
        "重积分": "chong ji fen",
        "学习率": "xue xi lv",
    }


def test_searching_needs_no_pypinyin(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypinyin", None)
    assert Catalogue(load().concepts).search("xuexilv")[0].key == "gradient-descent"
