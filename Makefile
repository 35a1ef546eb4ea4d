# cambench: make, make run, make test. `make help` lists the targets.
#
# Each room (folder) becomes a static library with the folders inside it. tools/rooms.txt says which room uses which.
# Registries of methods, metrics, backbones, commands and operators are written by scanning the sources.
# One program runs on any x86-64 or aarch64 machine: never -march=native; kernels are cloned per instruction set.
# V=1 shows the commands; CI=true turns warnings into errors.

CC ?= cc
CFLAGS ?= -O3 -g
PREFIX ?= /usr/local
PKG := openblas hdf5-serial libjpeg libpng yaml-0.1 sqlite3 jansson nettle libarchive libcurl expat zlib
B := build
Q := $(if $(V),,@)

# rooms in the order of linking; the rooms of a row of the table
first_folders = $(foreach f,$(1),$(firstword $(subst /, ,$(f))))
unique = $(if $(1),$(firstword $(1)) $(call unique,$(filter-out $(firstword $(1)),$(1))))
ROOMS := $(call unique,$(filter-out tests,$(call first_folders,$(shell sed -n 's/^\([a-z].*\):.*/\1/p' tools/rooms.txt))))
uses = $(filter $(call first_folders,$(shell sed -n 's|^$(1): *||p' tools/rooms.txt)),$(ROOMS))
STD := -std=gnu17 -fopenmp -ffp-contract=off -fno-math-errno
WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
# of the unrolled kernels, compilers need 10 minutes for checks of each pointer; AddressSanitizer sees what these would find
SANITIZE_KERNELS := -g1 -fno-sanitize=null,alignment,pointer-overflow,object-size
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

# evaluated once, when first used: `make deps` works where neither compiler nor pkg-config is installed yet
BUILD_LACKS = $(shell CC="$(CC)" tools/build_lacks.sh $(PKG))
ASK_PKG = $(or $(if $(BUILD_LACKS),$(error $(BUILD_LACKS))),$(shell pkg-config $(1) $(PKG)))
PKG_CFLAGS = $(eval PKG_CFLAGS := $(patsubst -I%,-isystem %,$(call ASK_PKG,--cflags)))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $(call ASK_PKG,--libs) -lprotobuf-nanopb -ldl)$(PKG_LIBS)
# headers that the build writes, such as models/onnx/onnx.pb.h; -isystem: generated code has its own style
GENERATED := -isystem $(B)
COMPILE = $(CC) $(STD) $(WARN) $(if $(CI),-Werror) $(CFLAGS) $(EXTRA) -I. $(GENERATED) $(PKG_CFLAGS) -MMD -MP

# programs and kernels in a folder of a room have rules of their own
APART := nn/kernels/% bench/perf/% bench/peers/%
sources = $(sort $(wildcard $(1)/*.c))
room_sources = $(filter-out $(APART),$(sort $(wildcard $(1)/*.c $(1)/*/*.c)))
room_objects = $(patsubst %.c,$(B)/%.o,$(call room_sources,$(1)))
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))

# nn/kernels/ is compiled once for each set of instructions; the processor's is chosen when the program starts
ARCHITECTURE = $(eval ARCHITECTURE := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null))))$(ARCHITECTURE)
KERNEL_SETS = $(or $(KERNEL_SETS_$(ARCHITECTURE)),portable)
KERNEL_SETS_x86_64 := portable avx2 avx512
KERNEL_SETS_aarch64 := neon
KERNEL_FLAGS_portable := -DLANES=4
KERNEL_FLAGS_neon := -DLANES=4
KERNEL_FLAGS_avx2 := -DLANES=8 -march=x86-64-v3
KERNEL_FLAGS_avx512 := -DLANES=16 -march=x86-64-v4
KERNEL_OBJECTS = $(foreach s,$(KERNEL_SETS),$(patsubst nn/kernels/%.c,$(B)/nn/kernels/%.$(s).o,$(call sources,nn/kernels)))

