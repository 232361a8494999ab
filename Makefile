# The door to this repository. Each target is a task of xtask/, where the work is described in Rust.

.PHONY: help run test bench check

help: ## Shows this list.
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: ## Builds the page and the server for release, and serves.
	@cargo xtask run

test: ## Runs every test: Rust, page, real agents and OTLP clients, a real browser.
	@cargo xtask test

bench: ## Runs the benchmarks.
	@cargo xtask bench

check: ## Formatting, lints, dependencies, generated files.
	@cargo xtask check
