# civicite: `make demo` shows the main job, `make test` runs every check and test.
PYTHON ?= python3
BIN := .venv/bin
INDEX ?= index
EVAL ?=

.PHONY: demo test proof check serve bench train notebooks clean help

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "civicite needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --config-settings editable_mode=compat --editable .
	@touch $@

.venv/.tested: .venv/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --config-settings editable_mode=compat --editable '.[test]'
	@touch $@

demo: .venv/.installed ## install, index corpus/, ask, show a cited answer
	$(BIN)/civicite index corpus --index $(INDEX)
	@echo
	$(BIN)/civicite ask "How many school programmes has Incheon held since 2016?" --index $(INDEX)
	@echo
	@echo "What to try next:"
	@echo "  $(BIN)/civicite ask \"When did CityNet move its secretariat to Seoul?\" --index $(INDEX)"
	@echo "  $(BIN)/civicite search \"heat early warning\" -k 3 --index $(INDEX)"
	@echo "  $(BIN)/civicite index YOUR_FOLDER --index $(INDEX)     # .md .txt .html .pdf .docx .jsonl"
	@echo "  $(BIN)/civicite serve --index $(INDEX)                 # then POST /v1/ask; see /openapi.json"

check: .venv/.tested ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## every check and every test
	$(BIN)/python -m pytest

proof: .venv/.tested ## the long proofs: a thousand kills, a thousand damages, and more, with progress
	$(BIN)/python -m pytest -m proof -v -s
	$(BIN)/python -m pytest -m 'hypothesis and not proof' --hypothesis-profile fresh

serve: .venv/.installed ## serve the index over HTTP on 127.0.0.1:8000
	$(BIN)/civicite serve --index $(INDEX)

bench: .venv/.installed ## measure quality and speed on BEIR-layout folders: make bench EVAL="DIR DIR"
	$(BIN)/python -m benchmarks $(EVAL)

train: .venv/.installed ## train service/ranker.json on BEIR-layout folders: make train EVAL="DIR DIR"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[train]'
	$(BIN)/python -m benchmarks.training $(EVAL)

notebooks: .venv/.installed ## open the notebooks
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[notebooks]'
	$(BIN)/jupyter lab notebooks

clean: ## remove what was installed and built here; the index stays
	rm -rf .venv .venv-peers build *.egg-info
