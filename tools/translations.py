"""Lists the strings whose Chinese is missing, stale or superfluous; status 1 when there are any.

python tools/translations.py [KEY …] [--figures]      `make translations` draws the figures, too, which takes a minute
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gradus.catalogue import load  # noqa: E402
from gradus.catalogue.pages import modules  # noqa: E402
from gradus.page.figures import states  # noqa: E402
from gradus.page.translation import faults, figure_faults  # noqa: E402


def main() -> int:
    """Prints a line for each fault: file, line, concept, string, what to do."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("keys", nargs="*", metavar="KEY", help="concepts whose figures are drawn")
    parser.add_argument(
        "--figures", action="store_true", help="draw the figures, of all concepts unless some are named"
    )
    options = parser.parse_args()
    lines = faults(modules())
    for concept in load():
        if concept.key in options.keys or (options.figures and not options.keys):
            lines += figure_faults(
                concept, [concept.draw(**state).figure for state in states(concept.sliders)]
            )
    lines = [line.removeprefix(f"{ROOT}/") for line in lines]
    print("\n".join(lines) or "every string of every page has its Chinese")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
