"""Make the shipped fonts: STIX Two, subset to what a mathematical page needs.

Usage (once, and when the fonts change)::

    npm --prefix tools ci
    python tools/subset_font.py

The mathematical font keeps its MATH table (constants, size variants, glyph assemblies), without
which a browser stretches no bracket and no root. Hinting is dropped: browsers that draw MathML
do not use it at these sizes, and it is a third of the file.

Figures are laid out by matplotlib, which reads no WOFF2 and knows no Chinese: for it the measures of the same
glyphs are written as `figure-*.ttf`, each glyph a box of its width and extent, each Chinese character a full em.
"""

import shutil
from pathlib import Path

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

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


#: Chinese characters and full-width punctuation, all one em wide.
FULL_WIDTH = [(0x2E80, 0x303F), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF01, 0xFF60)]
FAMILY = "Gradus Figure"


def measures(path: Path) -> dict[int, tuple[int, tuple[float, ...]]]:
    """Advance and bounding box of each character of a font of 1000 units an em."""
    font = TTFont(path)
    glyphs = font.getGlyphSet()
    result = {}
    for code, name in font.getBestCmap().items():
        pen = BoundsPen(glyphs)
        glyphs[name].draw(pen)
        result[code] = (round(glyphs[name].width), pen.bounds or (0, 0, 0, 0))
    return result


def box(bounds: tuple[float, ...]) -> object:
    """A glyph that is a rectangle; none where the character is blank."""
    left, low, right, high = map(round, bounds)
    pen = TTGlyphPen(None)
    if right > left and high > low:
        pen.moveTo((left, low))
        for corner in ((left, high), (right, high), (right, low)):
            pen.lineTo(corner)
        pen.closePath()
    return pen.glyph()


def layout_font(style: str) -> Path:
    """Write the measures of the text font in a style, completed from the mathematical font; returns its path."""
    face, weight = {"regular": ("normal", 400), "italic": ("italic", 400), "bold": ("normal", 600)}[style]
    text = measures(ASSETS / f"stix-two-text-{weight}-{face}.woff2")
    characters = {**measures(ASSETS / "stix-two-math.woff2"), **text}
    characters = {code: m for code, m in characters.items() if 0x20 <= code < 0x2B00}
    names = {code: f"u{code:04X}" for code in sorted(characters)}
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "em", *names.values()])
    font.setupCharacterMap(names)
    glyphs = {".notdef": box((50, 0, 450, 700)), "em": box((30, -80, 970, 840))}
    widths = {".notdef": 500, "em": 1000}
    for code, name in names.items():
        widths[name], bounds = characters[code]
        glyphs[name] = box(bounds)
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics({n: (w, getattr(glyphs[n], "xMin", 0)) for n, w in widths.items()})
    font.setupHorizontalHeader(ascent=762, descent=-238)
    font.setupNameTable({"familyName": FAMILY, "styleName": style.capitalize()})
    font.setupOS2(
        usWeightClass=700 if style == "bold" else 400, fsSelection={"italic": 1, "bold": 32}.get(style, 64)
    )
    font.setupPost(italicAngle=-12 if style == "italic" else 0, keepGlyphNames=False)
    font.font["head"].macStyle = {"italic": 2, "bold": 1}.get(style, 0)
    _map_many_to_one(font.font, names)
    path = ASSETS / f"figure-{style}.ttf"
    font.font.recalcTimestamp = False
    font.font["head"].created = font.font["head"].modified = 0
    font.save(path)
    return path


def _map_many_to_one(font: TTFont, names: dict[int, str]) -> None:
    """The character map in format 13, which gives all Chinese characters one glyph in a few bytes."""
    table = CmapSubtable.newSubtable(13)
    table.platformID, table.platEncID, table.language = 3, 10, 0
    full = {c: "em" for low, high in FULL_WIDTH for c in range(low, high + 1)}
    table.cmap = {**names, **full}
    font["cmap"].tables = [table]


def main() -> None:
    """Write all fonts and their licence."""
    ASSETS.mkdir(exist_ok=True)
    path = subset_math()
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    for style in ("400-normal", "400-italic", "600-normal"):
        path = ASSETS / f"stix-two-text-{style}.woff2"
        shutil.copyfile(TEXT / f"stix-two-text-latin-{style}.woff2", path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    for style in ("regular", "italic", "bold"):
        path = layout_font(style)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
    shutil.copyfile(LICENCE, ASSETS / "OFL.txt")


if __name__ == "__main__":
    main()
