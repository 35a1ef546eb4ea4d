# cambench: make, make run, make test. `make help` lists the targets.
#
# Each room (folder) becomes a static library; the order of ROOMS is the order of linking: a room uses only rooms that
# stand behind it. Registries of methods, metrics, backbones and commands are written by scanning the sources.

CC ?= cc
CFLAGS ?= -O3 -g
PKG = openblas hdf5-serial libjpeg libpng yaml-0.1 sqlite3 jansson libcrypto
B := build

ROOMS := bench report metrics methods backbones datasets nn base
STD := -std=gnu17 -fopenmp -ffp-contract=off -fno-math-errno
WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings
PKG_CFLAGS := $(shell pkg-config --cflags $(PKG) 2>/dev/null | sed 's/-I/-isystem /g')
PKG_LIBS := $(shell pkg-config --libs $(PKG) 2>/dev/null)
COMPILE = $(CC) $(STD) $(WARN) $(if $(CI),-Werror) $(CFLAGS) $(EXTRA) -I. $(PKG_CFLAGS) -MMD -MP

sources = $(sort $(wildcard $(1)/*.c))
objects = $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))

.PHONY: all
all: $(B)/cambench

# -- registries: one line in a source file is all it takes --------------------------------------------------------------
$(B)/registry/%.c: tools/registry.sh FORCE
	@tools/registry.sh $* $@

$(B)/registry/%.o: $(B)/registry/%.c
	$(COMPILE) -c $< -o $@

REGISTRY_methods := methods
REGISTRY_metrics := metrics
REGISTRY_backbones := backbones
REGISTRY_bench := commands

# -- rooms --------------------------------------------------------------------------------------------------------------
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

define room_rule
$(B)/lib$(1).a: $(call objects,$(1)) $(if $(REGISTRY_$(1)),$(B)/registry/$(REGISTRY_$(1)).o)
	@rm -f $$@
	@$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

LIBS = $(patsubst %,$(B)/lib%.a,$(ROOMS))
$(B)/cambench: $(LIBS)
	$(CC) $(STD) $(CFLAGS) $(EXTRA) -Wl,--whole-archive $(B)/libbench.a -Wl,--no-whole-archive $(LIBS) $(PKG_LIBS) -lm -o $@

# -- tests: tests/ROOM/test_X.c is a program of its own, linked with that room and the rooms it may use ------------------
DEPENDS_base := base
DEPENDS_nn := nn base
DEPENDS_datasets := datasets base
DEPENDS_backbones := backbones nn base
DEPENDS_methods := methods backbones nn base
DEPENDS_metrics := metrics nn base
DEPENDS_report := report base
DEPENDS_bench := $(ROOMS)

TEST_SOURCES := $(sort $(wildcard tests/*/test_*.c))
TESTS := $(patsubst %.c,$(B)/%,$(TEST_SOURCES))

$(B)/tests/%_main.c: tests/%.c tools/test_main.sh
	@mkdir -p $(@D)
	@tools/test_main.sh $< > $@

define test_rule
$(B)/$(1): $(B)/$(1).o $(B)/$(1)_main.o $(B)/tests/golden.o $(patsubst %,$(B)/lib%.a,$(DEPENDS_$(2)))
	$$(CC) $$(STD) $$(CFLAGS) $$(EXTRA) $$^ -lcmocka $$(PKG_LIBS) -lm -o $$@
endef
$(foreach t,$(TEST_SOURCES),$(eval $(call test_rule,$(t:.c=),$(notdir $(patsubst %/,%,$(dir $(t)))))))

$(B)/%_main.o: $(B)/%_main.c
	$(COMPILE) -c $< -o $@

# `make check-nn` builds and runs the tests of one room.
check-%: FORCE
	@$(MAKE) --no-print-directory $(patsubst tests/%.c,$(B)/tests/%,$(sort $(wildcard tests/$*/test_*.c)))
	@status=0; for t in $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/$*/test_*.c))); do $$t || status=1; done; exit $$status

.PHONY: FORCE clean
FORCE:

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
