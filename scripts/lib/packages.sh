# SPDX-License-Identifier: MIT
#
# Finds out which system this is and installs, by its own package tools, what the build lacks.
# Debian 12 and 13 are run by us, and Ubuntu 24.04 now and then; the other branches are written from
# the systems' package lists and are not run by us (tests/set_up.sh says what they do). An unknown
# system is told what to install, and nothing is touched.

OS_RELEASE=/etc/os-release

# install_packages build|tests
install_packages() {
    case $(system_name) in
    debian) install_with_apt "$1" ;;
    ubuntu) install_with_apt "$1" ;;
    fedora) install_with_dnf "$1" ;; # not run by us
    macos) install_with_brew "$1" ;; # not run by us
    msys2) install_with_pacman "$1" ;; # not run by us
    *) check_unknown_system "$1" ;;
    esac
}

system_name() {
    case $(uname -s) in
    Darwin) echo macos ;;
    MSYS* | MINGW* | UCRT*) echo msys2 ;;
    Linux) linux_name ;;
    *) echo unknown ;;
    esac
}

# The distribution, or the one that it says it is like.
linux_name() {
    if [ -r "$OS_RELEASE" ]; then
        for name in $(. "$OS_RELEASE" && echo "${ID:-} ${ID_LIKE:-}"); do
            case $name in
            debian | ubuntu | fedora)
                echo "$name"
                return
                ;;
            esac
        done
    fi
    echo unknown
}

has() {
    command -v "$1" >/dev/null 2>&1
}

unicorn_is_named() {
    [ -n "${ZIRCONIA_UNICORN_ROOT:-}${ZIRCONIA_UNICORN_SOURCE:-}" ]
}

# Debian and Ubuntu

deb_is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_command COMMAND PACKAGE, need_deb PACKAGE: add to $missing what is not there.
need_command() {
    has "$1" || missing="$missing $2"
}

need_deb() {
    deb_is_installed "$1" || missing="$missing $1"
}

list_missing_debs() {
    missing=
    need_command cc gcc
    need_deb libc6-dev
    need_command cmake cmake
    has make || need_command ninja ninja-build
    need_command pkg-config pkg-config
    need_deb libcapstone-dev
    need_command nasm nasm
    if [ "$1" = tests ]; then
        need_command c++ g++
        need_deb check
        need_command gdb gdb
        need_command tmux tmux
    fi
}

run_apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
}

install_with_apt() {
    list_missing_debs "$1"
    unicorn=
    if ! unicorn_is_named && ! unicorn_is_unpacked "$UNICORN_DIR" && ! unicorn_deb_is_installed; then
        unicorn=missing
    fi
    linux=
    if [ "$1" = tests ] && ! linux_is_unpacked; then
        linux=missing
    fi
    linux_32=
    if [ "$1" = tests ] && ! linux_is_unpacked "$LINUX_32_DIR"; then
        linux_32=missing
    fi
    if [ -z "$missing$unicorn$linux$linux_32" ]; then
        say "Packages: all there"
        return
    fi

    if can_be_root; then
        say "Reading the package lists"
        quietly run_apt_get update
    elif [ -n "$missing" ]; then
        fail "root or sudo is needed. As root, run: apt-get install --no-install-recommends$missing"
    fi
    if [ -n "$unicorn" ] && unicorn_deb_is_offered; then
        missing="$missing libunicorn-dev"
        unicorn=
    fi
    if [ -n "$missing" ]; then
        say "Installing$missing"
        # The list is meant to be split into words.
        # shellcheck disable=SC2086
        quietly run_apt_get install --yes --no-install-recommends $missing
    fi
    if [ -n "$unicorn" ]; then
        unpack_unicorn "$UNICORN_SUITE" "$UNICORN_DIR"
    fi
    if [ -n "$linux" ]; then
        unpack_linux
    fi
    if [ -n "$linux_32" ]; then
        unpack_linux_32
    fi
}

# The other systems: each installs the whole list, and its tools skip what is there. A stamp in the
# build folder keeps the second time off the network.

# install_once build|tests COMMAND...
install_once() {
    stamp=$ROOT/build/packages-$1.stamp
    shift
    if [ -e "$stamp" ]; then
        say "Packages: all there"
        return
    fi
    say "Installing: $*"
    quietly "$@"
    if ! unicorn_is_named && ! pkg-config --atleast-version="$UNICORN_MINIMUM" unicorn; then
        tell_about_unicorn
    fi
    : >"$stamp"
}

install_with_dnf() {
    install_once "$1" as_root dnf install --assumeyes --quiet gcc gcc-c++ cmake ninja-build \
        pkgconf-pkg-config capstone-devel unicorn-devel nasm check-devel
}

install_with_brew() {
    has brew || fail "Homebrew is needed to install packages."
    install_once "$1" brew install cmake ninja pkgconf capstone unicorn nasm check
}

install_with_pacman() {
    [ -n "${MINGW_PACKAGE_PREFIX:-}" ] || fail "Start this from MSYS2's UCRT64 or CLANG64 shell."
    install_once "$1" pacman -S --needed --noconfirm \
        "$MINGW_PACKAGE_PREFIX-toolchain" "$MINGW_PACKAGE_PREFIX-cmake" \
        "$MINGW_PACKAGE_PREFIX-ninja" "$MINGW_PACKAGE_PREFIX-pkgconf" \
        "$MINGW_PACKAGE_PREFIX-capstone" "$MINGW_PACKAGE_PREFIX-unicorn" \
        "$MINGW_PACKAGE_PREFIX-nasm" "$MINGW_PACKAGE_PREFIX-check"
}

# Any other system

needs_are_met() {
    has cc && has cmake && { has ninja || has make; } && has pkg-config && has nasm &&
        pkg-config --exists capstone &&
        { unicorn_is_named || pkg-config --atleast-version="$UNICORN_MINIMUM" unicorn; } &&
        { [ "$1" != tests ] || { has c++ && pkg-config --exists check; }; }
}

check_unknown_system() {
    if needs_are_met "$1"; then
        say "Packages: all there"
        return
    fi
    cat >&2 <<END
zirconia: this system is not one that the script can install packages on. Please install:
    a C11 compiler (gcc or clang), found as cc
    CMake 3.22 or newer, with Ninja or make
    pkg-config
    nasm
    Capstone 4 or 5, with its headers
    Unicorn $UNICORN_MINIMUM or newer, with its headers; or name one that you built yourself:
        ZIRCONIA_UNICORN_ROOT=<install prefix> or ZIRCONIA_UNICORN_SOURCE=<source directory>
    for the tests, Check 0.15 or newer and a C++17 compiler, found as c++
and run this again.
END
    exit 1
}
