# make demo   three questions about real photographs; writes demo/
# make test   all tests
# make lint   style, types and the direction of imports
# make shuffled   all tests in a random order
# make models DATASETS=DIR   trains every model again, into runs/models (data/models/Makefile)
# Each sets up .venv first, on a machine with nothing but Python 3.11 or newer.
# Another interpreter: make test PYTHON=/path/to/python

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test shuffled lint models clean

demo: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/demo.sh demo

# One thread a test process: threads of several processes that wait for each other cost more than
# they give.
test shuffled: export OMP_NUM_THREADS ?= 1

test: $(INSTALLED)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --durations 30

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The same tests in an order drawn at random; the first line of the output names the seed.
shuffled: $(INSTALLED)
	$(BIN)/python -m pytest -o addopts="-q --doctest-modules --import-mode=importlib" -n auto --maxprocesses 4

models: $(INSTALLED)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(MAKE) -f data/models/Makefile

clean:
	rm -rf .venv demo dist build

# Installs again only when the dependencies or their tested versions changed.
$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' -c constraints.txt
	touch $@
