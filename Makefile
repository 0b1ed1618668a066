# make         build/ngx_http_snapshot_module.so
# make check-tool   build/snapshot-check alone, which needs no nginx
# make run     build, start the gateway and its sample upstream, show them
# make test    build, and run all tests; TEST_SEED=1 has other random ones
# make e2e     build, and run the tests with an OpenStack Cinder
# make test SANITIZE=1   the same under the sanitizers, nginx as well
# make valgrind   the unit tests under valgrind
# make docs    the tables of docs/ that the code knows, written anew
# make lint    clang-tidy and cppcheck
# make coverage   the tests, and each line that none of them reaches
# make conform   how well this gateway and others keep to the contract
# make bench   build, and measure what the gateway costs
# make bench-core   the same of the core alone, without nginx
# make bench-scale  how many gateways behind HAProxy share their work
# make soak    build, and send mixed traffic for MINUTES=10
# make fuzz    fuzz each way into the core, for TIME seconds
# make exhaust   all paths of up to PIECES pieces, and PATHS random ones
# make deb     the Debian package, in build/deb
# make test-deb   build it in fresh Debians, install, upgrade and remove it
# make test-versions   all tests in fresh Debians, with each compiler

NGINX = nginx
NGINX_SRC = /usr/share/nginx/src
BUILD = build
TESTS = t/
CC = gcc
PORT = 8080
TRAFFIC ?= 1
JOBS = 4
TIME = 60

# what tests do by chance is other for each commit, and the same if repeated
TEST_SEED ?= $(shell \
    perl -e 'print hex substr `git rev-parse HEAD:./ 2>/dev/null`, 0, 5')

MODULE = $(BUILD)/ngx_http_snapshot_module.so
CHECK = $(BUILD)/snapshot-check

