"""Every word that the report itself says, in English and in Chinese."""

from __future__ import annotations

from gradus.text import SMALLEST_CASE, VERDICTS, Text

WORDS: dict[str, Text] = {
    "kicker-run": Text("Training report", "训练报告"),
    "kicker-verification": Text("Verification report", "验证报告"),
    "verification-title": Text("The mathematics, measured", "数学，逐条测量"),
    "made-by": Text("made by Gradus {}", "由 Gradus {} 生成"),
    "contents": Text("Contents", "目录"),
    "summary": Text("Summary", "摘要"),
    "network": Text("The network", "网络"),
    "model": Text("The model", "模型"),
    "data": Text("The data", "数据"),
    "recipe": Text("The recipe", "训练方法"),
    "result": Text("The result", "结果"),
    "inside-network": Text("Inside the network", "网络内部"),
    "inside": Text("Inside the model", "模型内部"),
    "evidence": Text("What it stands on", "它所依据的数学"),
    "evidence-alone": Text("The evidence", "证据"),
    "reading": Text("How to read the evidence", "如何阅读这些证据"),
    "circumstances": Text("Time and machine", "耗时与环境"),
    "references": Text("References", "参考文献"),
    "layer": Text("Layer", "层"),
    "operation": Text("Operation", "运算"),
    "output": Text("Output", "输出形状"),
    "parameters": Text("Parameters", "参数量"),
    "total": Text("Total", "合计"),
    "architecture-caption": Text(
        "The layers in the order in which they act; activations that are plain functions are not listed.",
        "按作用顺序列出的各层；以普通函数实现的激活不在其中。",
    ),
    "source": Text("Source", "来源"),
    "licence": Text("Licence", "许可"),
    "citation": Text("To cite", "引用"),
    "one-example": Text("One example", "单个样本"),
    "classes": Text("Classes", "类别"),
    "sizes": Text("Examples", "样本数"),
    "split": Text("Split", "划分"),
    "seed": Text("Seed", "随机种子"),
    "with-seed": Text("seed", "种子"),
    "mean": Text("Mean", "平均"),
    "target": Text("Target", "目标值"),
    "no-target": Text("There is no target for these data and settings.", "这些数据与设置没有目标值。"),
    "reached": Text("reached", "达到"),
    "missed": Text("missed", "未达到"),
    "scores-caption": Text(
        "The score of each seed, and the target that their mean must reach.",
        "各随机种子的得分，以及其平均值须达到的目标值。",
    ),
    "figure": Text("Figure", "图"),
    "table": Text("Table", "表"),
    "area": Text("Area", "领域"),
    "concepts": Text("Concepts", "概念"),
    "claims": Text("Claims", "断言"),
    "claim": Text("Claim", "断言"),
    "variants": Text("Wrong variants", "错误的变异体"),
    "overview-caption": Text(
        "Every concept that takes part, with the number of its claims that hold; each leads to its evidence.",
        "涉及的全部概念及其成立的断言数；点击可查看证据。",
    ),
    "verdict": Text("Verdict", "判定"),
    "measured": Text("Measured", "测得"),
    "must-be": Text("Must be", "应为"),
    **VERDICTS,
    "unverified": Text("unverified", "未验证"),
    "caught": Text("caught", "被识破"),
    "not-caught": Text("not caught", "未被识破"),
    "by": Text("by", "依据"),
    "not-by": Text("but not by", "但未被以下断言识破："),
    "implementation": Text("Implementation", "实现"),
    "where": Text("Symbols", "符号"),
    "needs": Text("Needs", "需要先懂"),
    "not-measured": Text(
        "Not measured when this page was made; to measure it here: gradus verify {}",
        "生成本页时未作测量；在本机测量：gradus verify {}",
    ),
    "no-evidence": Text(
        "No claim of this concept was measured in this run.", "本次运行没有测量该概念的任何断言。"
    ),
    "smallest-case": SMALLEST_CASE,
    "unverified-heading": Text("Said but not measured", "陈述但未测量"),
    "errata": Text("Wrong forms in circulation", "流传的错误写法"),
    "common": Text("One reads", "常见写法"),
    "why-wrong": Text("Why it is wrong", "错在何处"),
    "right": Text("Right", "正确写法"),
    "deviations": Text("Where frameworks differ", "各框架的差异"),
    "proof": Text("Proof", "证明"),
    "statement": Text("Statement", "陈述"),
    "returns": Text("Returns", "返回"),
    "assumes": Text("It assumes", "前提条件"),
    "dropped": Text("dropped in", "去掉它的后果见"),
    "in-code": Text("In code", "代码"),
    "use": Text("In practice, call", "实际调用"),
    "literal": Text("The definition, literally, in NumPy", "定义的逐字转写（NumPy）"),
    "convention": Text("Convention", "约定"),
    "here": Text("Here", "本页"),
    "elsewhere": Text("Elsewhere", "别处"),
    "evidence-page": Text("Evidence", "证据"),
    "evidence-lead": Text(
        "These claims were measured on this machine; the wrong variants show that they can fail.",
        "以下断言均在本机测得；后面的错误变异体说明它们确实能够失败。",
    ),
    "sources": Text("Sources", "出处与阅读"),
    "generic": Text("What every concept must satisfy", "每个概念都须满足的断言"),
    "generic-on": Text("{} on", "{} 条，对象："),
    "places-and-seeds": Text("seeds, places, tolerances", "随机种子、位置与容差"),
    "answer": Text("Your answer", "你的答案"),
    "answer-form": Text(
        "a number, such as 0.25, 1/4 or 25 %; several with commas, rows with semicolons",
        "一个数，如 0.25、1/4 或 25 %；多个数用逗号分隔，各行用分号",
    ),
    "check": Text("Check", "检查"),
    "hint": Text("Hint", "提示"),
    "solution": Text("Solution", "解答"),
    "answer-is": Text("The answer:", "答案："),
    "right-answer": Text("Right.", "正确。"),
    "wrong-answer": Text("Not right.", "不对。"),
    "unread-answer": Text(
        "That could not be read as a number. Write 0.25 (with a point), 1/4 or 25 %; several with commas, rows with semicolons.",
        "无法读作数。请写成 0.25（小数点为“.”）、1/4 或 25 %；多个数用逗号分隔，各行用分号。",
    ),
    "no-choice": Text("Choose one of the answers.", "请选择一个答案。"),
    "by-function": Text(
        "The answer is a function; write it into a file and let it be judged:",
        "答案是一个函数；请写入文件，然后交由程序评判：",
    ),
    "copy": Text("Copy", "复制"),
    "copied": Text("Copied", "已复制"),
    "seconds": Text("Time", "耗时"),
    "phase": Text("Phase", "阶段"),
    "repeat": Text("To repeat", "重现命令"),
}

