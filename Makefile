# make demo       set everything up and fly
# make lint       style, in seconds              make check  lint, types and the fast tests: a minute
# make test       every test                     make soak   all of each fuzz, of which `test` runs a tenth
# make mutants    change the code in thousands of places: do the tests notice? (about half an hour)
# make benchmark  measure the speed beside others', OPTIONS="--quick --phykan PATH ..."
# make results    measure doc/results/ anew, or only PAGES="NAME ..."
# make clean      undo make

VENV := .venv
PEERS := .venv-peers
PYTHON ?= $(shell command -v $(if $(ROS_DISTRO),python3,python3.11) || command -v python3)
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

# A sourced ROS 2 takes precedence over the wheels.
REQUIREMENTS := runtime simulation training export test $(if $(ROS_DISTRO),,ros)
REQUIREMENT_FILES := $(wildcard requirements/*.txt)
SOURCES := $(shell find pkan_control scripts launch config controllers urdf rviz resource -type f \
	-not -name '*.pyc') setup.py setup.cfg pyproject.toml package.xml

.PHONY: setup demo lint check test soak mutants benchmark results clean

setup: $(VENV)/.package

demo: setup
	$(BIN)/pkan demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

check: lint
	$(BIN)/mypy
	$(BIN)/pytest -q -m 'not slow and not ros'

test: setup
	$(BIN)/pytest -q

# All of each fuzz, kill and soak, of which make test runs a tenth.
soak: setup
	PKAN_SOAK=1 $(BIN)/pytest -q

mutants: setup
	$(PIP) -r requirements/mutants.txt
	$(BIN)/python benchmark/mutants.py $(OPTIONS)

benchmark: setup $(PEERS)/.requirements
	$(BIN)/python benchmark/speed $(OPTIONS)

results: setup
	$(BIN)/python benchmark/results.py $(PAGES)

$(VENV)/.requirements: $(REQUIREMENT_FILES)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	ok = v == (3, 11) or "$(ROS_DISTRO)" and v >= (3, 11); sys.exit(0 if ok else \
	"error: this is Python %d.%d, and without a ROS 2 the setup needs 3.11" % v)'
	@echo 'Setting up $(VENV): 2 GB, about two minutes, only once.'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements/build.txt
	$(PIP) $(REQUIREMENTS:%=-r requirements/%.txt)
	@touch $@

$(PEERS)/.requirements: requirements/peers.txt requirements/constraints.txt
	@echo 'Setting up $(PEERS), what others made: 2 GB, about two minutes, only once.'
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r requirements/peers.txt
	@touch $@

$(VENV)/.package: $(VENV)/.requirements $(SOURCES)
	@rm -rf build pkan_control.egg-info
	$(PIP) --no-deps --no-build-isolation .
	@touch $@

clean:
	rm -rf $(VENV) $(PEERS) build out pkan_control.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants
