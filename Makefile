# make run    everything, on a machine with Python 3.11+ and nothing else
# make test   linters, types, migrations, tests
# make bench  how fast it is, beside the machine's own limits; see docs/performance.md
# make setup  only the virtual environment
# make screens  the pictures in docs/pictures/, taken of the demonstration in Debian's chromium
# make lock   after a change of requirements*.txt: every package that comes along, with the hashes of its files
# make sbom, make licences, make audit  what the program is made of; see docs/security.md
# make clean  forget the demo data, caches and the virtual environment

PORT ?= 8000
export PORT

# Everything here starts many processes: each would compile the whole program anew.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough and can make a virtual environment.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

# The stamp's name is a hash of all that decides what is installed: unchanged means nothing to do.
STAMP := .venv/.installed-$(shell { cat requirements-dev.lock; pwd; } | cksum | cut -d' ' -f1)
VENV := .venv/bin/python

# An environment whose Python was removed or upgraded away is made again.
ifneq ($(shell $(VENV) -c 'print(1)' 2>/dev/null),1)
$(shell rm -f .venv/.installed-*)
endif

ARGS ?=

# Tools that look after the packages: an environment of their own, made when one of them is first needed.
TOOLS := .venv-tools/bin
TOOLS_STAMP := .venv-tools/.installed-$(shell { cat requirements-tools.txt; pwd; } | cksum | cut -d' ' -f1)

.PHONY: run setup test lint bench screens clean lock sbom licences audit

run: $(STAMP)
	@exec $(VENV) manage.py up --with-parent $$PPID

setup: $(STAMP)

$(STAMP):
	@test -n "$(PYTHON)" || { \
		echo "Chairside needs Python 3.11 or newer with its venv module, and found none." >&2; \
		echo "Install one (on Debian or Ubuntu: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; \
		exit 1; }
	@echo "Installing into .venv (once; about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(VENV) -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

lint: $(STAMP)
	$(VENV) -m ruff check .
	$(VENV) -m mypy .
	$(VENV) manage.py makemigrations --check --dry-run
	@$(VENV) manage.py lintmigrations --settings tests.settings --quiet ok ignore
	@$(VENV) -m piplicenses --summary >/dev/null || { echo "A package came in under a licence that nobody looked at." >&2; exit 1; }

# ARGS adds to pytest's: make test ARGS="-k booking -x"; without a browser: make test ARGS="--ignore=tests/journeys".
# Few tests are handed out at a time: else one worker gets all the long ones, and the other waits for it.
test: lint
	$(VENV) -m pytest -n 2 --maxschedchunk 2 $(ARGS)

bench: $(STAMP)
	$(VENV) -m bench $(ARGS)

screens: $(STAMP)
	$(VENV) -m tests.journeys.screens $(ARGS)

$(TOOLS_STAMP):
	@$(PYTHON) -m venv --clear .venv-tools
	@$(TOOLS)/python -m pip install --quiet --disable-pip-version-check -r requirements-tools.txt
	@touch $@

lock: $(TOOLS_STAMP)
	for each in requirements requirements-dev; do \
		$(TOOLS)/uv pip compile $$each.txt --quiet --universal --generate-hashes --python-version 3.11 \
			--no-annotate --custom-compile-command "make lock" --output-file $$each.lock || exit 1; done

sbom: $(STAMP) $(TOOLS_STAMP)
	@mkdir -p var
	$(TOOLS)/cyclonedx-py requirements requirements.lock --output-reproducible --output-file var/sbom.json
	@echo "var/sbom.json"

licences: $(STAMP)
	@{ echo "# Licences of what Chairside stands on"; echo; \
		echo "Made by \`make licences\`. \`make lint\` refuses a licence that is not among those in pyproject.toml."; \
		echo "Two say theirs only in their files: pyrage (MIT), and for tests axe-playwright-python (Apache-2.0, axe MPL-2.0)."; echo; \
		$(VENV) -m piplicenses --format=markdown; } > docs/licences.md

audit: $(TOOLS_STAMP)
	$(TOOLS)/pip-audit --require-hashes --disable-pip --requirement requirements.lock

clean:
	rm -rf .venv .venv-tools var .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
