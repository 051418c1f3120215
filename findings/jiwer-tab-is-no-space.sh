#!/usr/bin/env bash
# jiwer 4.0.0, word error rate
# One would guess: words are split as str.split() splits them, and an empty reference has no word error rate.
# Seen: only the space splits. "hello<tab>world" (or a line break, or a no-break space) is one word, so that a right
#   hypothesis has a word error rate of 2. A reference without words has the *number* of inserted words as its rate, 3.0
#   for three, as if it were a fraction.
# Why it matters: transcripts come out of tables and subtitles with tabs, line breaks and no-break spaces; silent
#   segments have empty references, and a mean over segments is ruled by them.
# What to do: split texts at every white space first; call an empty reference undefined and count it apart.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile jiwer==4.0.0
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import jiwer

seen = {
    repr(reference): jiwer.wer(reference, "hello world")
    for reference in ("hello world", "hello  world", "hello\tworld", "hello\nworld", "hello\u00a0world")
}
empty = jiwer.wer("", "a b c")
print("jiwer 4.0.0: word error rate of 'hello world' by reference:", seen, "of three words for an empty one:", empty)
assert list(seen.values()) == [0.0, 0.0, 2.0, 2.0, 2.0]
assert empty == 3
PYTHON
