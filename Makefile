# Everything that a contributor types. Each target does its own set-up: a machine needs Go and make, nothing else.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c

# The tools, at versions that go.mod's Go builds (go-check-sumtype v0.5.0 asks for a newer Go).
STATICCHECK := bin/staticcheck-v0.8.2
SUMTYPE     := bin/go-check-sumtype-v0.4.0
# The stock client of NATS, against which the feed is tested.
NATSCLI     := bin/nats-v0.5.1
# A stock witness, which must cosign what the notary signs.
WITNESS     := bin/litewitness-v0.9.0
# Runs the tests and ends with what failed and what was skipped, each with its reason.
GOTESTSUM   := bin/gotestsum-v1.13.0

# Under the race detector is everything but SQLite itself: C translated to Go, one function of the memory that it is given, without a goroutine, a lock or an
# atomic of its own, so it orders nothing between goroutines and the detector loses no edge. Who calls it stays under the detector (go-sqlite3, its VFS, we), and
# it is there that a race on a connection, a statement or a buffer handed over shows. Watching it took half of the processor time of the store's tests.
RACE := -race -gcflags=github.com/ncruces/go-sqlite3-wasm/...=-race=false

.PHONY: run test tools lint faults bench build esdb-test-binary help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## play the demo: a few regencies, then keep serving
	go run ./cmd/jejak demo

build: ## build bin/jejak, without cgo
	CGO_ENABLED=0 go build -trimpath -o bin/jejak ./cmd/jejak

test: lint $(NATSCLI) $(WITNESS) $(GOTESTSUM) ## lint, then every test under the race detector; ends with what was skipped and how to get it
	$(GOTESTSUM) --format pkgname -- $(RACE) -vet=off -timeout 20m $$(go list ./... | grep -v '/internal/archtest$$') # lint has run both

tools: ## install the readers and validators of others that tests run (Debian as root, and npm); without them their tests skip
	missing=$$(go run ./internal/outside/debian); \
	if [ -n "$$missing" ]; then apt-get update -q; apt-get install -q -y --no-install-recommends $$missing; fi
	mkdir -p bin/_npm
	cp internal/outside/package.json internal/outside/package-lock.json bin/_npm/
	cd bin/_npm && npm ci --ignore-scripts --no-audit --no-fund

lint: $(STATICCHECK) $(SUMTYPE) ## formatting, go vet, staticcheck, closed sum types, import directions
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w is needed on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	$(SUMTYPE) -default-signifies-exhaustive=false ./...
	go test -count=1 ./internal/archtest

faults: ## every cut of the disk and hundreds of seeds of the whole; make test takes a part of them
	JEJAK_FAULTS=all go test -timeout 60m ./eventstore/... ./internal/cache ./internal/unreadable
	JEJAK_WORLD_SEEDS=$(or $(SEEDS),500) go test -timeout 60m ./internal/world

bench: ## measure the store, HTTP and the demo beside their peers, into internal/bench/RESULTS.md
	cd internal/bench && go run . --out RESULTS.md

esdb-test-binary: ## bin/esdb.test: the suite of the store for a real EventStoreDB named by JEJAK_TEST_ESDB; needs no source, no network
	CGO_ENABLED=0 go test -c -trimpath -o bin/esdb.test ./eventstore/esdb

$(STATICCHECK):
	GOBIN=$(CURDIR)/bin go install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	mv bin/staticcheck $@

$(SUMTYPE):
	GOBIN=$(CURDIR)/bin go install github.com/alecthomas/go-check-sumtype/cmd/go-check-sumtype@v0.4.0
	mv bin/go-check-sumtype $@

$(GOTESTSUM):
	GOBIN=$(CURDIR)/bin go install gotest.tools/gotestsum@v1.13.0
	mv bin/gotestsum $@

$(NATSCLI):
	GOBIN=$(CURDIR)/bin go install github.com/nats-io/natscli/nats@v0.5.1
	mv bin/nats $@

$(WITNESS):
	GOBIN=$(CURDIR)/bin go install filippo.io/torchwood/cmd/litewitness@v0.9.0
	mv bin/litewitness $@
