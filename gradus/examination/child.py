"""The process in which a user's `setup` and the examination run; what it finds is written after every check.

`python -m gradus.examination FOLDER`: the folder holds `request.json`; the report so far is `report.json`, written aside and
renamed, and `state.json` says how far it has come.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gradus.errors import GradusError, raised
from gradus.files import write_atomically
from gradus.text import Text


def main(words: list[str]) -> None:
    """Everything, in order; a mistake of the user's is written down, never a traceback."""
    folder = Path(words[0])
    request: dict[str, Any] = json.loads((folder / "request.json").read_text("utf-8"))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _examined(folder, request)
    except GradusError as error:
        _write(folder / "state.json", {"state": "refused", "text": list(error.text)})
    except KeyboardInterrupt:
        _write(folder / "state.json", {"state": "interrupted"})
    except BaseException as error:
        en, zh = raised(error)
        path = request["path"]
        text = Text(f"{path}: it {en}", f"{path}：{zh}")
        _write(folder / "state.json", {"state": "refused", "text": list(text)})
    sys.stdout.flush()
    os._exit(0)  # whatever threads the user's code has left


def _examined(folder: Path, request: dict[str, Any]) -> None:
    from gradus.examination.budget import Budget
    from gradus.examination.examine import examined
    from gradus.examination.user_setup import arguments_of, load_checkpoint
    from gradus.verify.isolated.memory import limit_memory

    sys.argv[:] = [request["path"].rpartition(":")[0]]
    sys.path.append(str(Path(sys.argv[0]).resolve().parent))
    arguments = arguments_of(request["path"])
    for name in ("budget", "sections", "seed", "lang"):
        if request.get(name) is not None:
            arguments[name] = request[name]
    if request.get("checkpoint"):
        load_checkpoint(arguments["model"], request["checkpoint"])
    budget = Budget(arguments.get("budget", "60s"))
    if budget.limits_memory:
        limit_memory(budget.bytes / 2**20)
    _write(folder / "state.json", {"state": "begun", "seconds": budget.seconds})

    def told(found: Any) -> None:
        _write(folder / "report.json", found.as_dict())

    told(examined(**arguments, told=told))
    _write(folder / "state.json", {"state": "done"})


def _write(path: Path, value: Any) -> None:
    write_atomically(path, [json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")])
