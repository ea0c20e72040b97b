#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Builds the fuzz targets as ClusterFuzzLite and OSS-Fuzz want them in $OUT: each a program that needs
# nothing but the system's libraries, beside it its seeds, options and dictionary. They set SRC, WORK,
# OUT, CC, CXX, CFLAGS, CXXFLAGS and LIB_FUZZING_ENGINE. Unicorn and Capstone are linked statically,
# from $SRC/unicorn and $SRC/capstone, or where those are not there, as the system has them.

set -euo pipefail

zirconia=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ -e "$zirconia/CMakeLists.txt" ] || zirconia=$(cd "$zirconia/.." && pwd)
[ -e "$zirconia/CMakeLists.txt" ] || zirconia=$SRC/zirconia
dependencies=$WORK/dependencies

# build_dependency NAME CMAKE-OPTION...
# Neither is looked at itself, and an instrumented translator would take ten times as long.
build_dependency() {
    local name=$1
    shift
    [ -d "$SRC/$name" ] || return 0
    env -u CFLAGS -u CXXFLAGS cmake -S "$SRC/$name" -B "$WORK/$name" -G Ninja \
        -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DCMAKE_POLICY_VERSION_MINIMUM=3.5 -DCMAKE_INSTALL_PREFIX="$dependencies" \
        -DCMAKE_INSTALL_LIBDIR=lib "$@"
    cmake --build "$WORK/$name" --target install
}

# cached NAME prints what CMake has found.
cached() {
    sed -n "s/^$1:[^=]*=//p" "$WORK/zirconia/CMakeCache.txt"
}

# static_library NAME prints the archive that lies beside the library.
static_library() {
    local library
    library=$(cached "$1")
    echo "${library%.*}.a"
}

configure() {
    cmake -S "$zirconia" -B "$WORK/zirconia" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO=-DNDEBUG -DCMAKE_PREFIX_PATH="$dependencies" \
        -DZIRCONIA_BUILD_FUZZERS=ON -DZIRCONIA_BUILD_TOOL=OFF -DZIRCONIA_BUILD_EXAMPLES=OFF \
        -DZIRCONIA_INSTALL=OFF "$@"
}

build_dependency unicorn -DUNICORN_ARCH=x86 -DUNICORN_BUILD_TESTS=OFF
build_dependency capstone -DCAPSTONE_ARCHITECTURE_DEFAULT=OFF -DCAPSTONE_X86_SUPPORT=ON \
    -DCAPSTONE_BUILD_TESTS=OFF -DCAPSTONE_BUILD_CSTOOL=OFF
if [ -d "$SRC/unicorn" ]; then
    configure "-DZIRCONIA_UNICORN_ROOT=$dependencies"
else
    configure
fi
configure "-DUnicorn_LIBRARY=$(static_library Unicorn_LIBRARY)" \
    "-DCapstone_LIBRARY=$(static_library Capstone_LIBRARY)"
cmake --build "$WORK/zirconia" --target fuzz-targets

for source in "$zirconia"/fuzz/fuzz_*.c; do
    name=$(basename "$source" .c)
    cp "$WORK/zirconia/bin/$name" "$OUT/"
    cp "$zirconia/fuzz/$name.options" "$OUT/"
    rm -f "$OUT/${name}_seed_corpus.zip"
    zip -q -j "$OUT/${name}_seed_corpus.zip" "$zirconia/fuzz/seeds/$name"/*
    if [ -e "$WORK/zirconia/fuzz/$name.dict" ]; then
        cp "$WORK/zirconia/fuzz/$name.dict" "$OUT/"
    fi
done
