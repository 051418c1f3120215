"""A copy of the package whose catalogue has grown: pages copied under new keys, to see what depends on their number."""

import random
import re
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEY = re.compile(r'\bkey="([a-z0-9-]+)",')
LETTERS = "abcdefghilmnoprstuvy"


def grown(tree: Path, folder: Path, concepts: int) -> Path:
    """Copies `tree`/gradus into `folder` with as many concepts; returns the folder.

    Where records have aliases, each copy has two words of its own, so that the words to search grow as well.
    """
    shutil.copytree(tree / "gradus", folder / "gradus", ignore=shutil.ignore_patterns("__pycache__"))
    pages = folder / "gradus" / "concepts"
    keys = {file: KEY.findall(file.read_text(encoding="utf-8")) for file in sorted(pages.rglob("*.py"))}
    models = [file for file, names in keys.items() if len(names) == 1]
    records = (folder / "gradus").rglob("concept.py")
    aliases = any("aliases: Sequence" in file.read_text(encoding="utf-8") for file in records)
    missing = concepts - sum(map(len, keys.values()))
    rng = random.Random(0)
    for number, file in zip(range(missing), cycle(models), strict=False):
        words = [" ".join("".join(rng.choices(LETTERS, k=rng.randint(4, 11))) for _ in range(2))] * aliases
        _copy_page(file, keys[file][0], number, words)
    maker = ROOT / "tools" / "make_index.py"
    if (folder / "gradus" / "catalogue" / "index.json").exists():
        (folder / "tools").mkdir()
        shutil.copy(maker, folder / "tools")
        subprocess.run(
            [sys.executable, "tools/make_index.py"], cwd=folder, check=True, stdout=subprocess.DEVNULL
        )
    return folder


def _copy_page(file: Path, key: str, number: int, aliases: list[str]) -> None:
    """The page under another key; its Chinese, where it stands beside it, too."""
    another = f"{key}-{number:03d}"
    record = "".join(f' aliases=("{alias}",),' for alias in aliases)
    text = file.read_text(encoding="utf-8")
    target = file.with_name(f"{file.stem}_{number:03d}.py")
    target.write_text(text.replace(f'key="{key}",', f'key="{another}",{record}', 1), encoding="utf-8")
    chinese = file.with_name(f"{file.stem}.zh.md")
    if chinese.exists():
        words = chinese.read_text(encoding="utf-8").replace(f"# {key}\n", f"# {another}\n", 1)
        target.with_name(f"{target.stem}.zh.md").write_text(words, encoding="utf-8")
