"""Make the shipped fonts: STIX Two, subset to what a mathematical page needs.

Usage (once, and when the fonts change)::

    npm --prefix tools ci
    python tools/subset_font.py

The mathematical font keeps its MATH table (constants, size variants, glyph assemblies), without
which a browser stretches no bracket and no root. Hinting is dropped: browsers that draw MathML
do not use it at these sizes, and it is a third of the file.
"""

import shutil
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

TOOLS = Path(__file__).resolve().parent
ASSETS = TOOLS.parent / "gradus" / "assets"
# This package ships the font whole; @fontsource's has lost the features that set primes and script sizes.
MATH = TOOLS / "node_modules/@expo-google-fonts/stix-two-math/400Regular/STIXTwoMath_400Regular.ttf"
TEXT = TOOLS / "node_modules/@fontsource/stix-two-text/files"
LICENCE = TOOLS / "node_modules/@expo-google-fonts/stix-two-math/LICENSE_FONT"

#: Inclusive ranges of code points of the mathematical font.
RANGES = [
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x00FF),  # Latin-1: ± × · ¬ °, and accented names
    (0x02C6, 0x02DC),  # spacing accents
    (0x0300, 0x0338),  # combining accents
    (0x0391, 0x03F6),  # Greek
    (0x2010, 0x2057),  # dashes, quotes, primes, ‖ … †
    (0x2061, 0x2064),  # invisible operators
    (0x20D0, 0x20EF),  # vectors and harpoons above
    (0x2102, 0x2138),  # letterlike: ℝ ℕ ℓ ℒ ℏ ℵ
    (0x2190, 0x21D5),  # arrows
    (0x2200, 0x22F1),  # mathematical operators
    (0x2308, 0x230B),  # ceiling and floor
    (0x23B0, 0x23E0),  # over and under braces, pieces of brackets
    (0x25A0, 0x25FF),  # squares, triangles, circles
    (0x27E6, 0x27EF),  # mathematical brackets
    (0x27F5, 0x27FC),  # long arrows
    (0x2A00, 0x2A0C),  # n-ary operators
    (0x2A3F, 0x2A3F),
    (0x2A7D, 0x2A7E),  # ⩽ ⩾
    (0x2AAF, 0x2AB0),  # ⪯ ⪰
    (0x1D400, 0x1D503),  # bold, italic, bold italic, script, bold script
    (0x1D504, 0x1D537),  # fraktur
    (0x1D538, 0x1D56B),  # double-struck
    (0x1D5A0, 0x1D5D3),  # sans-serif
    (0x1D670, 0x1D6A3),  # monospace
    (0x1D6A4, 0x1D755),  # dotless; bold, italic Greek
    (0x1D756, 0x1D76F),
    (0x1D7CE, 0x1D7D7),  # bold digits
]
#: ssty: script sizes; dtls: dotless under accents; flac: flat accents; ss01, ss04: Temml's script and primes.
FEATURES = ["ssty", "dtls", "flac", "ss01", "ss04", "ccmp", "mark", "mkmk", "kern"]


def subset_math() -> Path:
    """Write the mathematical font; returns its path."""
    font = TTFont(MATH, recalcTimestamp=False)
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        layout_features=FEATURES,
        notdef_outline=True,
        drop_tables=["DSIG", "gasp"],
        recalc_timestamp=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[c for low, high in RANGES for c in range(low, high + 1)])
    subsetter.subset(font)
    if "MATH" not in font:
        raise SystemExit("the subset font lost its MATH table")
    path = ASSETS / "stix-two-math.woff2"
    font.flavor = "woff2"
    font.save(path)
    return path


def main() -> None:
    """Write all fonts and their licence."""
    ASSETS.mkdir(exist_ok=True)
    path = subset_math()
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    for style in ("400-normal", "400-italic", "600-normal"):
        path = ASSETS / f"stix-two-text-{style}.woff2"
        shutil.copyfile(TEXT / f"stix-two-text-latin-{style}.woff2", path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    shutil.copyfile(LICENCE, ASSETS / "OFL.txt")


if __name__ == "__main__":
    main()
