"""Which exercises the reader has answered: kept beside the evidence, and never in the way of reading."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.files import cache_folder, make_folder, write_atomically
from gradus.locks import waiting_lock
from gradus.text import Text


def progress_file() -> Path:
    """Where the answers are kept: `exercises.json` in GRADUS_DATA, or in the user's data folder.

    Raises:
        GradusError: there is no home directory and GRADUS_DATA is not set.
    """
    import os

    if os.environ.get("GRADUS_DATA"):
        return cache_folder() / "exercises.json"
    import platformdirs

    folder = Path(platformdirs.user_data_dir("gradus"))
    return folder / "exercises.json" if folder.is_absolute() else cache_folder() / "exercises.json"


class Learned:
    """The reader's answers by concept and exercise: how often each was tried, and since when it is known."""

    def known(self) -> dict[str, dict[str, Any]]:
        """What has been answered; empty where nothing was kept or the home is missing.

        Raises:
            GradusError: the file is not one of ours; it is left as it is.
        """
        try:
            path = progress_file()
            text = path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, GradusError):
            return {}
        except OSError as error:
            raise GradusError(
                Text(f"cannot read {path}: {error.strerror}", f"无法读取 {path}：{error.strerror}")
            ) from error
        except UnicodeDecodeError as error:
            raise _foreign(path) from error
        return _answers(path, text)

    def since(self, key: str, name: str) -> str:
        """The day on which an exercise was first answered rightly; "" where it never was."""
        return str(self.known().get(key, {}).get(name, {}).get("right", ""))

    def record(self, key: str, name: str, right: bool) -> None:
        """Keeps one answer.

        Raises:
            GradusError: the file cannot be written, or is not one of ours.
        """
        path = progress_file()
        make_folder(path.parent)
        with waiting_lock(path.with_suffix(".lock")):
            answers = self.known()
            row = answers.setdefault(key, {}).setdefault(name, {"tries": 0, "right": ""})
            row["tries"] += 1
            if right and not row["right"]:
                row["right"] = datetime.date.today().isoformat()
            whole = {"format": 1, "answers": answers}
            write_atomically(path, [json.dumps(whole, ensure_ascii=False, indent=1).encode()])


def _answers(path: Path, text: str) -> dict[str, dict[str, Any]]:
    try:
        whole = json.loads(text)
        answers: dict[str, dict[str, Any]] = whole["answers"]
        rows = [row for exercises in answers.values() for row in exercises.values()]
        if not all(type(row["tries"]) is int and isinstance(row["right"], str) for row in rows):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _foreign(path) from error
    return answers


def _foreign(path: Path) -> GradusError:
    return GradusError(
        Text(
            f"{path} is not a file of answers as Gradus writes it; move it away, nothing was changed",
            f"{path} 不是 Gradus 写出的练习记录；请将其移开，未做任何更改",
        )
    )
