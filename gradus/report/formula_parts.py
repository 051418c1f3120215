"""A formula on a line of its own, parted where wide space stands in it, so that its parts take several lines on a phone."""

from __future__ import annotations

from xml.etree import ElementTree

WIDE_SPACE = "2em"  # \qquad


def formula_parts(mathml: str) -> list[str]:
    """The parts of a displayed formula, each a formula; the whole where no wide space stands outside of brackets and fractions."""
    try:
        math = ElementTree.fromstring(mathml)
    except ElementTree.ParseError:  # LaTeX of a concept that was never compiled
        return [mathml]
    row = math[0] if len(math) == 1 and math[0].tag == "mrow" else math
    groups: list[list[ElementTree.Element]] = [[]]
    for child in row:
        if child.tag == "mspace" and child.get("width") == WIDE_SPACE:
            groups.append([])
        else:
            groups[-1].append(child)
    if len(groups) == 1 or not all(groups):
        return [mathml]
    return [_formula(math, group) for group in groups]


def _formula(math: ElementTree.Element, children: list[ElementTree.Element]) -> str:
    part = ElementTree.Element("math", math.attrib)
    row = ElementTree.SubElement(part, "mrow")
    row.extend(children)
    return ElementTree.tostring(part, encoding="unicode", short_empty_elements=False)
