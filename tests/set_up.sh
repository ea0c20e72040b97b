#!/bin/sh
# SPDX-License-Identifier: MIT
#
# What scripts/setup.sh installs on systems of each kind: with commands in the place of the systems'
# own that note how they were called.
#   set_up.sh SOURCE FOLDER     FOLDER is emptied

# shellcheck disable=SC2016 # What a stub does is expanded when it runs.

set -eu
source=$1
folder=$2
stubs=$folder/stubs
rm -rf "$folder"
mkdir -p "$stubs" "$folder/tree"
cp -r "$source/scripts" "$folder/tree/scripts"

# What a script of the tree does before it builds. The system's own description is replaced.
cat >"$folder/tree/scripts/try" <<'END'
set -eu
. "$(dirname "$0")/setup.sh"
OS_RELEASE=$TRIED_RELEASE
setup_system "$1"
END

# stub NAME [LINE]: a command that notes its call, and then does what the line says.
stub() {
    {
        echo '#!/bin/sh'
        echo 'echo "$(basename "$0") $*" >>"$TRIED_CALLS"'
        echo "${2:-}"
    } >"$stubs/$1"
    chmod +x "$stubs/$1"
}

TRIED_CALLS=$folder/calls
TRIED_RELEASE=$folder/os-release
export TRIED_CALLS TRIED_RELEASE
unset ZIRCONIA_UNICORN_ROOT ZIRCONIA_UNICORN_SOURCE MINGW_PACKAGE_PREFIX || true
PATH=$stubs:$PATH
export PATH
stub id 'echo 0'
stub pkg-config 'exit "${TRIED_UNICORN_IS_OLD:-0}"'
for manager in brew dnf pacman; do
    stub "$manager"
done

fail() {
    echo "set_up.sh: $*" >&2
    sed 's/^/    /' "$folder/output" >&2
    exit 1
}

# kernel NAME, distribution LINE...
kernel() {
    stub uname "echo $1"
    rm -rf "$folder/tree/build"
}

distribution() {
    kernel Linux
    printf '%s\n' "$@" >"$TRIED_RELEASE"
}

# try build|tests: whether the set-up succeeds.
try() {
    : >"$TRIED_CALLS"
    sh "$folder/tree/scripts/try" "$1" >"$folder/output" 2>&1
}

# called MANAGER: its calls in the last try.
called() {
    grep "^$1 " "$TRIED_CALLS" || true
}

# installs MANAGER CALL: by this call, and the second time by none.
installs() {
    try tests || fail "$1: the set-up failed"
    [ "$(called "$1")" = "$2" ] || fail "$1 was called: $(called "$1")"
    try tests || fail "$1: the second set-up failed"
    [ -z "$(called "$1")" ] || fail "$1 was called again: $(called "$1")"
}

# refuses WORDS: the set-up fails, and says these.
refuses() {
    if try tests; then
        fail "the set-up succeeded, and was to say: $1"
    fi
    grep -q "$1" "$folder/output" || fail "the set-up did not say: $1"
}

# --- macOS ---

kernel Darwin
installs brew "brew install cmake ninja pkgconf capstone unicorn nasm check"

# --- Windows ---

kernel MINGW64_NT-10.0-20348
refuses 'UCRT64 or CLANG64'
MINGW_PACKAGE_PREFIX=mingw-w64-ucrt-x86_64
export MINGW_PACKAGE_PREFIX
packages=
for name in toolchain cmake ninja pkgconf capstone unicorn nasm check; do
    packages="$packages $MINGW_PACKAGE_PREFIX-$name"
done
installs pacman "pacman -S --needed --noconfirm$packages"

# Its Unicorn may be older than what is needed: then the user names a source, and nothing is said to
# be there before that.
kernel MINGW64_NT-10.0-20348
TRIED_UNICORN_IS_OLD=1
export TRIED_UNICORN_IS_OLD
refuses ZIRCONIA_UNICORN_SOURCE
refuses ZIRCONIA_UNICORN_SOURCE
ZIRCONIA_UNICORN_SOURCE=/named
export ZIRCONIA_UNICORN_SOURCE
installs pacman "pacman -S --needed --noconfirm$packages"
unset ZIRCONIA_UNICORN_SOURCE TRIED_UNICORN_IS_OLD

# --- Fedora and its like ---

fedora="dnf install --assumeyes --quiet gcc gcc-c++ cmake ninja-build pkgconf-pkg-config\
 capstone-devel unicorn-devel nasm check-devel"
distribution 'ID=fedora' 'VERSION_ID=43'
installs dnf "$fedora"
distribution 'ID="nobara"' 'ID_LIKE="rhel centos fedora"'
installs dnf "$fedora"

# --- Ubuntu and its like ---

stub apt-get
stub dpkg-query 'exit 1'
stub dpkg 'case $2 in 2.0*) exit 1 ;; esac' # --compare-versions
stub apt-cache 'echo "  Candidate: ${TRIED_CANDIDATE}"'
TRIED_CANDIDATE=2.1.1-1
export TRIED_CANDIDATE
distribution 'ID=linuxmint' 'ID_LIKE="ubuntu debian"'
try build || fail "apt-get: the set-up failed"
called apt-get | grep -q ' install .*libcapstone-dev.* libunicorn-dev$' ||
    fail "apt-get was called: $(called apt-get)"
TRIED_CANDIDATE=2.0.1-1
distribution 'ID=ubuntu' 'VERSION_CODENAME=noble'
refuses ZIRCONIA_UNICORN_SOURCE

# --- Others ---

distribution 'ID=plan9'
stub pkg-config 'exit 1'
refuses 'Unicorn 2.1 or newer'
[ "$(grep -c '^apt-get\|^dnf\|^brew\|^pacman' "$TRIED_CALLS")" -eq 0 ] || fail "something was installed"
