# SPDX-License-Identifier: MIT
#
# Toolchain file: macOS by clang on any host, with the headers of Apple's that zig brings. It
# compiles; there is nothing to link with.
#
# ZIRCONIA_MACOS_PROCESSOR   arm64 or x86_64
# ZIRCONIA_MACOS_HEADERS     the folder `lib` of zig
# ZIRCONIA_MACOS_PREFIX      where headers of Unicorn, Capstone and Check are

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES
    ZIRCONIA_MACOS_PROCESSOR ZIRCONIA_MACOS_HEADERS ZIRCONIA_MACOS_PREFIX)

set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR ${ZIRCONIA_MACOS_PROCESSOR})
set(CMAKE_C_COMPILER clang)
set(CMAKE_CXX_COMPILER clang++)
set(CMAKE_C_COMPILER_TARGET ${ZIRCONIA_MACOS_PROCESSOR}-apple-macos13)
set(CMAKE_CXX_COMPILER_TARGET ${CMAKE_C_COMPILER_TARGET})
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_INSTALL_NAME_TOOL true) # Asked for, and not used.

string(REPLACE arm64 aarch64 processor ${ZIRCONIA_MACOS_PROCESSOR})
set(headers "${ZIRCONIA_MACOS_HEADERS}/libc/include")
set(CMAKE_C_FLAGS_INIT "-nostdlibinc -isystem ${headers}/${processor}-macos.13-none \
-isystem ${headers}/any-macos.13-any -isystem ${headers}/any-macos-any")
set(CMAKE_CXX_FLAGS_INIT "-nostdinc++ -isystem ${ZIRCONIA_MACOS_HEADERS}/libcxx/include \
${CMAKE_C_FLAGS_INIT}")

set(CMAKE_FIND_ROOT_PATH "${ZIRCONIA_MACOS_PREFIX}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${ZIRCONIA_MACOS_PREFIX}/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")
