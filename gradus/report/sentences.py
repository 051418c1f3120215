"""Whole sentences of a report, in both languages, which agree with their numbers."""

from __future__ import annotations


def evidence_sentence(totals: dict[str, int], lang: str) -> str:
    """The line at the top: what was measured, and with what outcome."""
    n = totals
    if not any(n[k] for k in ("holds", "fails", "skipped", "mutants")):
        zh = f"所依据的 {n['concepts']} 个概念：本次未验证其断言。"
        return (
            zh
            if lang == "zh"
            else f"{_count(n['concepts'], 'concept')}, whose claims were not verified this time."
        )
    if lang == "zh":
        parts = [f"{n['concepts']} 个概念", f"{n['holds']} 条断言成立", f"{n['fails']} 条不成立"]
        parts += [f"{n['skipped']} 条不适用"] if n["skipped"] else []
        if n["mutants"]:
            parts.append(f"{n['mutants']} 个故意写错的变异体中 {n['caught']} 个被识破")
        parts += [f"另有 {n['unverified']} 条陈述未验证"] if n["unverified"] else []
        return "，".join(parts) + "。"
    parts = [
        _count(n["concepts"], "concept"),
        f"{_count(n['holds'], 'claim')} hold{'s' if n['holds'] == 1 else ''}",
    ]
    parts += [f"{n['fails'] or 'none'} fail{'s' if n['fails'] == 1 else ''}"]
    parts += [f"{n['skipped']} do{'es' if n['skipped'] == 1 else ''} not apply"] if n["skipped"] else []
    if n["mutants"]:
        parts.append(f"{n['caught']} of {_count(n['mutants'], 'deliberately wrong variant')} caught")
    parts += [f"{_count(n['unverified'], 'further statement')} unverified"] if n["unverified"] else []
    return ", ".join(parts) + "."


def result_sentence(
    title: str, data: str, score: str, mean: str, relation: str, target: str | None, seeds: int, lang: str
) -> str:
    """The abstract's first line: what was trained, on what, how well."""
    if lang == "zh":
        gap = " " if score[:1].isascii() else ""
        beside = "这些数据与设置没有目标值" if target is None else f"目标值：{relation} {target}"
        after = " " if title[-1:].isascii() else ""
        return f"{title}{after}在“{data}”上训练，{seeds} 个随机种子的平均{gap}{score}为 {mean}（{beside}）。"
    beside = (
        "there is no target for these data and settings"
        if target is None
        else f"the target: {relation} {target}"
    )
    over = "with one seed" if seeds == 1 else f"as the mean of {seeds} seeds"
    return f"{title}, trained on “{data}”, reaches {article(score)} {score} of {mean} {over} ({beside})."


def article(noun: str) -> str:
    """The indefinite article."""
    return "an" if noun[:1] in "aeiou" else "a"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
