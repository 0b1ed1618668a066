# What checks the code by other means than the tests: sanitizers, valgrind,
# linters, coverage.  Each builds in a folder of its own.

SANITIZE_DEPS = dpkg-dev libssl-dev zlib1g-dev libpcre2-dev
LINT_DEPS = clang-tidy cppcheck
VALGRIND_DEPS = valgrind libcmocka-dev

.PHONY: valgrind lint coverage
.PHONY: deps-sanitize deps-lint deps-valgrind

deps-sanitize deps-lint deps-valgrind: deps-%:
	@tools/install $($(shell echo $* | tr a-z A-Z)_DEPS)


# the sanitizers: with SANITIZE=1, all is built and run with them

ifdef SANITIZE

BUILD = build/sanitize
NGINX_SRC = $(CURDIR)/build/nginx-source/src
NGINX = $(CURDIR)/build/sanitize-nginx/nginx
CORE_CFLAGS += -O1 -fsanitize=address,undefined -fno-omit-frame-pointer
CHECKER = tools/sanitize $(BUILD)/reports

# what is undefined ends the process; nginx itself passes NULL to memcpy()

CORE_CFLAGS += -fno-sanitize-recover=all
MODULE_STRICT += -fno-sanitize-recover=all

# instructions, memory: valgrind does not run what is built with the sanitizers
# json: it compiles what it runs by itself, and build/unit/json is run

TESTS = $(filter-out t/instructions.t t/memory.t t/json.t,$(wildcard t/*.t))

$(BUILD)/Makefile: $(NGINX)

$(NGINX): tools/sanitize-nginx $(NGINX_SRC)/configure
	CC='$(CC)' tools/sanitize-nginx nginx $(NGINX_SRC) $(@D)

$(NGINX_SRC)/configure: tools/nginx-source | deps-sanitize
	tools/nginx-source build/nginx-source

endif


# memory, servers: a process for each allocation that fails would take an hour,
# millions of paths as well; the sanitizers run them

SLOW = build/unit/memory build/unit/servers

valgrind: deps-build deps-test deps-valgrind unit
	CMOCKA_MESSAGE_OUTPUT=TAP prove -j $(JOBS) --exec '$(VALGRIND)' \
	    $(filter-out $(SLOW),$(UNITS))

VALGRIND = valgrind -q --leak-check=full --error-exitcode=9
VALGRIND += --errors-for-leak-kinds=definite,indirect,possible


lint: deps-build deps-lint build/Makefile
	tools/lint $(NGINX_SRC) build


# The same tests, with gcc's counters in the module and the core.  What exits by
# a signal writes none; what valgrind and the compilers run is not counted.

coverage: deps-build deps-test
	rm -rf build/coverage
	$(MAKE) test BUILD=build/coverage MODULE_STRICT='$(COUNTED)' \
	    CORE_CFLAGS='$(CORE_CFLAGS) -O0' CC='$(CC) $(COUNTED_CC)' TESTS='$(COUNTED_TESTS)'
	tools/coverage build/coverage

COUNTED_CC = --coverage -Wl,--exclude-libs,libgcov.a -DUNIT_EXIT=exit
COUNTED = -O0 -U_FORTIFY_SOURCE $(MODULE_STRICT)
COUNTED_TESTS = $(filter-out t/fuzz.t t/instructions.t t/memory.t t/json.t \
                             t/vectors.t, $(wildcard t/*.t))
