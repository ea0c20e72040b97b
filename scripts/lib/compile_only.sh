# SPDX-License-Identifier: MIT
#
# What scripts/check-windows and scripts/check-macos share: the whole tree compiled for another
# system, where nothing can be linked or run.

fail() {
    echo "zirconia: $*" >&2
    exit 1
}

# configure FOLDER OPTION...
configure() {
    folder=$1
    shift
    cmake -S . -B "$folder" -G Ninja -DZIRCONIA_WERROR=ON -DZIRCONIA_BUILD_TESTS=ON "$@" \
        >"$folder.log" 2>&1 || {
        tail -n 40 "$folder.log" >&2
        fail "failed: cmake for $folder"
    }
}

# A folder that looks like an install prefix: the headers of this system's Unicorn, Capstone and
# Check, and libraries that nothing is linked to.
# make_prefix_of_headers FOLDER
make_prefix_of_headers() {
    unicorn=build/deps/unicorn/usr/include/unicorn
    [ -d "$unicorn" ] || unicorn=/usr/include/unicorn
    mkdir -p "$1/include" "$1/lib/pkgconfig"
    for header in "$unicorn" /usr/include/capstone /usr/include/check.h /usr/include/check_stdint.h
    do
        [ -e "$header" ] || fail "$header is missing"
        ln -sfn "$(realpath "$header")" "$1/include/$(basename "$header")"
    done
    for library in unicorn capstone check; do
        : >"$1/lib/lib$library.a"
    done
    cat >"$1/lib/pkgconfig/check.pc" <<END
Name: check
Description: its headers
Version: $(pkg-config --modversion check)
Cflags: -I$PWD/$1/include
END
}

# Runs the commands that compile, whatever they would wait for, such as a library to link.
# compile_objects FOLDER
compile_objects() {
    ninja -C "$1" -t commands | grep ' -c ' | grep -v '/headers_[a-z_]*[0-9]*\.dir/' >"$1/commands"
    # Sources that the build makes itself, by the last command for each; those before it are what the
    # build would first link.
    sed -n "s|.* -c $PWD/$1/\([^ ]*\)\$|\1|p" "$1/commands" | sort -u |
        while read -r made; do
            ninja -C "$1" -t commands "$made" | tail -n 1 | (cd "$1" && sh)
        done
    (
        cd "$1"
        sed -n 's/.* -o \([^ ]*\) .*/\1/p' commands | xargs -n 1 dirname | sort -u | xargs mkdir -p
        xargs -d '\n' -n 1 -P "$(nproc)" sh -c <commands
    )
    echo "zirconia: $(wc -l <"$1/commands") objects compile in $1"
}
