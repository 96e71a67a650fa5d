# The two commands of the README. Each works on a fresh machine: what is missing is installed, and said first.
PYTHON ?= python3.11
TOX := .venv/bin/tox
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: gate test certify load bench lint clean

gate: $(TOX)  ## set everything up, then deploy and certify the documented cluster
	$(TOX) -q -e setup
	$(TOX) -q -e gate

test: $(TOX)  ## the project's own tests, style and types; needs no cluster
	$(TOX) -q -e lint
	$(TOX) -q -e test

certify load bench lint: $(TOX)
	$(TOX) -q -e $@

$(TOX):
	@echo "Installing tox into .venv; it makes its own environment in .tox. Nothing else on this system changes."
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet tox==4.67.15

clean:
	rm -rf .venv .tox
