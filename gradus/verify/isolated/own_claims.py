"""What is judged of a user's code before and beside the page's claims: that it answers, what it returns, what it leaves behind."""

from __future__ import annotations

from typing import Any, NoReturn

from gradus.page import Claim, Concept
from gradus.text import Text
from gradus.verify.runner import Result, Verdict


def _measured_elsewhere(*_: Any) -> NoReturn:
    raise NotImplementedError("measured around the implementation, not on it")


def _claim(name: str, en: str, zh: str) -> Claim:
    return Claim(name, Text(en, zh), _measured_elsewhere, universal=True)


ANSWERS = _claim("answers", "can be imported and called, and comes back", "能被导入、调用并返回")
STRUCTURE = _claim(
    "structure", "returns what the definition returns, in number and shape", "返回值的个数与形状同定义"
)
LEAVES_PROCESS = _claim(
    "leaves-process-unchanged",
    "leaves no thread behind, no stream closed and nothing of the judge or of NumPy replaced",
    "不遗留线程，不关闭标准流，不改动评判程序与 NumPy",
)
OWN_CLAIMS = (ANSWERS, STRUCTURE, LEAVES_PROCESS)


def outcome(concept: Concept, claim: Claim, name: str, fault: Text | None, seconds: float = 0.0) -> Result:
    """The claim's result: it fails for the reason that is given, or holds."""
    verdict: Verdict = "fails" if fault else "holds"
    return Result(concept, claim, name, verdict, None, fault or Text("", ""), 0, seconds)