#: What each kind of evidence means.
JUDGEMENTS: dict[str, Text] = {
    "identical": Text(
        "the same, bit for bit; the number counts the entries that differ", "逐比特相同；数值为不同元素的个数"
    ),
    "roundoff": Text(
        "equal up to rounding; the tolerance follows from the length of the sum and the precision",
        "在舍入误差内相等；容差由求和长度与精度推出",
    ),
    "rate": Text(
        "a power law; the number is the slope fitted over at least four sizes",
        "幂律；数值为至少四个尺度上拟合的斜率",
    ),
    "bound": Text(
        "a proved bound is kept; how much of it is used is noted", "满足已证明的界；并注明用去了多少"
    ),
    "optimal": Text(
        "the condition of optimality is met; the number is its residual", "满足最优性条件；数值为残差"
    ),
    "statistical": Text(
        "a mean over a number of samples fixed beforehand, within five standard errors",
        "样本数事先固定的均值，偏差不超过五个标准误",
    ),
    "invariance": Text(
        "nothing changes under the transformation, up to rounding", "变换之下在舍入误差内不变"
    ),
    "metric": Text("a trained system reaches its target", "训练好的系统达到目标值"),
}

#: Names of the settings and phases of the recipes.
SETTINGS: dict[str, Text] = {
    "held_out": Text("share held out", "留作验证的比例"),
    "hidden": Text("hidden units", "隐藏单元数"),
    "patience": Text("patience", "容忍轮数"),
    "optimizer": Text("optimiser", "优化器"),
    "learning_rate": Text("learning rate", "学习率"),
    "batch_size": Text("batch size", "批大小"),
    "epochs": Text("epochs", "训练轮数"),
    "steps": Text("steps", "步数"),
    "schedule": Text("schedule of the learning rate", "学习率调度"),
    "momentum": Text("momentum", "动量"),
    "weight_decay": Text("weight decay", "权重衰减"),
    "beta1": Text("β₁", "β₁"),
    "beta2": Text("β₂", "β₂"),
    "epsilon": Text("ε", "ε"),
    "loss": Text("loss", "损失函数"),
    "augmentation": Text("augmentation", "数据增强"),
    "clip_norm": Text("gradient clipped at norm", "梯度裁剪范数"),
    "dropout": Text("dropout", "丢弃率"),
    "label_smoothing": Text("label smoothing", "标签平滑"),
    "initialization": Text("initialisation", "初始化"),
    "activation": Text("activation", "激活函数"),
    "precision": Text("precision", "数值精度"),
    "seed": Text("seed", "随机种子"),
    "seeds": Text("seeds", "随机种子"),
    "device": Text("device", "设备"),
    "early_stopping": Text("early stopping", "提前停止"),
    "compile": Text("compiled", "是否编译"),
    "workers": Text("processes", "进程数"),
    "training": Text("training", "训练"),
    "evaluation": Text("evaluation", "评估"),
    "verification": Text("verification", "验证"),
    "loading": Text("loading the data", "加载数据"),
    "total": Text("total", "总计"),
    "train": Text("training", "训练集"),
    "validation": Text("validation", "验证集"),
    "test": Text("test", "测试集"),
    "all": Text("all", "全部"),
    "folds": Text("folds", "折数"),
    "intercept": Text("intercept", "截距"),
    "smoothing": Text("added to each count", "每个计数加上"),
    "inverse_strength": Text("inverse strength C", "正则强度的倒数 C"),
    "penalty": Text("penalty", "惩罚项"),
    "components": Text("components", "主成分个数"),
    "starts": Text("starts", "起点次数"),
    "stored": Text("images stored", "存储的图像数"),
    "flipped": Text("share of the pixels flipped", "翻转的像素比例"),
    "beta": Text("β", "β"),
    "trials": Text("trials of each image", "每幅图像的试验次数"),
    "model": Text("model", "模型"),
    "shift": Text("shifted at random by up to", "随机平移至多"),
    "context": Text("characters seen", "可见字符数"),
    "depths": Text("layers", "层数"),
    "blocks": Text("blocks", "块数"),
    "heads": Text("heads", "注意力头数"),
    "learning_rates": Text("learning rates", "学习率"),
    "symbols": Text("symbols", "符号种数"),
    "places_back": Text("places back", "回溯位数"),
    "length": Text("length of a sequence", "序列长度"),
    "examples": Text("sequences to learn from", "训练序列数"),
    "vector_width": Text("width of the vectors", "向量宽度"),
    "sequences": Text("sequences an epoch", "每轮的序列数"),
    "lag": Text("lag", "时滞"),
    "width": Text("features of a node", "每个节点的特征数"),
    "layers": Text("layers", "层数"),
    "units": Text("units", "单元数"),
    "task": Text("task", "任务"),
    "interval": Text("interval", "间隔"),
    "python": Text("Python", "Python"),
    "gradus": Text("Gradus", "Gradus"),
    "torch": Text("PyTorch", "PyTorch"),
    "numpy": Text("NumPy", "NumPy"),
    "scipy": Text("SciPy", "SciPy"),
    "scikit-learn": Text("scikit-learn", "scikit-learn"),
    "matplotlib": Text("Matplotlib", "Matplotlib"),
    "system": Text("system", "操作系统"),
    "processor": Text("processor", "处理器"),
    "cores": Text("cores", "核心数"),
    "threads": Text("threads used", "使用线程数"),
    "accelerator": Text("accelerator", "加速器"),
}


