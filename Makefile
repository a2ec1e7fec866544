# Two commands do all the set-up: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_WAIT_POLICY ?= passive

.PHONY: demo test lint scores bench clean

$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/full: $(VENV)/base constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	touch $@

demo: $(VENV)/base  ## score the demonstration set and write a report to open
	$(BIN)/slant score seeds/demo/articles --targets seeds/demo/targets.toml -o out/demo.jsonl
	$(BIN)/slant report out/demo.jsonl -o out/demo.html --title "Demonstration: three outlets, one event"
	$(BIN)/slant compare out/demo.jsonl -o out/demo-compare --min-articles 2
	@echo
	@echo "Open out/demo.html in a browser. Rates per outlet: out/demo-compare/rates.csv"

test: $(VENV)/full  ## all tests that need no public data sets (those skip with a reason when the sets are absent)
	$(BIN)/python -m pytest -q

lint: $(VENV)/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

scores: $(VENV)/full  ## judge the shipped model on the public sets (SLANT_DATA), about ten minutes
	$(BIN)/slant evaluate -o model/default/scores
	$(BIN)/python benchmarks/fill_figures.py

bench: $(VENV)/full  ## the benchmarks that need no long run: voice, comment boundary, cold start
	$(BIN)/python benchmarks/voice.py --json benchmarks/results/voice.json
	$(BIN)/python benchmarks/comment_boundary.py --json benchmarks/results/comment_boundary.json
	$(BIN)/python benchmarks/cold_start.py --json benchmarks/results/cold_start.json

clean:
	rm -rf $(VENV) out build dist
