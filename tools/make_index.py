"""Make the index of the catalogue from its pages: `make index`, after adding or changing a page."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gradus.catalogue.index import FILE, entries, write_index
from tools.pinyin import write_pinyin


def main() -> None:
    """Write the pinyin of the names, then the index, which holds it."""
    write_pinyin()
    write_index()
    print(f"{FILE.name}: {len(entries())} concepts")


if __name__ == "__main__":
    main()
