# `make demo` and `make test` set up everything that they need; a second run installs nothing.
.PHONY: demo test test-all check format bench verify formulas translations new-concept docs index clean setup setup-test setup-bench
PY := .venv/bin/python
export PYTHONHASHSEED ?= 0

demo: setup ## train LeNet-5 on real digits, verify what it stands on, write the report
	@$(PY) -m gradus run lenet --directory runs/demo --fresh --report report.html
	@echo 'every concept has a page to read: .venv/bin/gradus serve'

setup:
	@sh tools/setup.sh

setup-test:
	@sh tools/setup.sh test

setup-bench:
	@sh tools/setup.sh bench

test: setup-test check ## everything but the slow claims
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist worksteal -m "not slow and not gpu"

test-all: setup-test check ## the slow claims and fault tests too
	@OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist worksteal

check: setup-test ## lint, format, types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: setup-test
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: setup-bench ## ours beside the peers, in one run
	@$(PY) -m benchmarks

verify: setup ## every claim and every mutant
	@$(PY) -m gradus verify --all

formulas: setup-test ## after changing a formula: compile LaTeX to MathML (needs Node.js)
	@cd tools && npm install --silent --no-audit --no-fund
	@$(PY) tools/compile_formulas.py

translations: setup-test ## the strings whose Chinese is missing, stale or superfluous
	@$(PY) tools/translations.py --figures

new-concept: setup-test ## make new-concept KEY=layer-norm AREA=networks: a page with all its parts to fill in
	@$(PY) tools/new_concept.py $(KEY) $(AREA)

docs: setup-test ## after changing what is public, or who imports whom: write what docs/ takes from the code
	@$(PY) tools/public_surface.py
	@$(PY) tools/draw_rooms.py

index: setup ## after adding or changing a page: make the index of the catalogue
	@$(PY) tools/make_index.py

clean:
	@rm -rf .venv runs report.html build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis tools/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
