"""Every word that the report itself says, in English and in Chinese."""

from __future__ import annotations

from gradus.report.run_words import METRICS, SETTINGS
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
    "findings": Text("What was found", "发现"),
    "pages": Text("The mathematics", "所用数学"),
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
