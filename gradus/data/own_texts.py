"""A user's own text: sentences with classes in a CSV file, or a plain text as characters; read whole or refused in words."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from gradus.data.characters import Characters, of_text
from gradus.data.csv_table import is_number, target_column, words_of
from gradus.data.of_user import class_names, class_numbers, expected
from gradus.data.sentences import Sentences
from gradus.text import Text

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"  # written without blanks: each is a word
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W{_IDEOGRAPHS}]+|[^\w\s]")
MOST_BYTES, LEAST_CHARACTERS = 2**26, 2_000
SENTENCES = ("text", "sentence", "review", "document")  # names of the column that is read


def read_sentences(path: Path) -> Sentences:
    """The sentences of a CSV file with a column of text and one of classes, in small letters.

    Words, marks and Chinese or Japanese characters are separated by blanks.

    The classes are in the column target, label, class or y, else in the last; the text in text, sentence, review or document,
    else in the one whose entries are longest.

    Raises:
        GradusError: it is no such table, no entry of it is text, or a class has fewer than five sentences.
    """
    names, rows = words_of(path)
    at = target_column(names)
    if names[at] in {row[at] for _, row in rows}:
        raise expected(path, f"names of the columns in the first line, such as text and label, got the class {names[at]!r}",
                       f"首行应为列名（如 text 与 label），得到类别 {names[at]!r}")  # fmt: skip
    folded = [name.casefold() for name in names]
    column = next(
        (folded.index(name) for name in SENTENCES if name in folded and folded.index(name) != at),
        max((i for i in range(len(names)) if i != at), key=lambda i: sum(len(row[i]) for _, row in rows)),
    )
    if all(is_number(row[column]) for _, row in rows):
        raise expected(path, f"a column of text, got numbers in {names[column]}",
                     f"应有一列文本，而 {names[column]} 中都是数")  # fmt: skip
    for line, row in rows:
        if not (row[column] and row[at]):
            raise expected(
                path, f"a text and its class in line {line}, got none", f"第 {line} 行缺少文本或类别"
            )
    labels = [row[at] for _, row in rows]
    classes = class_names(path, labels)
    return Sentences(
        path.stem,
        tuple(" ".join(_WORD.findall(row[column].lower())) for _, row in rows),
        class_numbers(labels, classes),
        classes,
        Text(path.name, path.name),
        f"{path}; {names[column]}, {names[at]}",
    )


def read_characters(path: Path) -> Characters:
    """A text in UTF-8 as characters; its last tenth is held out.

    Raises:
        GradusError: it is no file, no text in UTF-8, too long, or has fewer than 2,000 characters or a single one repeated.
    """
    if not path.is_file():
        en, zh = ("a folder", "文件夹") if path.is_dir() else ("none", "没有该文件")
        raise expected(path, f"a text file, got {en}", f"应为文本文件，得到：{zh}")
    if (size := path.stat().st_size) > MOST_BYTES:
        raise expected(
            path, f"at most {MOST_BYTES:,} bytes, got {size:,}", f"最多 {MOST_BYTES:,} 字节，得到 {size:,}"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise expected(path, "a text in UTF-8; save it as UTF-8", "应为 UTF-8 文本；请另存为 UTF-8") from None
    if len(text) < LEAST_CHARACTERS or len(Counter(text)) < 2:
        raise expected(path, f"at least {LEAST_CHARACTERS:,} characters, not all the same, got {len(text):,}",
                     f"至少需要 {LEAST_CHARACTERS:,} 个不全相同的字符，得到 {len(text):,} 个")  # fmt: skip
    return of_text(path.stem, text, Text(path.name, path.name), str(path), "")
