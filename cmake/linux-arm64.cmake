# SPDX-License-Identifier: MIT
#
# Toolchain file: Linux arm64 by the cross compiler that Debian and its like have.
#
# ZIRCONIA_UNICORN_ROOT   where Unicorn and Capstone for arm64 were unpacked, as an install prefix
# ZIRCONIA_ARM64_CHECK    where Check for arm64 was unpacked, as the root of a system
# CMAKE_CROSSCOMPILING_EMULATOR   the command that runs a program for arm64, for the tests

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES ZIRCONIA_ARM64_CHECK ZIRCONIA_UNICORN_ROOT)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu "${ZIRCONIA_UNICORN_ROOT}"
    "${ZIRCONIA_ARM64_CHECK}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${ZIRCONIA_ARM64_CHECK}/usr/lib/aarch64-linux-gnu/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${ZIRCONIA_ARM64_CHECK}")
set(ENV{PKG_CONFIG_PATH} "")
