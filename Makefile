# The targets a contributor needs. `make` alone lists them.
# Go is the only thing that must be there beforehand; `make test` installs
# PostgreSQL (for one of the two storage engines) where Debian's packages can.

GO    ?= go
TOOL  := $(GO) tool -modfile=tools.mod
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help demo build test race bench fuzz sim canaries torture lint format postgres go clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: build ## Build Termwise and run its demonstration (DEMO_ARGS are passed on)
	bin/termwise demo $(DEMO_ARGS)

build: go ## Build bin/termwise
	$(GO) build -trimpath -o bin/termwise ./cmd/termwise

test: postgres ## Run all tests, on both storage engines
	$(TOOL) gotestsum --format pkgname --format-hide-empty-pkg -- -timeout 20m $(TEST_ARGS) ./...

# Where goroutines meet: all tests of the store's transactions and the server's
# handlers; of app the worker, verify, plans, what is decided ahead and requests that
# come at once; of sim/torture the crowds. The other tests act alone, and would take many times as
# long under the detector.
RACE_TESTS ?= Worker|UnderAKey|PlanMoneyOfAPrice|AnHonestDatabase|TwoPublications|AdvanceWaits|Storm|MoneyNeither|OfMany|DecidedAhead|ReportsThatWait|NoTransactionSpans

race: postgres ## Run the tests in which goroutines meet under the race detector
	$(TOOL) gotestsum --format pkgname --format-hide-empty-pkg -- -race -timeout 20m $(TEST_ARGS) ./store ./api
	$(TOOL) gotestsum --format pkgname --format-hide-empty-pkg -- -race -timeout 20m $(TEST_ARGS) -run '$(RACE_TESTS)' ./app ./sim/torture

# Packages without benchmarks are left out: building their tests takes long and
# their lines would bury the figures. Compare two runs with
# `go tool -modfile=tools.mod benchstat OLD NEW`.
bench: postgres ## Run the benchmarks (BENCH is a pattern, all by default)
	@packages=$$(grep -rl --include='*_test.go' --exclude-dir=node_modules '^func Benchmark' . | xargs -r dirname | sort -u) || true; \
	if [ -z "$$packages" ]; then echo 'make bench: no package has benchmarks' >&2; exit 1; fi; \
	set -x; $(GO) test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -timeout 60m $$packages

# What a fuzzer finds is kept in the package's testdata/fuzz and is a test of its
# own from then on; what is interesting beside that stays in Go's cache.
FUZZTIME ?= 5s

fuzz: postgres ## Run every fuzzer for FUZZTIME (5s)
	@grep -rH --include='*_test.go' --exclude-dir=node_modules -o '^func Fuzz[A-Za-z]*' . | sed 's|/[^/]*:func | |' | sort | \
	while read -r package name; do \
		echo "$$package $$name"; $(GO) test "$$package" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) </dev/null; \
	done

sim: postgres ## Live made-up worlds for a minute beside a model of the rules (SIM_ARGS are passed on)
	$(GO) run ./sim $(SIM_ARGS)

canaries: postgres ## Have the simulator find every seeded bug
	$(GO) run -tags canary ./sim -canaries $(SIM_ARGS)

# Hours of work: storms, crowds and faults at full length, a server that is killed
# KILLS times on each engine, then a million operations. What came of it is in
# docs/reliability.md.
KILLS ?= 1000

torture: postgres ## Storms, crowds, faults, KILLS crashes and a million operations
	$(GO) test ./sim/torture -full -v -count=1 -timeout 6h
	$(GO) test ./sim/crash -kills $(KILLS) -v -count=1 -timeout 6h
	$(GO) run ./sim -engine postgresql -operations 50000
	$(GO) run ./sim -operations 1000000

lint: go ## Check formatting (gofumpt), go vet and staticcheck
	@unformatted=$$($(TOOL) gofumpt -l $$($(GO_FILES))); \
	if [ -n "$$unformatted" ]; then printf 'not formatted; run make format:\n%s\n' "$$unformatted" >&2; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags canary ./sim/... ./core/canary
	$(TOOL) staticcheck ./...
	@echo 'lint: no findings'

format: go ## Format the Go code
	$(TOOL) gofumpt -w $$($(GO_FILES))

GO_FILES = find . -name '*.go' -not -path '*/node_modules/*' -not -path './.git/*'

go:
	@command -v $(GO) >/dev/null || { echo 'Go 1.26 or newer is needed and was not found on PATH; install it and run make again' >&2; exit 1; }

postgres: go ## Install PostgreSQL if it is missing (Debian)
	@if compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; then exit 0; fi; \
	root=; if [ "$$(id -u)" != 0 ]; then root=sudo; fi; \
	if ! command -v apt-get >/dev/null || { [ -n "$$root" ] && ! command -v sudo >/dev/null; }; then \
		echo 'The tests need PostgreSQL 15 or newer (its programs initdb and postgres, no running server).' >&2; \
		echo 'It could not be installed from here: that takes apt-get, and root or sudo.' >&2; \
		echo 'Install it with your package manager, put its programs on PATH, and run make again.' >&2; \
		exit 1; \
	fi; \
	echo 'PostgreSQL is missing; installing it with apt-get' >&2; \
	$$root apt-get update -q </dev/null; \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql </dev/null

clean: ## Remove what the other targets made
	rm -rf bin
