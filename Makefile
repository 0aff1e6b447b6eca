# Everything that a contributor types. Each target does its own set-up: a machine needs Go and make, nothing else.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c

# The tools, at versions that go.mod's Go builds (go-check-sumtype v0.5.0 asks for a newer Go).
STATICCHECK := bin/staticcheck-v0.8.2
SUMTYPE     := bin/go-check-sumtype-v0.4.0

.PHONY: run test lint bench build help

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## play the demo: a few regencies, then keep serving
	go run ./cmd/jejak demo

build: ## build bin/jejak, without cgo
	CGO_ENABLED=0 go build -trimpath -o bin/jejak ./cmd/jejak

test: lint ## lint, then every test under the race detector
	go test -race -timeout 12m ./...

lint: $(STATICCHECK) $(SUMTYPE) ## formatting, go vet, staticcheck, closed sum types, import directions
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w is needed on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(STATICCHECK) ./...
	$(SUMTYPE) -default-signifies-exhaustive=false ./...
	go test -count=1 ./internal/archtest

bench: ## the Go benchmarks that exist; the measured comparison with other stores comes later
	@echo "Running the packages' own benchmarks. Comparisons with other stores are not here yet."
	go test -run '^$$' -bench . -benchmem ./...

$(STATICCHECK):
	GOBIN=$(CURDIR)/bin go install honnef.co/go/tools/cmd/staticcheck@v0.8.2
	mv bin/staticcheck $@

$(SUMTYPE):
	GOBIN=$(CURDIR)/bin go install github.com/alecthomas/go-check-sumtype/cmd/go-check-sumtype@v0.4.0
	mv bin/go-check-sumtype $@