MAKEFLAGS += --no-builtin-rules
.PHONY: all help
.SECONDARY:
all: $(B)/cambench $(B)/man/cambench.1 ## the program, build/cambench, and its manual pages

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
	    printf '%-12s %s\n' "$$name" "$$text"; done

# -- what is needed: tools/deps.sh holds the list ------------------------------------------------------------------------
.PHONY: deps deps-test deps-lint deps-golden deps-aarch64
deps: ## install what the build needs and is missing
	@tools/deps.sh build
deps-test:
	@tools/deps.sh build test
deps-lint:
	@tools/deps.sh build test lint
deps-golden:
	@tools/deps.sh golden
deps-aarch64:
	@tools/deps.sh build test aarch64

# -- registries: one line in a source file is all it takes ---------------------------------------------------------------
REGISTRIES := $(patsubst %,$(B)/registry/%.c,methods metrics backbones commands ops)
$(REGISTRIES): $(B)/registry/%.c: tools/registry.sh FORCE
	@tools/registry.sh $* $@

$(B)/registry/%.o: $(B)/registry/%.c
	$(Q)$(COMPILE) -c $< -o $@

# digests of the sources that the program was built from; outside of libbench.a, so that a test can link others
COUNTED := nn nn/kernels base methods metrics backbones models models/onnx weights datasets bench/run
$(B)/registry/digests.c: tools/digests.sh $(COUNTED:%=%/.) $(foreach f,$(COUNTED),$(wildcard $(f)/*.[ch]))
	@tools/digests.sh $@
	@touch $@

$(B)/registry/commit.c: tools/commit.sh FORCE
	@tools/commit.sh $@

$(B)/libdigests.a: $(B)/registry/digests.o $(B)/registry/commit.o
	@rm -f $@
	@$(AR) rcs $@ $^

REGISTRY_nn := ops
REGISTRY_methods := methods
REGISTRY_metrics := metrics
REGISTRY_backbones := backbones
REGISTRY_bench := commands

# -- rooms ---------------------------------------------------------------------------------------------------------------
$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(Q)$(COMPILE) -c $< -o $@

define kernel_rule
$(B)/nn/kernels/%.$(1).o: nn/kernels/%.c
	@mkdir -p $$(@D)
	@echo "  CC $$< for $(1)"
	$$(Q)$$(COMPILE) -DKERNEL_SET=$(1) $$(KERNEL_FLAGS_$(1)) -ffp-contract=fast $$(KERNEL_EXTRA) -c $$< -o $$@
endef
$(foreach s,$(KERNEL_SETS),$(eval $(call kernel_rule,$(s))))

# C code for the messages of ONNX files; protoc finds nanopb's plugin on PATH
ONNX_SCHEMA := $(B)/models/onnx/onnx.pb
$(ONNX_SCHEMA).c $(ONNX_SCHEMA).h &: models/onnx/onnx.proto models/onnx/onnx.options
	@mkdir -p $(@D)
	@echo "  NANOPB $<"
	$(Q)protoc --nanopb_out=$(B) $<

$(ONNX_SCHEMA).o: $(ONNX_SCHEMA).c
	@echo "  CC $<"
	$(Q)$(COMPILE) -w -c $< -o $@

$(patsubst %.c,$(B)/%.o,$(call sources,models/onnx)): $(ONNX_SCHEMA).h

# taken in by the assembler, which -MMD does not see
$(B)/bench/cli/references.o: docs/references.bib
$(B)/bench/cli/cmd_new.o: $(wildcard bench/cli/templates/*)
$(B)/datasets/imagenet.o: datasets/imagenet_classes.txt
$(B)/report/page.o: $(wildcard report/assets/*)

define room_rule
$(B)/lib$(1).a: $(call room_objects,$(1)) $(if $(filter nn,$(1)),$(KERNEL_OBJECTS)) $(if $(filter models,$(1)),$(ONNX_SCHEMA).o) $(if $(REGISTRY_$(1)),$(B)/registry/$(REGISTRY_$(1)).o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

# headers for methods and metrics; the program exports their functions to plugins
PLUGIN_HEADERS := methods/method.h metrics/metric.h nn/nn.h nn/graph.h base/arena.h base/cost.h base/error.h base/numbers.h \
    base/param.h base/random.h
$(B)/registry/plugin_api: tools/plugin_api.sh $(PLUGIN_HEADERS)
	@mkdir -p $(@D)
	@tools/plugin_api.sh $@ $(filter-out nn/graph.h,$(PLUGIN_HEADERS))

LIBS = $(patsubst %,$(B)/lib%.a,$(ROOMS) digests)
LINK = $(CC) $(STD) $(CFLAGS) $(EXTRA)
# a program that names a paper without an entry in docs/references.bib is not built; PROGRAM_RUNS= skips the check when
# the program is for another machine
PROGRAM_RUNS := yes
$(B)/cambench: $(B)/registry/plugin_api $(LIBS)
	@echo "  LD $@"
	$(Q)$(LINK) @$< -Wl,--whole-archive $(B)/libbench.a -Wl,--no-whole-archive $(LIBS) $(PKG_LIBS) -lm -o $@.new
	$(Q)for kind in $(if $(PROGRAM_RUNS),methods metrics backbones protocols); do \
	    $@.new list $$kind --bibtex >/dev/null || exit 1; done
	@mv $@.new $@

# -- the main job --------------------------------------------------------------------------------------------------------
.PHONY: run
run: deps ## everything from nothing: build, run configs/demo.yaml
	@$(MAKE) --no-print-directory all
	@$(B)/cambench run configs/demo.yaml --fresh

.PHONY: nightly
nightly: deps ## run configs/nightly.yaml, list what changed since results/baseline; results/nightly.exit: 1 a difference, 2 a failure
	@$(MAKE) --no-print-directory all
	@tools/nightly.sh $(B)/cambench

# -- tests: tests/ROOM/test_X.c is a program of its own, linked with that room and the rooms it may use -------------------
TEST_SOURCES := $(sort $(wildcard tests/*/test_*.c))
TESTS := $(patsubst %.c,$(B)/%,$(TEST_SOURCES))

