"""Mathematics for a terminal: MathML walked to readable Unicode.

`gradus.catalogue.formulas.unicode_text` is the entrance; this module knows MathML only. Each node becomes
pieces, a piece being a text and its class in TeX's sense, and spaces are put between pieces by
their classes. Matrices, cases and aligned equations become several lines where that is allowed.
"""

import re
from xml.etree.ElementTree import Element, fromstring

from gradus.catalogue.formulas.terminal_layout import (
    CLOSE,
    OPEN,
    Piece,
    bare,
    between_bars,
    enclosed,
    is_factor,
    is_product,
    join,
    several_lines,
)


def _table(keys: str, values: str) -> dict[str, str]:
    return dict(zip(keys, values, strict=True))


_SUPER = _table(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ⊤𝖳′*∗⋆†",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡᵀᵀ′***†",
)
_SUB = _table("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ")
_ACCENTS = {
    **dict.fromkeys("^ˆ", "\u0302"),
    **dict.fromkeys("~˜", "\u0303"),
    **dict.fromkeys("‾¯ˉ_", "\u0304"),
    **dict.fromkeys(".˙", "\u0307"),
    "¨": "\u0308",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "→": "\u20d7",
    **dict.fromkeys("…⋯⃛", "\u20db"),
}
_ACCENT_NAMES = {
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0304": "bar",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u030c": "check",
    "\u0306": "breve",
    "\u20d7": "vec",
    "\u20db": "dddot",
}
_BINARY = set("+−-±∓×⋅·∗*∘⊙⊗⊕⊖∪∩∧∨÷∖⊎⊔⊓")
_RELATION = set("=≠<>≤≥≪≫∈∉∋∼≈≡≢∝→←↔↦⇒⇐⇔⟹⟸⟺⟶⟵⟼⊂⊆⊃⊇⊥∣:≔≜≝≃≅≺≻⪯⪰≼≽⩽⩾↓↑⊢⊨∥|≐↛↚⇏≁≉≮≯≰≱⊄⊈∤≇⊥")
_BIG = set("∑∏∫∮∬∭⋃⋂⨁⨂⋁⋀∐")
_LIMITS = {"lim", "max", "min", "sup", "inf", "arg max", "arg min", "argmax", "argmin"}
_BRACES = set("⏟⏞︸︷⎵⎴")
_TEXT = {"∣": "|", "∑": "Σ", "∏": "Π", "⋅": "·", "\u2061": "", "\u2062": "", "\u2063": "", "\u200b": ""}
_PRIMES = {"′′": "″", "′′′": "‴"}
_SIMPLE = re.compile(r".|[A-Za-z0-9]+")  # a script that needs no brackets
_SHORT = re.compile(rf"\d+|.[{''.join(_SUB.values())}]*")  # and a radicand
_INVISIBLE = {"annotation", "annotation-xml", "mprescripts", "none", "mphantom"}


def terminal_text(mathml: str, one_line: bool = False) -> str:
    """Readable Unicode of a MathML formula.

    Args:
        mathml: one `<math>` element.
        one_line: write matrices and cases in one line, `[a b; c d]`, instead of several.
    """
    pieces = _pieces(fromstring(mathml), tight=False)
    if one_line or not any(piece.kind == "table" for piece in pieces):
        return join(pieces)
    return "\n".join(line.rstrip() for line in several_lines(pieces))


def _pieces(node: Element, tight: bool) -> list[Piece]:
    """The pieces of a node, rows flattened into their parent's."""
    tag = node.tag.rsplit("}", 1)[-1]
    if tag in _INVISIBLE:
        return []
    if tag in {"math", "mrow", "mstyle", "mpadded", "semantics", "mtd", "maction"}:
        if len(node) == 0 and "margin-left:-" in node.get("style", ""):
            return [Piece("", "back")]
        return [piece for child in node for piece in _pieces(child, tight)]
    if tag in _RULES:
        return _RULES[tag](node, tight)
    raise ValueError(f"MathML element <{tag}> has no terminal form")


