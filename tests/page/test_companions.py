"""A page's companion is read whole, and a broken one is named with its line."""

import pytest

from gradus.errors import GradusError
from gradus.page.companion import read

GOOD = """# first

- title `0123ab`: 甲
- symbol \\hat y `456789`: 乙：`code` 与 $x$

## 为什么
散文，`# 不是标题`

```python
# not a heading
## nor this
```

## 推导
完。

# second
- title `0123ab`: 丙
"""


def test_a_companion_is_read(tmp_path):
    path = tmp_path / "page.zh.md"
    path.write_text(GOOD, encoding="utf-8")
    first, second = read(path).values()
    assert (first.key, second.key, second.line) == ("first", "second", 17)
    assert first.renderings["symbol \\hat y"] == ("乙：`code` 与 $x$", "456789", 4)
    assert [(s.heading, s.line) for s in first.sections] == [("为什么", 6), ("推导", 14)]
    assert first.sections[0].text.endswith("# not a heading\n## nor this\n```")
    assert first.sections[1].text == "完。"
    assert second.renderings["title"].words == "丙"
    assert not second.sections


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- title `0123ab`: 甲", r":1: expected `# KEY` before anything else; got '- title"),
        ("# Two Words", r":1: expected the key of a concept, as in `# entropy`; got '# Two Words'"),
        ("# a\n\n# a\n", r":3: a is opened twice; keep one heading"),
        ("# a\n- title: 甲", r":2: expected - NAME `HASH`: CHINESE, on one line; got '- title: 甲'"),
        ("# a\n- title `0123AB`: 甲", r":2: expected - NAME `HASH`"),
        ("# a\n- title `0123ab`:", r":2: expected - NAME `HASH`"),
        ("# a\n- title `0123ab`: 甲\n  乙", r":3: expected - NAME `HASH`"),
        ("# a\n- title `0123ab`: 甲\n- title `0123ab`: 乙", r":3: title stands in line 2, too; keep one"),
    ],
)
def test_a_broken_companion_is_named_with_its_line(tmp_path, text, message):
    path = tmp_path / "page.zh.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(GradusError, match=r"page\.zh\.md" + message):
        read(path)


def test_english_prose_holds_no_strings(tmp_path):
    path = tmp_path / "page.en.md"
    path.write_text("# a\n\n## Why\nBecause.\n", encoding="utf-8")
    assert read(path)["a"].sections[0].text == "Because."
    path.write_text("# a\n- title `0123ab`: A\n", encoding="utf-8")
    with pytest.raises(
        GradusError, match=r":2: expected `## HEADING`; English strings stand in the page itself"
    ):
        read(path)


def test_a_companion_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "page.zh.md"
    path.write_bytes("# a\n- title `0123ab`: 甲".encode("gb18030"))
    with pytest.raises(GradusError, match=r"page\.zh\.md is not UTF-8.*save it as UTF-8"):
        read(path)