CORE = $(wildcard src/core/ngx_snapshot_*.c)
SOURCES = config ngx_http_snapshot_module.c
SOURCES += $(wildcard src/core/*.[ch] src/http/*.[ch])

# what nginx is built with stands before; anything we add must stay quiet
STRICT = -Wall -Wextra -Werror

# handlers take what nginx gives, needed or not
MODULE_STRICT = $(STRICT) -Wno-unused-parameter

# the valgrind of Debian 12 cannot read what clang would write
MODULE_STRICT += $(if $(findstring clang,$(CC)),-gdwarf-4)
CORE_CFLAGS = -std=c11 -D_DEFAULT_SOURCE -O2 -g $(STRICT) -Isrc/core

BUILD_DEPS = gcc libc6-dev nginx nginx-dev libjansson-dev libpcre2-dev
RUN_DEPS = perl
TEST_DEPS = perl curl openssl libcmocka-dev binutils valgrind
TEST_DEPS += prometheus chromium haproxy pandoc man-db tcpflow git
BENCH_DEPS = perl strace valgrind wrk libnginx-mod-http-js libnginx-mod-http-lua
BENCH_DEPS += libnginx-mod-http-modsecurity lua-cjson haproxy
FUZZ_DEPS = clang libclang-rt-dev
DEB_DEPS = build-essential debhelper nginx-dev libcmocka-dev libjansson-dev
DEB_DEPS += libpcre2-dev pandoc lintian
CHROOT_DEPS = debootstrap

# Cinder's API with what runs it, Keystone, and the stock clients
E2E_DEPS = perl cinder-api python3-cinder python3-cinderclient
E2E_DEPS += python3-openstackclient uwsgi-plugin-python3
E2E_DEPS += python3-keystone python3-keystonemiddleware openssl
E2E_DEPS += apache2 python3-routes $(if $(shell command -v node),,nodejs)

# a Node.js that is there is taken, whoever made it
TEST_DEPS += $(if $(shell command -v npm),,nodejs npm)


.DEFAULT_GOAL = all

include tools/checkers.mk


# in the environment it would name sockets that nginx shall inherit
unexport NGINX

# a module that was built for another nginx or by another compiler is of no use

MADE_WITH := NGINX='$(NGINX)' NGINX_SRC='$(NGINX_SRC)' CC='$(CC)'
OTHERS := $(if $(findstring $(MADE_WITH),$(file <$(BUILD)/made-with)),,FORCE)

# where nginx is, for who is not root
export PATH := $(PATH):/usr/sbin

.PHONY: all check-tool run test e2e unit check-unit man docs conform
.PHONY: bench bench-core bench-scale fuzz exhaust soak deb test-deb test-versions clean FORCE
.PHONY: deps-build deps-run deps-test deps-e2e deps-bench deps-fuzz deps-deb
.PHONY: deps-chroot

all: deps-build $(MODULE) $(CHECK)

$(MODULE): $(BUILD)/Makefile $(SOURCES)
	$(MAKE) -f $(CURDIR)/$(BUILD)/Makefile -C $(BUILD)/nginx modules

$(BUILD)/Makefile: config tools/configure Makefile tools/checkers.mk $(OTHERS)
	CC='$(CC)' STRICT='$(MODULE_STRICT)' \
	    tools/configure $(NGINX) $(NGINX_SRC) $(BUILD)
	@echo "$(MADE_WITH)" > $(BUILD)/made-with

FORCE:

check-tool: deps-build $(CHECK)

$(CHECK): $(wildcard src/check/*.c src/check/*.h) $(CORE) \
          $(wildcard src/core/*.h) Makefile tools/checkers.mk
	@mkdir -p $(BUILD)
	$(CC) $(CORE_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ \
	    $(filter %.c,$^) -ljansson -lpcre2-8

docs: deps-build $(CHECK)
	tools/docs $(CHECK)

run: deps-build deps-run $(MODULE)
	tools/run $(NGINX) $(MODULE) $(PORT) $(TRAFFIC)

test: deps-build deps-test $(MODULE) $(CHECK) unit man build/node/.installed
	CMOCKA_MESSAGE_OUTPUT=TAP TEST_NGINX=$(NGINX) \
	    TEST_MODULE=$(CURDIR)/$(MODULE) \
	    TEST_BUILD=$(BUILD) TEST_SEED=$(TEST_SEED) \
	    $(CHECKER) prove -j $(JOBS) -It/lib $(UNITS) $(TESTS)

# those that write into docs/cinder.md must not do so at the same time
e2e: deps-build deps-e2e $(MODULE)
	TEST_NGINX=$(NGINX) TEST_MODULE=$(CURDIR)/$(MODULE) E2E_WRITE=$(E2E_WRITE) \
	    prove -j $(if $(E2E_WRITE),1,2) -It/lib t/e2e/

UNITS = $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(wildcard t/unit/*.c))

unit: deps-build deps-test $(UNITS)

# what is installed is up to the caller, as a package's build has it

check-unit: $(UNITS)
	CMOCKA_MESSAGE_OUTPUT=TAP prove $(UNITS)

# cmocka 2 deprecates what cmocka 1 has no other name for

UNIT_CFLAGS = $(CORE_CFLAGS) -I$(BUILD)/unit -Wno-deprecated-declarations

$(BUILD)/unit/table-data.h: t/servers/rows t/data/contract.json
	@mkdir -p $(BUILD)/unit
	t/servers/rows > $@.new
	@mv $@.new $@

$(BUILD)/unit/%: t/unit/%.c $(CORE) $(BUILD)/unit/table-data.h \
                 $(wildcard src/core/*.h t/unit/*.h t/servers/*.h)
	@mkdir -p $(BUILD)/unit
	$(CC) $(UNIT_CFLAGS) -o $@ $< $(CORE) -lcmocka -ljansson -lpcre2-8

MAN = build/man/ngx_http_snapshot_module.5 build/man/snapshot-check.1

man: deps-test $(MAN)

$(MAN): README.md docs/directives.md docs/contract.md docs/snapshot-check.md \
        src/core/ngx_snapshot_core.h tools/man tools/man.lua
	@mkdir -p build/man
	tools/man $(basename $(@F)) > $@.new
	@mv $@.new $@

FLOOR = build/floor/ngx_http_floor_module.so

bench: deps-build deps-bench $(MODULE) $(FLOOR)
	TEST_NGINX=$(NGINX) TEST_MODULE=$(CURDIR)/$(MODULE) \
	    BENCH_FLOOR=$(CURDIR)/$(FLOOR) bench/run $(BENCH)

$(FLOOR): build/floor/Makefile bench/floor/ngx_http_floor_module.c
	$(MAKE) -f $(CURDIR)/build/floor/Makefile -C build/floor/nginx modules

build/floor/Makefile: bench/floor/config tools/configure
	cd bench/floor && CC='$(CC)' STRICT='$(MODULE_STRICT)' \
	    ../../tools/configure $(NGINX) $(NGINX_SRC) ../../build/floor

BENCH_CORE = build/bench/core build/bench/core-heap

bench-core: deps-build deps-bench $(BENCH_CORE)
	bench/core.pl $(BENCH) build/bench/core

build/bench/core-heap: BENCH_CFLAGS = -DBENCH_HEAP

$(BENCH_CORE): bench/core.c $(CORE) $(wildcard src/core/*.h) | deps-build deps-bench
	@mkdir -p build/bench
	$(CC) $(CORE_CFLAGS) $(BENCH_CFLAGS) -o $@ $< $(CORE) -ljansson -lpcre2-8

bench-scale: deps-build deps-bench $(MODULE)
	TEST_NGINX=$(NGINX) TEST_MODULE=$(CURDIR)/$(MODULE) bench/scale

FUZZERS = $(patsubst t/fuzz/%.c,build/fuzz/%, \
            $(filter-out t/fuzz/main.c,$(wildcard t/fuzz/*.c)))

# as that of the fuzzer's oracle

$(BUILD)/unit/json: UNIT_CFLAGS += -Ibuild/fuzz
$(BUILD)/unit/json: build/fuzz/facts-data.h $(wildcard t/fuzz/*.[ch])

FUZZ_CFLAGS = $(CORE_CFLAGS) -Ibuild/fuzz -fsanitize=fuzzer,address,undefined
FUZZ_CFLAGS += -fno-sanitize-recover=all

fuzz: deps-build deps-fuzz $(FUZZERS)
	t/fuzz/run $(TIME) $(FUZZERS)

build/fuzz/facts-data.h: t/fuzz/facts t/data/contract.json
	@mkdir -p build/fuzz
	t/fuzz/facts > $@.new
	@mv $@.new $@

build/fuzz/table-data.h: t/servers/rows t/data/contract.json
	@mkdir -p build/fuzz
	t/servers/rows > $@.new
	@mv $@.new $@

build/fuzz/check: $(wildcard src/check/*.[ch])

build/fuzz/%: t/fuzz/%.c $(CORE) build/fuzz/facts-data.h \
              build/fuzz/table-data.h \
              $(wildcard src/core/*.h t/fuzz/*.h t/servers/*.h) \
              | deps-build deps-fuzz
	@mkdir -p build/fuzz
	clang $(FUZZ_CFLAGS) -o $@ $< $(CORE) -ljansson -lpcre2-8

PIECES = 6
PATHS = 1000000

exhaust: deps-build deps-test build/unit/servers
	SERVERS_PIECES=$(PIECES) SERVERS_PATHS=$(PATHS) TEST_SEED=$(TEST_SEED) \
	    build/unit/servers

# docs/peers.md is made by this
conform: deps-build deps-test deps-bench $(MODULE) $(CHECK) \
         build/node/.installed
	tools/peers $(NGINX) $(CURDIR)/$(MODULE) $(CHECK)

MINUTES = 10

soak: deps-build deps-run $(MODULE)
	tools/soak $(NGINX) $(MODULE) $(MINUTES)

deb: deps-deb
	tools/deb build/deb

SUITES = bookworm trixie
CCS = gcc clang

# the newest nginx of Debian
test-versions: SUITES += sid

test-deb: deps-chroot
	tools/test-deb "$(SUITES)"

test-versions: deps-chroot
	tools/test-versions "$(SUITES)" "$(CCS)"

# the linter and the validator of the OpenAPI tests, the driver of the page's
build/node/.installed: tools/node-modules $(wildcard t/node/*.json) | deps-test
	@tools/node-modules

deps-build deps-run deps-test deps-e2e deps-bench deps-fuzz deps-deb deps-chroot: \
    deps-%:
	@tools/install $($(shell echo $* | tr a-z A-Z)_DEPS)

clean:
	rm -rf build