$(B)/tests/%_main.c: tests/%.c tools/test_main.sh
	@mkdir -p $(@D)
	@tools/test_main.sh $< > $@

define test_rule
$(B)/$(1): $(B)/$(1).o $(B)/$(1)_main.o $(B)/tests/golden.o $(patsubst %,$(B)/lib%.a,$(call uses,tests/$(2)) $(if $(filter bench,$(2)),digests))
	@echo "  LD $$@"
	$$(Q)$$(LINK) $$^ -lcmocka $$(PKG_LIBS) -lm -o $$@
endef
$(foreach t,$(TEST_SOURCES),$(eval $(call test_rule,$(t:.c=),$(notdir $(patsubst %/,%,$(dir $(t)))))))

$(B)/%_main.o: $(B)/%_main.c
	$(Q)$(COMPILE) -c $< -o $@

# `make check-nn` builds and runs the tests of one room.
check-%: FORCE
	@$(MAKE) --no-print-directory $(patsubst tests/%.c,$(B)/tests/%,$(sort $(wildcard tests/$*/test_*.c)))
	@status=0; for t in $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/$*/test_*.c))); do $$t || status=1; done; exit $$status

# tests/fuzz/fuzz_X.c: its seeds are replayed as a test; tests/fuzz/fuzz.h says how
FUZZ := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
REPLAYS := $(FUZZ:%=$(B)/tests/fuzz/fuzz_%)
$(REPLAYS): %: %.o $(B)/tests/fuzz/memory_file.o $(B)/tests/fuzz/replay.o $(LIBS)
	@echo "  LD $@"
	$(Q)$(LINK) $^ $(PKG_LIBS) -lm -o $@

