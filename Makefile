# `make` lists what there is. Everything happens in .venv beside this file; nothing else on the machine is changed
# (`make test` as root on Debian also installs the speech synthesisers that some tests speak with, and node and Chromium,
# which show that others can play our heads).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
TORCH := $(shell grep '^torch==' constraints.txt)
SPEAKERS := flite festival festlex-cmu festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts espeak-ng

.DEFAULT_GOAL := help
.PHONY: help demo test check bench page portraits wheel speakers browser

help:
	@echo "make demo    install the package and animate the bundled sample (about a minute)"
	@echo "make test    install what tests need, then check and test everything"
	@echo "make check   style, types and the import rule, without the tests"
	@echo "make page    fetch what the live page is drawn with (three.js, by npm) for facestream serve"
	@echo "make wheel   the page's library and the package in one file, dist/*.whl, that needs no network to serve"
	@echo "make bench   measure this machine: each part of the work, and an hour of stream"

demo: $(VENV)/.base
	@mkdir -p out
	$(BIN)/facestream animate src/facestream/assets/sample.flac --output out/sample.mp4
	@echo "The video is $(CURDIR)/out/sample.mp4"

test: $(VENV)/.full speakers browser check
	$(BIN)/python -m pytest

check: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.full
	$(BIN)/facestream bench
	$(BIN)/python benchmarks/sound_to_motion.py --hour
	$(BIN)/python benchmarks/drawing.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "facestream needs Python 3.11 or newer: make PYTHON=python3.12 demo"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python cannot make environments here; on Debian: apt install python3-venv"; exit 1; }

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) --editable .
	@touch $@

# torch comes first and by its exact version, so that pip may take a build without CUDA where it knows one.
$(VENV)/.full: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) $(TORCH)
	$(PIP) --editable '.[dev,train,align,plot,webrtc,track]'
	@touch $@ $(VENV)/.base

# three.js is not ours, so it is not in the repository: npm fetches the version that package-lock.json pins.
VENDOR := src/facestream/server/page/vendor
THREE := node_modules/three
JSM := loaders/GLTFLoader.js utils/BufferGeometryUtils.js utils/SkeletonUtils.js

page: $(VENDOR)/three.module.js

node_modules/.package-lock.json: package-lock.json
	@command -v npm > /dev/null || { echo "npm is not here; on Debian: apt install npm"; exit 1; }
	npm ci --no-audit --no-fund
	@touch $@

$(VENDOR)/three.module.js: node_modules/.package-lock.json
	@mkdir -p $(VENDOR)/addons/loaders $(VENDOR)/addons/utils
	@cp $(THREE)/LICENSE $(THREE)/build/three.core.js $(VENDOR)/
	@for file in $(JSM); do cp $(THREE)/examples/jsm/$$file $(VENDOR)/addons/$$file; done
	@cp $(THREE)/build/three.module.js $@ && touch $@

# When heads have changed: the small pictures that the page offers them by.
portraits: $(VENV)/.base
	$(BIN)/python examples/portraits.py src/facestream/server/page/portraits 112

wheel: page $(VENV)/.base
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --wheel-dir dist .
	@ls dist/*.whl

# Never fails: tests that speak skip by name where a synthesiser is missing.
speakers:
	@for speaker in flite festival espeak-ng; do command -v $$speaker > /dev/null || missing=1; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(SPEAKERS); } > /dev/null 2>&1 \
		|| echo "The speech synthesisers could not be installed; tests that need them are skipped."; \
	fi

# Never fails either: tests of the .glb in a browser skip by name where node, its packages or Chromium are missing.
browser:
	@for program in npm chromium; do command -v $$program > /dev/null || missing=1; done; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm chromium; } > /dev/null 2>&1 \
		|| echo "Node and Chromium could not be installed; tests that need them are skipped."; \
	fi
	@if command -v npm > /dev/null; then $(MAKE) --silent page || echo "The packages of package.json could not be fetched; tests that need them are skipped."; fi
