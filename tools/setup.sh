#!/bin/sh
# Makes .venv and installs Gradus with the pinned set; a second call finds nothing to do.
# Usage: tools/setup.sh [test|bench|dev]     PYTHON=… chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
extra=${1:-}

fail() { echo "gradus: $1" >&2; exit 2; }

key=$(cat pyproject.toml constraints.txt tools/setup.sh | cksum)
stamps=".venv/.installed-$extra"
[ -n "$extra" ] || stamps="$stamps .venv/.installed-test" # the test set holds the plain one, but not the peers of bench
for stamp in $stamps; do
  [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$key" ] && exit 0
done

new_enough() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; }
chosen=
for python in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
  if command -v "$python" >/dev/null 2>&1 && new_enough "$python"; then chosen=$python; break; fi
done
if [ -z "$chosen" ]; then
  found=$(${PYTHON:-python3} --version 2>&1 | head -n 1 || true)
  fail "needs Python 3.11 or newer; found ${found:-none}. Install one, or name it: make PYTHON=/path/to/python3.12 demo"
fi

if [ ! -x .venv/bin/python ] || ! new_enough .venv/bin/python; then
  "$chosen" -m venv --clear .venv >/dev/null 2>&1 ||
    fail "cannot make a virtual environment with $chosen; on Debian and Ubuntu install python3-venv"
fi
echo "gradus: installing into .venv (once) …"
log=.venv/install.log
if ! .venv/bin/python -m pip install --disable-pip-version-check -c constraints.txt -e ".${extra:+[$extra]}" >"$log" 2>&1; then
  why=$(grep -E '^(ERROR|error)' "$log" | tail -n 1)
  fail "a package could not be installed: ${why:-see $log}. Check the network and pip's index, then run make again"
fi
echo "$key" >".venv/.installed-$extra"