$(FUZZ:%=$(B)/fuzz_%): $(B)/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/memory_file.o $(LIBS)
	$(Q)$(LINK) -fsanitize=fuzzer $^ $(PKG_LIBS) -lm -o $@

.PHONY: check-fuzz fuzz fuzz-programs
check-fuzz: $(REPLAYS)
	@status=0; for r in $(REPLAYS); do echo $$r; $$r || status=1; done; exit $$status

fuzz-programs: $(FUZZ:%=$(B)/fuzz_%)

fuzz: deps-lint ## feed the readers of foreign files with anything, FUZZ_SECONDS=60 each; clang's libFuzzer, in build/fuzz
	@$(MAKE) --no-print-directory fuzz-programs B=build/fuzz CC=clang CFLAGS="-O1 -g" \
	    EXTRA="$(SANITIZE) -fsanitize=fuzzer-no-link" KERNEL_EXTRA="$(SANITIZE_KERNELS)"
	@LSAN_OPTIONS=suppressions=$(CURDIR)/tools/lsan.supp:print_suppressions=0 tools/fuzz.sh build/fuzz $(FUZZ)

# libraries for LD_PRELOAD; of EXTRA only where the system is: a sanitizer wants to be the first library
FAULTS := $(B)/tests/survival/faults.so $(B)/tests/survival/disk.so
$(FAULTS): $(B)/%.so: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) $(CFLAGS) $(filter --sysroot=%,$(EXTRA)) -fPIC -shared $< -o $@ -ldl

.PHONY: test test-asan test-tsan test-programs run-tests golden
test: deps-test ## build and run all tests
	@$(MAKE) --no-print-directory run-tests

test-programs: $(TESTS) $(REPLAYS) $(FAULTS) $(B)/cambench $(B)/cambench-bench

run-tests: test-programs
	@CAMBENCH=$(B)/cambench tools/run_tests.sh $(TESTS) $(REPLAYS)

test-asan: deps-test ## all tests under AddressSanitizer and UndefinedBehaviorSanitizer, in build/asan
	@LSAN_OPTIONS=suppressions=$(CURDIR)/tools/lsan.supp:print_suppressions=0 OMP_NUM_THREADS=2 \
	    $(MAKE) --no-print-directory run-tests B=build/asan CFLAGS="-O1 -g" EXTRA="$(SANITIZE)" \
    KERNEL_EXTRA="$(SANITIZE_KERNELS)"

# ThreadSanitizer does not know how OpenMP's threads wait for each other, so these are the tests whose threads are pthread's.
test-tsan: deps-test ## the tests of threads that help each other under ThreadSanitizer, in build/tsan
	@$(MAKE) --no-print-directory build/tsan/tests/nn/test_team B=build/tsan CFLAGS="-O1 -g" \
	    EXTRA="-fsanitize=thread -fno-omit-frame-pointer"
	@build/tsan/tests/nn/test_team

# aarch64: built by a cross compiler with the libraries of an arm64 Debian, which is unpacked once; run by qemu-user
AARCH64 := $(B)/aarch64
AARCH64_TESTS := $(patsubst %.c,$(AARCH64)/%,$(sort $(wildcard $(patsubst %,tests/%/test_*.c,nn methods metrics))))
.PHONY: test-aarch64
test-aarch64: deps-aarch64 ## cross-build for aarch64; tests of nn, methods, metrics and two demo images under qemu-user
	@tools/aarch64_root.sh $(AARCH64)/root
	@$(MAKE) --no-print-directory all
	+@tools/aarch64_make.sh $(AARCH64) test-programs
	@tools/aarch64_test.sh $(AARCH64) $(B)/cambench $(AARCH64_TESTS)

