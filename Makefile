# Two commands do everything: `make demo` and `make test`. Each installs what is missing first.
SHELL := /bin/bash
SWIFT ?= swift
# The release build leaves out exclusivity checks of memory accesses; the tests keep them.
RELEASE := -c release -Xswiftc -enforce-exclusivity=unchecked
SETUP := deploy/quickstart/setup.sh
VALKEY := $(CURDIR)/.tools/valkey/usr/bin/valkey-server

.PHONY: help demo test build release bench matrix chaos soak fuzz format docs clean

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

demo: ## Start three real MCP servers and the gateway, and run a real client through it (KEEP=1 leaves it running)
	@$(SETUP) demo
	$(SWIFT) build $(RELEASE) --product patchbay
	@KEEP=$(KEEP) PATCHBAY_BIN=.build/release/patchbay deploy/quickstart/demo.sh

test: ## Install what is missing, build, run all tests
	@$(SETUP) test
	$(SWIFT) build --build-tests
	@# One after the other: unit tests and the simulation keep every test thread busy, brokers the machine, and the others
	@# watch the time.
	$(SWIFT) test --skip-build --parallel --skip '(Simulation|EndToEnd|Conformance|Transport)Tests'
	$(SWIFT) test --skip-build --parallel --filter '(Conformance|HTTPTransport|MemoryTransport)Tests' --skip '(NATS|Redis)ConformanceTests'
	$(SWIFT) test --skip-build --filter NATSConformanceTests
	$(SWIFT) test --skip-build --filter NATSTransportTests
	$(SWIFT) test --skip-build --filter RedisConformanceTests
	$(SWIFT) test --skip-build --filter RedisTransportTests
	$(SWIFT) test --skip-build --filter SimulationTests
	$(SWIFT) test --skip-build --filter EndToEndTests --skip 'NATS|Redis|BrokerTests|PausedNodeTests|AttackTests'
	$(SWIFT) test --skip-build --filter EndToEndTests.AttackTests
	$(SWIFT) test --skip-build --filter 'EndToEndTests.*(NATS|Redis|BrokerTests|PausedNodeTests)'

build: ## Debug build of the command
	$(SWIFT) build --product patchbay

release: ## Release build of the command
	$(SWIFT) build $(RELEASE) --product patchbay

bench: ## Benchmarks against nginx and HAProxy, and over brokers, as ratios in one interleaved run (BENCH="--quick" for a short one)
	@$(SETUP) bench
	$(SWIFT) build $(RELEASE) --product patchbay
	python3 Tests/Benchmarks/bench.py $(BENCH)

matrix: ## All end-to-end cases over every transport and topology ('make test' runs a choice over brokers), and Valkey
	@$(SETUP) matrix
	$(SWIFT) build --build-tests
	PATCHBAY_MATRIX=1 $(SWIFT) test --skip-build --no-parallel --filter 'EndToEndTests.*(CaseTests|Cluster|AttackTests)'
	PATCHBAY_REDIS_SERVER=$(VALKEY) $(SWIFT) test --skip-build --filter RedisConformanceTests
	PATCHBAY_REDIS_SERVER=$(VALKEY) $(SWIFT) test --skip-build --filter RedisTransportTests

chaos: ## Faults under load: kill -9, pauses, partitions
	@echo "chaos: has no content of its own yet; killed nodes, attachments and instances are part of 'make test'."

soak: ## Hours of load, watching memory and open files
	@echo "soak: has no content yet."

fuzz: ## libFuzzer on the parsers, 30 seconds each (FUZZ_SECONDS=300 for more)
	@$(SETUP) demo
	Tests/Fuzz/run.sh $(or $(FUZZ_SECONDS),30)

format: ## Format the Swift sources
	$(SWIFT) format --in-place --recursive Sources Plugins Tests Package.swift

docs: ## Build the DocC documentation into .build/docs
	@$(SETUP) demo
	deploy/quickstart/docs.sh

clean: ## Remove what was built
	rm -rf .build .bench .tools .venvs Tests/Fuzz/.build
