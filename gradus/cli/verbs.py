"""The verbs as data: what each does, its arguments, its examples."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradus.text import Text

Argument = tuple[tuple[str, ...], dict[str, Any], Text]


class Verb(NamedTuple):
    """A command of the command line."""

    summary: Text
    arguments: tuple[Argument, ...]
    examples: tuple[str, ...]


def _key(nargs: str | None = None) -> Argument:
    options: dict[str, Any] = {"metavar": "KEY"}
    if nargs:
        options["nargs"] = nargs
    return (("key",), options, Text("key of a concept", "概念的键"))


def _flag(name: str, en: str, zh: str) -> Argument:
    return ((name,), {"action": "store_true"}, Text(en, zh))


def _value(name: str, metavar: str, en: str, zh: str, **options: Any) -> Argument:
    return ((name,), {"metavar": metavar, **options}, Text(en, zh))


TABLE: dict[str, Verb] = {
    "map": Verb(
        Text("the roadmap: every concept by area, with its state", "路线图：按领域列出所有概念及其状态"),
        (
            ((("area"),), {"metavar": "AREA", "nargs": "?"}, Text("only this area", "只看这一领域")),
            _flag("--timeline", "by year, with the people", "按年份排列，附人名"),
            _flag("--errata", "wrong statements in circulation that the pages correct", "各页所更正的流行错误"),
        ),
        ("map", "map networks", "map --timeline", "map --errata --lang zh"),
    ),
    "show": Verb(
        Text("one concept: statement, symbols, definition, implementation, evidence", "一个概念：陈述、符号、定义、实现、证据"),
        (_key(), _value("--html", "FILE", "write the page as one self-contained HTML file", "写成一个独立的 HTML 文件")),
        ("show attention", "show adam --lang zh", "show entropy --html entropy.html"),
    ),
    "search": Verb(
        Text("find concepts by words, English or Chinese; misspellings are forgiven", "用中文或英文查找概念，可容忍拼写错误"),
        ((("words",), {"metavar": "WORDS", "nargs": "+"}, Text("words to look for", "要查找的词")),),
        ("search attention", "search 交叉熵", "search gradeint desent"),
    ),
    "path": Verb(
        Text("what to learn, in order, to understand a concept; or a whole route", "理解某个概念所需的学习顺序；或一条完整路线"),
        (
            _key("?"),
            _value("--known", "A,B", "concepts that you know already", "已经掌握的概念", default=""),
            _value("--route", "NAME", "walk a route instead: mathematics, machine-learning, deep-learning-theory, engineer",
                   "改为走一条路线：mathematics, machine-learning, deep-learning-theory, engineer"),
        ),
        ("path attention", "path adam --known derivative,gradient", "path --route engineer"),
    ),
    "verify": Verb(
        Text("measure the claims; on your own implementation with --implementation", "测量断言；用 --implementation 检验自己的实现"),
        (
            (("targets",), {"metavar": "KEY|AREA", "nargs": "*"}, Text("concepts or areas", "概念或领域，可以多个")),
            _flag("--all", "every concept", "所有概念"),
            _value("--implementation", "SPEC", "your function: FILE.py:name or module:name", "你的函数：FILE.py:名称 或 模块:名称"),
            _value("--framework", "F", "numpy, torch, jax or python; detected unless given", "numpy、torch、jax 或 python；默认自动识别"),
            _flag("--strict", "what a right implementation may lack counts, too: refusing invalid input", "正确实现可以缺少的要求（如拒绝无效输入）也计入"),
            _value("--call-limit", "S", "seconds that one call of it may take; 15 unless given", "每次调用的时限（秒），默认 15", type=float, default=15.0),
            _value("--claim-limit", "S", "seconds that one claim may take; 60 unless given, 600 with --slow", "每条断言的时限（秒），默认 60，用 --slow 时为 600", type=float),
            _value("--memory-limit", "MB", "megabytes that it may take; 2048 unless given", "内存上限（MB），默认 2048", type=float, default=2048.0),
            _flag("--slow", "the slow claims too", "也测量较慢的断言"),
            _flag("--verbose", "every claim, not only the failing ones", "显示每条断言，而不只是不成立的"),
            _flag("--json", "print JSON", "输出 JSON"),
            _value("--junit", "FILE", "write JUnit XML", "写出 JUnit XML"),
            _value("--html", "FILE", "write a report as one HTML file", "写出 HTML 报告"),
            _value("--seed", "N", "base seed of the random inputs", "随机输入的种子", type=int, default=0),
        ),
        ("verify attention", "verify networks --verbose", "verify adam sgd", "verify --all --junit claims.xml",
         "verify attention --implementation my_attention.py:attention"),
    ),
    "practice": Verb(
        Text("the exercises of a concept, asked and judged; or a file with the signature and no body, to be filled in",
             "一个概念的练习：提问并判断对错；或写出只有签名、由你补全的文件"),
        (
            _key(),
            _flag("--hint", "print the hints, too", "同时显示提示"),
            _flag("--again", "ask those that you have answered rightly, too", "已答对的也重新提问"),
            _value("--answer", "N=ANSWER", "judge answers: a number, numbers with commas, a letter, FILE.py:name",
                   "判断答案：数、逗号分隔的数、选项字母或 FILE.py:name", nargs="+"),
            _value("--output", "FILE", "write the file to be filled in", "写出待补全的文件"),
        ),
        ("practice attention", "practice attention --answer 1=8 2=b", "practice attention --output mine.py"),
    ),
    "explain": Verb(
        Text("the computation graph of a definition, or of your own function: every value, local derivative and adjoint",
             "定义或你自己的函数的计算图：每个值、局部导数与伴随"),
        (
            (("key",), {"metavar": "KEY|FILE.py:name"}, Text("a concept, or a function or module of your own", "概念，或你自己的函数或模块")),
            _value("--input", "FILE.py:name", "your input: an array, a tuple of arguments, a dict of them by name, or a function returning these",
                   "你的输入：数组、参数的元组、按名称的字典，或返回它们的函数"),
            _value("--along", "A,B", "the chain rule along one path: from argument A, through node B", "沿一条路径写出链式法则：从参数 A 经节点 B"),
            _value("--output", "FILE", "draw the graph as SVG", "把图画成 SVG"),
            _value("--time-limit", "SECONDS", "how long the function may run; 60 unless given", "函数运行的时限（秒），默认 60", type=float, default=60.0),
        ),
        ("explain softmax", "explain softmax --input mine.py:logits", "explain mine.py:loss --input mine.py:batch", "explain attention --output attention.svg", "explain entropy --along p"),
    ),
    "examine": Verb(
        Text("what theory says of your own model on your data: curvature, signals, step size, kernel, calibration, and verdicts",
             "理论如何看待你的模型与数据：曲率、信号、步长、核、校准，以及结论"),
        (
            (("target",), {"metavar": "FILE.py:setup"}, Text("a function that returns (model, loss, data), or a dict of examine's arguments",
                                                             "返回 (model, loss, data) 或 examine 参数字典的函数")),
            _value("--budget", "B", "time and memory, as 60s, 2GB or '60s 2GB'; 60s unless given", "时间与内存，如 60s、2GB 或 '60s 2GB'，默认 60s"),
            _value("--sections", "A,B", "these alone: anatomy, data, outputs, signals, gradients, curvature, step, kernel, generalisation, calibration",
                   "只做这些：anatomy, data, outputs, signals, gradients, curvature, step, kernel, generalisation, calibration"),
            _value("--checkpoint", "FILE", "fill the model with the tensors of a safetensors file", "用 safetensors 文件填充模型"),
            _value("--html", "FILE", "write the report as one HTML file", "把报告写成一个 HTML 文件"),
            _flag("--json", "print JSON", "输出 JSON"),
            _flag("--strict", "exit status 1 where there is a fault", "有故障时以状态 1 退出"),
            _flag("--watch", "run the training loop that the function returns, (model, optimizer, train), and name what goes wrong in it", "运行该函数返回的训练循环 (model, optimizer, train)，并指出其中的问题"),
            _value("--steps", "N", "with --watch: end the loop after so many steps", "与 --watch 同用：走这么多步后结束", type=int),
            _value("--seed", "N", "of all draws; 0 unless given", "所有抽样的种子，默认 0", type=int),
        ),
        ("examine mine.py:setup", "examine mine.py:loop --watch --steps 200", "examine mine.py:setup --html report.html", "examine mine.py:setup --sections signals,step --budget 20s --lang zh"),
    ),
    "infer": Verb(
        Text("a Bayesian or Markov network from a BIF or UAI file: marginals given evidence, the most probable states, log Z",
             "BIF 或 UAI 文件中的贝叶斯网络或马尔可夫网络：给定证据的边缘概率、最可能的状态、log Z"),
        (
            (("target",), {"metavar": "FILE"}, Text("network.bif, network.uai, or packed as .gz", "network.bif、network.uai，或其 .gz")),
            _value("--query", "NAME", "the variables to show; all unless given", "要显示的变量，默认全部", nargs="+"),
            _value("--given", "NAME=STATE", "what is known", "已知的证据", nargs="+"),
            _value("--evidence", "FILE", "findings of a .evid file; that beside a .uai file unless given", ".evid 文件中的证据，默认取 .uai 旁的同名文件"),
            _value("--do", "NAME=STATE", "set by an intervention, not observed", "由干预设定，而非观测", nargs="+"),
            _flag("--map", "the states that are the most probable together", "联合起来最可能的状态"),
            _flag("--loopy", "belief propagation in place of exact inference, where the tables would not fit; says how far it can be trusted", "在各表放不下时，以信念传播代替精确推断，并说明结果的可信程度"),
            _value("--memory", "SIZE", "what the tables may take; 2GB unless given", "各表可用的内存，默认 2GB", default="2GB"),
            _flag("--json", "print JSON", "输出 JSON"),
        ),
        ("infer network.bif --query rain --given grass=wet", "infer network.bif --map --given grass=wet", "infer grid.uai --evidence grid.uai.evid --json", "infer grid.uai --loopy"),
    ),
    "run": Verb(
        Text("train a system by its recipe and write the report", "按配方训练一个系统并写出报告"),
        (
            _key(),
            _value("--data", "NAME", "data set, folder of images, CSV or text file; the recipe's first unless given", "数据集、图像文件夹、CSV 或文本文件，默认为配方的第一个"),
            _value("--data-dir", "DIR", "folder of downloaded data", "数据所在的文件夹"),
            _value("--seeds", "N", "train with seeds 0 … N−1; 3 unless given", "用种子 0 … N−1 训练，默认 3 个", type=int),
            _value("--seed", "S", "train once, with this seed", "只用这一个种子训练一次", type=int),
            _value("--epochs", "N", "the recipe's unless given", "默认按配方", type=int),
            _value("--device", "D", "cpu, cuda, cuda:1, mps", "cpu、cuda、cuda:1、mps"),
            _value("--directory", "DIR", "where the run is kept; runs/KEY/… unless given", "运行结果的位置，默认 runs/KEY/…"),
            _flag("--resume", "go on with an interrupted run", "继续被中断的运行"),
            _flag("--fresh", "replace what an earlier run left in --directory", "覆盖 --directory 中以往的运行结果"),
            _value("--report", "FILE", "where the report is written; in the run's folder unless given", "报告写到哪里，默认在运行的文件夹中"),
            _flag("--quiet", "no progress", "不显示进度"),
            _flag("--no-verify", "leave the claims out of the report", "报告中不含断言"),
        ),
        ("run lenet", "run lenet --seed 0 --epochs 5", "run lenet --data mnist --data-dir ~/data", "run lenet --resume",
         "run lenet --data ./my-images", "run linear-regression --data table.csv", "run lenet --help"),
    ),
    "sample": Verb(
        Text("images from a finished run of a generative system", "用已完成的生成式系统生成图像"),
        (
            _key(),
            _value("--run", "DIR", "the run's folder; the newest finished one of the system unless given", "运行所在的文件夹，默认取该系统最新完成的运行"),
            _value("--n", "N", "how many images, or with --between how many ways; 64 unless given", "图像的张数（与 --between 同用时为路径条数），默认 64", type=int, default=64),
            _value("--class", "NAME", "of this class alone; each in turn unless given", "只生成该类别，默认各类轮流"),
            _value("--steps", "N", "steps of sampling; the recipe's unless given", "采样步数，默认按配方", type=int),
            _value("--guidance", "S", "how far the class is followed: 1 as it is, 0 not at all; the recipe's unless given", "遵循类别的强度：1 为原样，0 为不用，默认按配方", type=float),
            _value("--between", "K", "ways of K images from one noise to another, a row each", "每行 K 张，从一个噪声走到另一个", type=int),
            _value("--seed", "N", "of the noise; 0 unless given", "噪声的种子，默认 0", type=int, default=0),
            _value("--output", "FILE", "a .png picture, or a .npy array (N, C, H, W) from 0 to 1; samples.png unless given", ".png 图片，或 .npy 数组（N, C, H, W，取值 0 到 1），默认 samples.png", default="samples.png"),
        ),
        ("sample diffusion", "sample diffusion --class 3 --n 16 --guidance 3 --steps 20", "sample diffusion --between 10 --n 8 --output ways.png", "sample diffusion --run runs/diffusion/digits-1 --output samples.npy"),
    ),
    "data": Verb(
        Text("data sets: list them, download one, say where they are", "数据集：列出、下载、查看位置"),
        (
            (("action",), {"metavar": "list|get|path", "choices": ("list", "get", "path")}, Text("what to do", "要做什么")),
            (("name",), {"metavar": "NAME", "nargs": "?"}, Text("data set", "数据集")),
            _value("--data-dir", "DIR", "folder of downloaded data", "数据所在的文件夹"),
        ),
        ("data list", "data get mnist", "data path"),
    ),
    "runs": Verb(
        Text("past runs in a table", "以表格列出以往的运行"),
        (_value("--directory", "DIR", "where the runs are kept", "运行结果的位置", default="runs"),),
        ("runs",),
    ),
    "site": Verb(
        Text("write all pages as a linked site that opens from disk", "把全部页面写成可从磁盘直接打开的互联站点"),
        (
            (("action",), {"metavar": "build", "choices": ("build",)}, Text("what to do", "要做什么")),
            (("directory",), {"metavar": "DIR"}, Text("a new or empty folder, or a site that was built before", "新文件夹、空文件夹，或先前建好的站点")),
            _value("--only", "A,B", "these concepts alone", "只含这些概念"),
            _flag("--no-verify", "claims that were not measured yet are left unmeasured", "尚未测量的断言不再测量"),
        ),
        ("site build site", "site build site --only attention,entropy"),
    ),
    "serve": Verb(
        Text("show the site on this machine; what changes is made anew when it is looked at", "在本机显示站点；改动之处在查看时重新生成"),
        (
            (("directory",), {"metavar": "DIR", "nargs": "?"}, Text("where it is kept; in the cache unless given", "存放位置，默认在缓存中")),
            _value("--port", "N", "a free port unless given", "端口，默认取空闲端口", type=int, default=0),
            _value("--only", "A,B", "these concepts alone", "只含这些概念"),
        ),
        ("serve", "serve --port 8000"),
    ),
    "doctor": Verb(
        Text("what works on this machine, and the command that mends what does not", "本机可用的功能，以及修复不可用项的命令"),
        (),
        ("doctor",),
    ),
}  # fmt: skip
