"""What docs/generative.md shows is what happens."""

import re
from pathlib import Path

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "generative.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_prints_what_it_says(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(BLOCKS[number], f"block {number}", "exec"), {})
    said = re.findall(r"# → (.*)", BLOCKS[number])
    assert said and capsys.readouterr().out.splitlines() == said