#: The scores that recipes name, and whether they are fractions, shown in percent; others are shown as they are written.
METRICS: dict[str, tuple[Text, bool]] = {
    "accuracy": (Text("test accuracy", "测试集准确率"), True),
    "cross-validated-accuracy": (
        Text("accuracy under 10-fold cross-validation", "10 折交叉验证准确率"),
        True,
    ),
    "cross-validated-r2": (Text("R² under 10-fold cross-validation", "10 折交叉验证 R²"), False),
    "variance-kept": (Text("share of the held-out variance kept", "留出数据的方差保留比例"), True),
    "adjusted-rand-index": (Text("adjusted Rand index", "调整兰德指数"), False),
    "recalled": (Text("share of the images recalled", "成功回忆的图像比例"), True),
    "rate-quotient": (Text("quotient of the largest learning rates", "最大学习率之比"), False),
    "bits-per-character": (Text("bits per character of held-out text", "留出文本的每字符比特数"), False),
}


def metric(key: str, lang: str) -> str:
    """The name of a score, as it is known or as it is written."""
    return METRICS[key][0].get(lang) if key in METRICS else key.replace("_", " ").replace("-", " ")


def is_fraction(key: str) -> bool:
    """Whether the score is a fraction, shown in percent; an unknown one is taken for one."""
    return key not in METRICS or METRICS[key][1]


def said(key: str, lang: str) -> str:
    """One of the report's own words."""
    return WORDS[key].get(lang)


def setting(key: str, lang: str) -> str:
    """The name of a setting, as it is known or as it is written."""
    return SETTINGS[key].get(lang) if key in SETTINGS else key.replace("_", " ")