def _identifier(node: Element, tight: bool) -> list[Piece]:
    text = _plain(node)
    if not text:
        return []
    if text == "/":
        return [Piece(text, "slash")]
    if text in _BIG:
        return [Piece(_TEXT.get(text, text), "op")]
    return [Piece(text, "word" if len(text) > 1 and text.isalpha() else "ord")]


def _number(node: Element, tight: bool) -> list[Piece]:
    return [Piece(_plain(node), "num")]


def _literal(node: Element, tight: bool) -> list[Piece]:
    return [Piece(_plain(node), "text")]


def _operator(node: Element, tight: bool) -> list[Piece]:
    text = (node.text or "").strip()
    if text == "\u2061":  # what stands before is a function's name
        return [Piece("", "apply")]
    shown = "".join(_TEXT.get(c, c) for c in text)
    if not shown:
        return []
    form = node.get("form")
    if text == "/":
        return [Piece(shown, "slash")]
    if text in _BIG:
        return [Piece(shown, "op")]
    if node.get("separator") == "true" or text in ",;":
        return [Piece(shown, "punct")]
    if node.get("fence") == "true" and text not in OPEN | CLOSE:
        return [Piece(shown, "open" if form == "prefix" else "close")]
    if text in OPEN | CLOSE:
        return [Piece(shown, "open" if text in OPEN else "close")]
    if text.isalpha() and text.isascii():  # mod
        return [Piece(shown, "bin")]
    if form in {"prefix", "postfix"} or (node.get("lspace") == "0em" and node.get("rspace") == "0em"):
        return [Piece(shown, "sign" if text in _BINARY | _RELATION else "ord")]
    if text in _BINARY:
        return [Piece(shown, "bin")]
    if text in _RELATION and not (text in "|∥" and node.get("lspace") is None and node.get("form") is None):
        return [Piece(shown, "rel")]
    return [Piece(shown, "ord")]


def _space(node: Element, tight: bool) -> list[Piece]:
    width = node.get("width", "0").strip()
    amount = float("".join(c for c in width if c in "-.0123456789") or 0)
    if amount < 0:
        return [Piece("", "back")]
    if amount == 0:
        return []
    return [Piece("  " if width.endswith("em") and amount >= 1 else " ", "space")]


def _fraction(node: Element, tight: bool) -> list[Piece]:
    top, bottom = (_pieces(child, tight) for child in node)
    if node.get("linethickness", "").rstrip("px") == "0":
        return [Piece(f"{join(top)} choose {join(bottom)}", "word")]
    above = join(top, tight)
    below = join(bottom, tight)
    if not is_product(top):
        above = f"({above})"
    if not is_factor(bottom):
        below = f"({below})"
    return [Piece(f"{above}/{below}", "frac")]


def _root(node: Element, tight: bool) -> list[Piece]:
    children = list(node)
    if node.tag.rsplit("}", 1)[-1] == "mroot":
        body, degree = _pieces(children[0], tight), join(_pieces(children[1], True), True)
        sign = {"3": "∛", "4": "∜"}.get(degree) or (_scripted(degree, _SUPER) or f"({degree})") + "√"
    else:
        body, sign = [p for child in children for p in _pieces(child, tight)], "√"
    text = join(body, tight).strip()
    short = _SHORT.fullmatch(bare(text)) is not None
    return [Piece(sign + (text if short else f"({text})"), "ord")]


def _scripts(node: Element, tight: bool) -> list[Piece]:
    tag = node.tag.rsplit("}", 1)[-1]
    children = list(node)
    base = _pieces(children[0], tight)
    lower = children[1] if tag in {"msub", "msubsup"} else None
    upper = children[-1] if tag in {"msup", "msubsup"} else None
    return _attach(base, lower, upper, tight)


