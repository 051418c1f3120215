"""Why a claim was left out, in the reader's language: the reasons are raised in English, where they arise."""

from __future__ import annotations

import re

CHINESE: tuple[tuple[str, str], ...] = (
    (r"a (\w+) function has no gradient to compare", r"\1 函数没有可比较的梯度"),
    (r"a (\w+) function is judged in (.+)", r"\1 函数只在 \2 下评判"),
    (r"(\S+) has no argument '?\"?(\w+)'?\"?", r"\1 没有参数 \2"),
    (r"(\S+) is not required of a right implementation: (.*)", r"正确的实现不必满足 \1：\2"),
    (r"no array among the arguments carries a dtype", "参数中没有带数据类型的数组"),
    (r"no batched array among the arguments", "参数中没有可批量的数组"),
    (r"the result carries no gradient", "结果不带梯度"),
    (r"nothing to differentiate", "没有可求导的参数"),
    (r"the definition is not finite around the case", "定义在该用例附近不是有限值"),
    (r"the definition has a kink at the case", "定义在该用例处不可导"),
    (r"the definition branches at the case itself", "定义恰在该用例处分支"),
    (
        r"the implementation is constant around the case: it takes whole numbers",
        "该实现在用例附近为常数：它只接受整数",
    ),
    (r"it refuses inputs around the case: (.*)", r"拒绝该用例附近的输入：\1"),
    (r"the tape cannot run the definition: (.*)", r"梯度带无法运行该定义：\1"),
    (r"no invalid input applies", "没有适用的无效输入"),
    (r"the page has no case for it", "该页没有适用的用例"),
    (r"operations of (\w+) are not counted", r"无法统计 \1 的运算次数"),
    (r"(\S+) has ε = 1e-6 built in", r"\1 内置 ε = 1e-6"),
    (r"JAX does not tell the memory of one call on the processor", "JAX 无法给出一次调用在处理器上的内存"),
    (r"raised (\w+): (.*)", r"抛出 \1：\2"),
    (r"raised (\w+):?\s*", r"抛出 \1"),
)


def reason_in(reason: str, lang: str) -> str:
    """The reason in `lang`; as it was raised where it is an implementation's own words."""
    if lang == "zh":
        for english, chinese in CHINESE:
            if re.fullmatch(english, reason, re.DOTALL):
                return re.sub(english, chinese, reason, flags=re.DOTALL)
    return reason
