"""Exceptions whose words a user reads, and the one that a user's mistake raises."""

from gradus.text import Text, as_text


class TextError(Exception):
    """An exception that speaks both languages: `text` holds its words, `str(error)` is the English.

    Args:
        message: a `Text`, or a plain string for words that have one form only.
    """

    def __init__(self, message: str | Text) -> None:
        super().__init__(message)
        self.text = as_text(message)

    def __str__(self) -> str:
        return self.text.en


class GradusError(TextError, ValueError):
    """A mistake that the caller can mend.

    The message says what was expected, what came (values, shapes) and how to mend it, in one line;
    the command line prints that line in the reader's language and exits with status 2.
    """


def words_of(error: BaseException) -> Text:
    """An exception's own words, in both languages where it has them; none where asking for them raises."""
    if isinstance(error, TextError):
        return error.text
    try:
        return as_text(str(error))
    except BaseException:  # somebody else's __str__
        return Text("(its text cannot be had)", "（无法取得其文字）")


def raised(error: BaseException) -> Text:
    """That it was raised: its type and the first line of its own words."""
    name = type(error).__name__
    en, zh = (next(iter(words.strip().splitlines()), "") for words in words_of(error))
    return Text(
        f"raised {name}: {en}" if en else f"raised {name}", f"抛出 {name}：{zh}" if zh else f"抛出 {name}"
    )