def _limits(node: Element, tight: bool) -> list[Piece]:
    tag = node.tag.rsplit("}", 1)[-1]
    children = list(node)
    if tag != "munderover":
        mark = _plain(children[1]) if len(children[1]) == 0 else ""
        if mark in _BRACES:
            return _pieces(children[0], tight)
        if tag == "mover" and mark in _ACCENTS:
            return [_accented(_pieces(children[0], tight), _ACCENTS[mark], tight)]
    base = _pieces(children[0], tight)
    if children[1].tag.rsplit("}", 1)[-1] == "mspace":  # it only makes room over an arrow
        return [piece for piece in base if piece.kind != "space"]
    if len(base) > 1 and base[-1].kind == "apply":
        base = base[:-1]
    lower = children[1] if tag in {"munder", "munderover"} else None
    upper = children[-1] if tag in {"mover", "munderover"} else None
    return _attach(base, lower, upper, tight)


def _enclosed(node: Element, tight: bool) -> list[Piece]:
    body = [piece for child in node for piece in _pieces(child, tight)]
    if "tml-overline" in node.get("class", "") or node.get("notation") == "top":
        return [_accented(body, "\u0304", tight)]
    return body


def _matrix(node: Element, tight: bool) -> list[Piece]:
    rows = tuple(tuple(join(_pieces(cell, tight), tight).strip() for cell in row) for row in node)
    aligned = node.find("./mtr/mtd[@class='tml-right']") is not None
    return [Piece("aligned" if aligned else "", "table", rows)]


_RULES = {
    "mi": _identifier,
    "mn": _number,
    "mtext": _literal,
    "ms": _literal,
    "mo": _operator,
    "mspace": _space,
    "mfrac": _fraction,
    "msqrt": _root,
    "mroot": _root,
    "msub": _scripts,
    "msup": _scripts,
    "msubsup": _scripts,
    "munder": _limits,
    "mover": _limits,
    "munderover": _limits,
    "menclose": _enclosed,
    "mtable": _matrix,
}


def _attach(base: list[Piece], lower: Element | None, upper: Element | None, tight: bool) -> list[Piece]:
    """A base with its scripts or limits: Unicode scripts where they exist, else _(…) and ^(…)."""
    visible = [p for p in base if p.text or p.kind == "table"]
    text = join(base, tight)
    kind = visible[-1].kind if len(visible) == 1 else "ord"
    if kind == "frac" or (
        len(visible) > 1 and not (enclosed(text) or between_bars(text) or text.endswith("|"))
    ):
        text = f"({text})"
    if kind in {"frac", "table"} or len(visible) > 1:
        kind = "group"
    big = kind == "op" or text.strip() in _LIMITS
    for node, table, mark in ((lower, _SUB, "_"), (upper, _SUPER, "^")):
        if node is None:
            continue
        script = join(_pieces(node, True), True).strip()
        if not script:
            continue
        words = all(p.kind in {"word", "text"} for p in _pieces(node, True))
        short = None if big or words else _scripted(script, table)
        if short is not None:
            text += _PRIMES.get(short, short)
        elif big:
            text += f"{mark}{{{script}}}"
        else:
            text += mark + (script if _SIMPLE.fullmatch(bare(script)) or enclosed(script) else f"({script})")
    return [Piece(text, "op" if big else kind)]


def _accented(body: list[Piece], mark: str, tight: bool) -> Piece:
    text = join(body, tight)
    if len(bare(text)) == 1:
        return Piece(text + mark, "ord")
    return Piece(f"{_ACCENT_NAMES[mark]}({text})", "ord")


def _scripted(script: str, table: dict[str, str]) -> str | None:
    if len(script) <= 7 and all(c in table for c in script):
        return "".join(table[c] for c in script)
    return None


def _plain(node: Element) -> str:
    raw = "".join(node.itertext()).replace("\u00a0", " ").replace("\u2009", " ")
    return "".join(_TEXT.get(c, c) for c in raw) if raw not in _BIG else raw