golden: deps-golden ## remake the golden values of the tests with PyTorch, NumPy, SciPy and Pillow
	@for script in $(filter-out tests/golden/golden.py,$(sort $(wildcard tests/golden/*.py))); do \
	    echo "$$script"; /usr/bin/python3 "$$script" || exit 1; done

# -- speed ---------------------------------------------------------------------------------------------------------------
PERF_OBJECTS := $(call objects,bench/perf)
.PHONY: bench
bench: deps ## measure the speed of the engine; BENCH="forward --arch resnet50 --json FILE": a part of it, see --help
	@$(MAKE) --no-print-directory $(B)/cambench-bench $(B)/cambench
	@$(B)/cambench-bench $(BENCH)

$(B)/bench/perf/fma_peak.o: STD += -ffp-contract=fast

# libbench.a gives its option parser only: main() is here
$(B)/cambench-bench: $(B)/registry/plugin_api $(PERF_OBJECTS) $(LIBS)
	@echo "  LD $@"
	$(Q)$(LINK) @$< $(PERF_OBJECTS) $(LIBS) $(PKG_LIBS) -lm -o $@

# -- style ---------------------------------------------------------------------------------------------------------------
.PHONY: lint lint-quick format
lint: deps-lint ## compilers' and analysers' warnings, format, scripts, manual pages, include directions, names
	@$(MAKE) --no-print-directory all
	@B=$(B) COMPILE_FLAGS="$(STD) $(WARN) -I. $(GENERATED) $(PKG_CFLAGS)" tools/lint/all.sh

lint-quick: ## the checks that take seconds: format, includes, names, scripts
	@tools/lint/all.sh quick

format: ## rewrite the sources with clang-format
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# -- installation --------------------------------------------------------------------------------------------------------
.PHONY: install uninstall man completions
COMPLETIONS := bash-completion/completions/cambench zsh/site-functions/_cambench fish/vendor_completions.d/cambench.fish
INSTALL = PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" COMPLETIONS="$(COMPLETIONS)" tools/install.sh

$(B)/cambench.pc: tools/cambench.pc.in bench/process/program.h
	@sed "s/@VERSION@/$$(sed -n 's/^#define CAMBENCH_VERSION "\(.*\)"/\1/p' bench/process/program.h)/" $< > $@

# the plugin that `cambench new` writes, with the options of the installed headers
$(B)/example/Makefile: $(B)/cambench
	@rm -rf $(@D)
	@mkdir -p $(@D)/new
	@cd $(@D)/new && $(abspath $(B))/cambench new method --plugin mycam --quiet
	@mv $(@D)/new/mycam/mycam.c $(@D)
	@sed 's|^CAMBENCH = .*|CAMBENCH = $$(shell pkg-config --cflags cambench)|' $(@D)/new/mycam/Makefile > $@
	@rm -r $(@D)/new

install: all completions $(B)/cambench.pc $(B)/example/Makefile ## program, manual pages, completions, headers, configs, demo data; PREFIX=/usr/local, DESTDIR
	@$(INSTALL) install $(B) $(PLUGIN_HEADERS)

uninstall: ## remove what install has put there
	@$(INSTALL) uninstall

man: $(B)/man/cambench.1 ## build/man/: manual pages, one for each command, from the program's --help

$(B)/man/cambench.1: $(B)/cambench tools/man.sh docs/cambench.1.in
	@echo "  MAN $(@D)"
	$(Q)tools/man.sh $(B)/cambench $(@D)

completions: $(B)/completions/cambench ## build/completions/: for bash, zsh and fish, from the program's --help and lists

$(B)/completions/cambench: $(B)/cambench tools/completions.sh
	@echo "  COMPLETIONS $(@D)"
	$(Q)tools/completions.sh $(B)/cambench $(@D)

.PHONY: FORCE clean
FORCE:

clean: ## remove build/
	rm -rf $(B)

OBJECTS := $(foreach r,$(ROOMS),$(call room_objects,$(r))) $(KERNEL_OBJECTS) $(PERF_OBJECTS) $(B)/tests/golden.o $(TESTS:=.o) $(TESTS:=_main.o) \
    $(REPLAYS:=.o) $(B)/tests/fuzz/memory_file.o $(B)/tests/fuzz/replay.o
-include $(OBJECTS:.o=.d) $(wildcard $(B)/registry/*.d)
