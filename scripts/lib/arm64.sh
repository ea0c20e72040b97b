# SPDX-License-Identifier: MIT
#
# What scripts/check-arm64 takes beside the cross compiler, from Debian's packages: Unicorn, Capstone
# and Check for arm64, and QEMU, whose emulator of a processor for programs needs no library.
# Unicorn, Capstone and QEMU are of the release that has Unicorn; Check was compiled for the
# system's C library, which is that of the cross compiler.

ARM64_DIR=$ROOT/build/deps/arm64
ARM64_DEBS="$UNICORN_DEBS libcapstone-dev libcapstone5"
ARM64_CHECK_DEBS="check libsubunit-dev libsubunit0"
ARM64_CHECK_DIR=$ROOT/build/deps/arm64-check
QEMU_DIR=$ROOT/build/deps/qemu
QEMU=$QEMU_DIR/qemu-aarch64

# The lists of packages are meant to be split into words.
# shellcheck disable=SC2086
unpack_arm64() {
    archive_is_known || fail "the archive of packages is not one of Debian's"
    unicorn_is_unpacked "$ARM64_DIR" ||
        DEB_ARCHITECTURE=arm64 unpack_debs "$UNICORN_SUITE" "$ARM64_DIR" $ARM64_DEBS
    [ -e "$ARM64_CHECK_DIR/usr/include/check.h" ] ||
        DEB_ARCHITECTURE=arm64 unpack_debs "$(system_codename)" "$ARM64_CHECK_DIR" $ARM64_CHECK_DEBS
    if [ ! -x "$QEMU" ]; then
        unpack_debs "$UNICORN_SUITE" "$QEMU_DIR" qemu-user
        mv "$QEMU_DIR/usr/bin/qemu-aarch64" "$QEMU"
        rm -rf "${QEMU_DIR:?}/usr" # The other processors' emulators take half a gigabyte.
    fi
}

install_arm64_compiler() {
    missing=
    need_command aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
    need_command aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
    if [ -n "$missing" ]; then
        say "Installing$missing"
        # The list is meant to be split into words.
        # shellcheck disable=SC2086
        quietly run_apt_get install --yes --no-install-recommends $missing
    fi
}

# measure_test NAME prints its time in seconds, rounded up, that of the processes it starts with it. It
# fails as the test does.
measure_test() {
    # `times` tells of a shell's children in its second line.
    # shellcheck disable=SC2016
    times=$(sh -c 'ctest --test-dir "$1" -R "$2" --output-on-failure --no-label-summary >&2 && times' \
        sh "$BUILD" "^$1\$") || return 1
    echo "$times" | awk -F '[ms ]+' 'NR == 2 {
        seconds = 60 * ($1 + $3) + $2 + $4
        print int(seconds) + (seconds > int(seconds))
    }'
}

# measure_tests FILE OPTION... writes to FILE a line `name seconds` for each test that passes, in the
# place of what the file had. The options are ctest's.
measure_tests() {
    file=$1
    shift
    names=$(ctest --test-dir "$BUILD" -N "$@" | sed -n 's/^ *Test *#[0-9]*: \([^ ]*\).*/\1/p')
    failed=
    for name in $names; do
        if ! seconds=$(measure_test "$name"); then
            failed="$failed $name"
            continue
        fi
        {
            grep '^#' "$file"
            { grep -v -e '^#' -e "^$name " "$file" || true; echo "$name $seconds"; } | LC_ALL=C sort
        } >"$file.new"
        mv "$file.new" "$file"
        say "$name took $seconds s"
    done
    [ -z "$failed" ] || fail "these did not pass:$failed"
}
