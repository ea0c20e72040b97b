# SPDX-License-Identifier: MIT
#
# What scripts/run, scripts/test and scripts/install share, sourced by all: it installs what is
# missing, then configures and builds into build/release. What is already there costs no network and
# no time.
#
# ZIRCONIA_UNICORN_ROOT or ZIRCONIA_UNICORN_SOURCE in the environment name a Unicorn to use instead
# of the system's, as the CMake options of those names do.
#
# Steps are told on standard error, so that standard output is left to what is run in the end.

ROOT=$(cd "$(dirname "$0")/.." && pwd)
BUILD=$ROOT/build/release
LOG=$ROOT/build/setup.log
UNICORN_MINIMUM=2.1

# What `cmake --install` looks for: the shared library comes with the tool.
INSTALLED_TARGETS="zirconia-tool zirconia-static"

. "$ROOT/scripts/lib/packages.sh"
. "$ROOT/scripts/lib/debs.sh"
. "$ROOT/scripts/lib/unicorn.sh"
. "$ROOT/scripts/lib/linux.sh"
. "$ROOT/scripts/lib/arm64.sh"

say() {
    echo "==> $*" >&2
}

fail() {
    echo "zirconia: $*" >&2
    exit 1
}

# Runs a command with its output in the log, which is shown when the command fails.
quietly() {
    : >"$LOG"
    if ! "$@" >>"$LOG" 2>&1 </dev/null; then
        tail -n 40 "$LOG" >&2
        fail "failed: $*"
    fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# setup_system build|tests: everything that the build (and the tests) need is there afterwards.
setup_system() {
    mkdir -p "$ROOT/build"
    install_packages "$1"
}

# configure_build CMAKE-OPTION...
configure_build() {
    if [ -n "${ZIRCONIA_UNICORN_ROOT:-}" ]; then
        set -- "$@" "-DZIRCONIA_UNICORN_ROOT=$ZIRCONIA_UNICORN_ROOT"
    elif [ -n "${ZIRCONIA_UNICORN_SOURCE:-}" ]; then
        set -- "$@" "-DZIRCONIA_UNICORN_SOURCE=$ZIRCONIA_UNICORN_SOURCE"
    fi
    if [ ! -e "$BUILD/CMakeCache.txt" ] && command -v ninja >/dev/null 2>&1; then
        set -- -G Ninja "$@"
    fi
    say "Configuring ${BUILD#"$ROOT"/}"
    quietly cmake -S "$ROOT" -B "$BUILD" -DCMAKE_BUILD_TYPE=Release "$@"
}

PROCESSORS=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

# build_targets TARGET...; without a target, everything.
build_targets() {
    say "Building ${*:-everything}"
    if [ $# -gt 0 ]; then
        set -- --target "$@"
    fi
    quietly cmake --build "$BUILD" --parallel "$PROCESSORS" "$@"
}
