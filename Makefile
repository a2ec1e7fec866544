# Two commands do all the set-up: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_WAIT_POLICY ?= passive

.PHONY: demo test lint scores folds bench clean

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

scores: $(VENV)/full  ## judge the shipped model on the public sets (SLANT_DATA) and check its floor, about a quarter of an hour
	$(BIN)/slant evaluate -o model/default/scores
	$(BIN)/python benchmarks/agreement.py --json benchmarks/results/agreement.json
	$(BIN)/python benchmarks/fill_figures.py
	$(BIN)/python benchmarks/quality_floor.py

folds: $(VENV)/full  ## benchmarks that train: BABE in five folds, stance on a set left out; about half an hour with bf16
	$(BIN)/python benchmarks/babe_five_fold.py --json benchmarks/results/babe_five_fold.json
	$(BIN)/python benchmarks/cross_domain.py --json benchmarks/results/cross_domain.json

bench: $(VENV)/full  ## the benchmarks that need no long run: voice, comment boundary, cold start
	$(BIN)/python benchmarks/voice.py --json benchmarks/results/voice.json
	$(BIN)/python benchmarks/comment_boundary.py --json benchmarks/results/comment_boundary.json
	$(BIN)/python benchmarks/cold_start.py --json benchmarks/results/cold_start.json

clean:
	rm -rf $(VENV) out build dist
