"""The data sets that Gradus knows: names, sizes, files with their checksums, mirrors, licences, citations."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from gradus.data.dataset import Task
from gradus.errors import GradusError
from gradus.text import Text


@dataclass(frozen=True)
class RemoteFile:
    """A file to download: sizes in bytes; `content_…` are those of what a single gzip file holds.

    A `content_sha256` of "" is not known; such a file, unpacked, is checked by size and structure only.
    """

    name: str
    size: int
    sha256: str
    content_size: int = 0
    content_sha256: str = ""

    @property
    def plain(self) -> str:
        """Its name once unpacked."""
        return self.name.removesuffix(".gz")


@dataclass(frozen=True)
class Entry:
    """One data set of the registry; without `files` it is embedded, in scikit-learn or here.

    `train` and `test` are numbers of examples; `shape` is that of one input; `mirrors` are base addresses, to which
    a file's name is added, tried in this order.
    """

    name: str
    title: Text
    task: Task
    shape: tuple[int, ...]
    train: int
    test: int
    classes: tuple[str, ...]
    source: str
    licence: str
    citation: str
    format: Literal["scikit-learn", "gradus", "idx", "cifar", "planetoid"] = "scikit-learn"
    files: tuple[RemoteFile, ...] = ()
    mirrors: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  # where other programs keep the same files

    @property
    def embedded(self) -> bool:
        """Whether it needs no download."""
        return not self.files


DIGITS = tuple(str(digit) for digit in range(10))
# The terms under which the copies used here reach the user: they are files of the scikit-learn package.
SHIPPED = "distributed with scikit-learn (BSD-3-Clause)"

EMBEDDED = (
    Entry(
        "digits", Text("Handwritten digits, 8×8", "手写数字（8×8）"), "classification", (1, 8, 8), 1437, 360, DIGITS,
        "scikit-learn; the test part of UCI's optical recognition of handwritten digits", SHIPPED,
        "Alpaydin, E., Kaynak, C. (1998). Optical recognition of handwritten digits. UCI Machine Learning Repository.",
    ),
    Entry(
        "iris", Text("Iris flowers", "鸢尾花"), "classification", (4,), 120, 30,
        ("setosa", "versicolor", "virginica"), "scikit-learn; UCI", SHIPPED,
        "Fisher, R. A. (1936). The use of multiple measurements in taxonomic problems. Annals of Eugenics 7, 179–188.",
    ),
    Entry(
        "wine", Text("Wine cultivars", "葡萄酒品种"), "classification", (13,), 142, 36,
        ("class_0", "class_1", "class_2"), "scikit-learn; UCI", SHIPPED,
        "Aeberhard, S., Forina, M. (1991). Wine. UCI Machine Learning Repository.",
    ),
    Entry(
        "breast-cancer", Text("Breast cancer, Wisconsin", "威斯康星乳腺癌"), "classification", (30,), 455, 114,
        ("malignant", "benign"), "scikit-learn; UCI", SHIPPED,
        "Wolberg, W., Mangasarian, O., Street, N., Street, W. (1995). Breast cancer Wisconsin (diagnostic). "
        "UCI Machine Learning Repository.",
    ),
    Entry(
        "diabetes", Text("Diabetes progression", "糖尿病进展"), "regression", (10,), 353, 89, (),
        "scikit-learn; data of the paper cited", SHIPPED,
        "Efron, B., Hastie, T., Johnstone, I., Tibshirani, R. (2004). Least angle regression. "
        "Annals of Statistics 32, 407–499.",
    ),
    Entry(
        "linnerud", Text("Linnerud's exercises", "Linnerud 体能训练"), "regression", (3,), 16, 4, (),
        "scikit-learn; data of the book cited", SHIPPED,
        "Tenenhaus, M. (1998). La régression PLS: théorie et pratique. Éditions Technip.",
    ),
    Entry(
        "co2", Text("Carbon dioxide at Mauna Loa, monthly", "莫纳罗亚的二氧化碳，逐月"), "regression", (1,), 416, 105, (),
        "flask samples of the SIO network, 1958–2001, by the Carbon Dioxide Information Analysis Center; means of each month with samples",
        "public domain",
        "Keeling, C. D., Whorf, T. P. (2004). Atmospheric CO2 concentrations derived from flask air samples at sites in the SIO network. "
        "In Trends: A Compendium of Data on Global Change. CDIAC, Oak Ridge National Laboratory.",
        "gradus",
    ),
)  # fmt: skip

# Sizes and SHA-256 of the compressed files: MNIST's files themselves; the others from TensorFlow Datasets' url_checksums.
MNIST = Entry(
    "mnist", Text("MNIST handwritten digits", "MNIST 手写数字"), "classification", (1, 28, 28), 60_000, 10_000, DIGITS,
    "http://yann.lecun.com/exdb/mnist/", "CC BY-SA 3.0",
    "LeCun, Y., Bottou, L., Bengio, Y., Haffner, P. (1998). Gradient-based learning applied to document recognition. "
    "Proceedings of the IEEE 86, 2278–2324.",
    "idx",
    (
        RemoteFile("train-images-idx3-ubyte.gz", 9_912_422,
                   "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                   47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        RemoteFile("train-labels-idx1-ubyte.gz", 28_881,
                   "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                   60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        RemoteFile("t10k-images-idx3-ubyte.gz", 1_648_877,
                   "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                   7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        RemoteFile("t10k-labels-idx1-ubyte.gz", 4_542,
                   "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                   10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ),
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://dataset.bj.bcebos.com/mnist/",
    ),
    ("MNIST/raw", "mnist_data"),
)  # fmt: skip

FASHION_MNIST = Entry(
    "fashion-mnist", Text("Fashion-MNIST clothes", "Fashion-MNIST 服饰"), "classification", (1, 28, 28), 60_000, 10_000,
    ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"),
    "https://github.com/zalandoresearch/fashion-mnist", "MIT",
    "Xiao, H., Rasul, K., Vollgraf, R. (2017). Fashion-MNIST: a novel image dataset for benchmarking machine learning "
    "algorithms. arXiv:1708.07747.",
    "idx",
    (
        RemoteFile("train-images-idx3-ubyte.gz", 26_421_880,
                   "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 47_040_016),
        RemoteFile("train-labels-idx1-ubyte.gz", 29_515,
                   "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                   60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        RemoteFile("t10k-images-idx3-ubyte.gz", 4_422_102,
                   "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 7_840_016),
        RemoteFile("t10k-labels-idx1-ubyte.gz", 5_148,
                   "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                   10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ),
    (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://dataset.bj.bcebos.com/fashion_mnist/",
    ),
    ("FashionMNIST/raw", "fashion_mnist"),
)  # fmt: skip

CIFAR_10 = Entry(
    "cifar-10", Text("CIFAR-10 small images", "CIFAR-10 小图像"), "classification", (3, 32, 32), 50_000, 10_000,
    ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    "https://www.cs.toronto.edu/~kriz/cifar.html", "none stated; cite the report",
    "Krizhevsky, A. (2009). Learning multiple layers of features from tiny images. Technical report, University of Toronto.",
    "cifar",
    (
        RemoteFile("cifar-10-binary.tar.gz", 170_052_171,
                   "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
    ),
    (
        "https://www.cs.toronto.edu/~kriz/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
)  # fmt: skip

CORA = Entry(
    "cora", Text("Cora, citations between papers", "Cora 论文引用网络"), "classification", (1433,), 140, 1000,
    ("theory", "reinforcement learning", "genetic algorithms", "neural networks", "probabilistic methods", "case-based",
     "rule learning"),
    "https://github.com/kimiyoung/planetoid", "MIT",
    "Sen, P., Namata, G., Bilgic, M., Getoor, L., Gallagher, B., Eliassi-Rad, T. (2008). Collective classification in network "
    "data. AI Magazine 29(3), 93–106; split of Yang, Z., Cohen, W., Salakhutdinov, R. (2016), ICML.",
    "planetoid",
    (
        RemoteFile("ind.cora.x", 22_119,
                   "23cfa55d91c6f624233f5eb7b6e3f141f1bd2b2ae39608a63cf5d084bb27baab"),
        RemoteFile("ind.cora.tx", 148_025,
                   "b9afbaa4a400df991f6f02ef677e1e44da55ffc04801fd02f9e673987829226a"),
        RemoteFile("ind.cora.allx", 257_305,
                   "9419ba2f26f5c35243db64aba110e0f35a04851609e0dc5433450676ca6b8543"),
        RemoteFile("ind.cora.y", 4_054,
                   "94465c14eb53e04ca262198dcbb2521ee8af60fb3f3d546cd6ca24a511b0e7d1"),
        RemoteFile("ind.cora.ty", 28_135,
                   "41f5ac76596a1699cc33f53084a2419e92961c42bb75f36fc38e616d348532ad"),
        RemoteFile("ind.cora.ally", 47_959,
                   "2b998f5cc7fedc86e7f97ca2498f47a1ffc1462c29e2d578b23bf3f62b6e7d71"),
        RemoteFile("ind.cora.graph", 59_847,
                   "58f13302f39dde8852dad6fe6d15b89b077b6d7f837626bce671ef80344b383d"),
        RemoteFile("ind.cora.test.index", 5_000,
                   "297ce89af2b51a6a194181c7dbe1796c6a1cf9cd9349a88383b1b1e227867875"),
    ),
    ("https://raw.githubusercontent.com/kimiyoung/planetoid/af6abf468a772cc055bec88c52e4d6f51b7c37e3/data/",),
    ("planetoid", "planetoid/data", "Cora/raw", "cora/raw"),
)  # fmt: skip

ENTRIES = {entry.name: entry for entry in (*EMBEDDED, MNIST, FASHION_MNIST, CIFAR_10, CORA)}


def entry_of(name: str) -> Entry:
    """The registry's entry of a name.

    Raises:
        GradusError: no data set has this name; the nearest one is suggested.
    """
    if isinstance(name, str) and name in ENTRIES:
        return ENTRIES[name]
    folded = {key.replace("-", ""): key for key in ENTRIES}
    wanted = str(name).lower().replace("-", "").replace("_", "").replace(" ", "")
    near = difflib.get_close_matches(wanted, folded, n=1, cutoff=0.5)
    en, zh = (
        (f"did you mean {folded[near[0]]!r}? ", f"你要找的是 {folded[near[0]]!r} 吗？") if near else ("", "")
    )
    names = ", ".join(ENTRIES)
    raise GradusError(
        Text(
            f"name: unknown data set {name!r}: {en}known are {names}",
            f"没有名为 {name!r} 的数据集；{zh}可选：{names}",
        )
    )
