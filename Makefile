# Two commands serve a newcomer: `make run` and `make test`. `make help` lists the rest.
CARGO   ?= cargo
JOB     ?= jobs/skip_vs_noskip.yaml
ABLATE   = $(CARGO) run --release --locked --quiet $(FEATURES) --
FEATURES = $(shell cat .setup/features 2>/dev/null)

.PHONY: help run test storm fuzz sanitize audit bench cuda test-gpu bench-gpu lint doc vectors clean

help:
	@echo "make run    set up, build, run $(JOB) and show its report (JOB=jobs/x.yaml for another)"
	@echo "make test   set up what the tests need and run every test"
	@echo "make storm  the long tests: kills, failing disks, damaged files (an hour; ABLATE_STORM_RUNS=500: longer storms)"
	@echo "make fuzz   libFuzzer on every format that may come from anybody (nightly Rust; ABLATE_FUZZ_SECONDS=600 each)"
	@echo "make sanitize  the unsafe code under AddressSanitizer (nightly Rust), a short run under valgrind"
	@echo "make audit  known vulnerabilities in dependencies (needs RustSec's database from the network)"
	@echo "make bench  measure against PyTorch, candle and schedulers: writes benches/README.md (BENCH=--quick: a look)"
	@echo "make cuda   the build that trains on NVIDIA GPUs, ablate-cuda; without CUDA only whether it compiles and links"
	@echo "make test-gpu   on a machine with a GPU: operations and training there against the processor's"
	@echo "make bench-gpu  on a machine with a GPU: measure against PyTorch, and packing: writes benches/gpu/results"
	@echo "make lint   rustfmt and clippy"
	@echo "make doc    the documentation of the code"
	@echo "make clean  remove what was built (results stay)"

run:
	@scripts/setup.sh run
	$(CARGO) build --release --locked $(FEATURES)
	$(ABLATE) run $(JOB)

test:
	@scripts/setup.sh test
	$(CARGO) fmt --check
	@scripts/test.sh

storm:
	@scripts/setup.sh test
	@scripts/test.sh storm

fuzz:
	@scripts/setup.sh run
	@scripts/fuzz.sh

sanitize:
	@scripts/setup.sh run
	@scripts/sanitize.sh

audit:
	@scripts/setup.sh test
	PATH=.venv/bin:$$PATH $(CARGO) deny check
	PATH=.venv/bin:$$PATH $(CARGO) deny --manifest-path fuzz/Cargo.toml --config deny.toml check advisories

bench:
	@scripts/setup.sh bench
	@scripts/bench.sh $(BENCH)

cuda:
	@scripts/setup.sh run
	@scripts/cuda.sh

test-gpu:
	@scripts/setup.sh run
	@scripts/cuda.sh test

bench-gpu:
	@benches/gpu/measure.sh $(BENCH)

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets $(FEATURES) -- -D warnings

doc:
	$(CARGO) doc --locked --no-deps $(FEATURES)

# Test vectors are committed; this makes them anew with PyTorch from PyPI (about 3 GB).
vectors:
	python3 -m venv .venv-torch && .venv-torch/bin/pip install --quiet torch==2.15.0 numpy
	for script in tests/vectors/make_*.py; do .venv-torch/bin/python "$$script" || exit 1; done

clean:
	$(CARGO) clean
	rm -rf .setup .venv .venv-bench .venv-cuda
