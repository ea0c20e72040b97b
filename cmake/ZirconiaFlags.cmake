# SPDX-License-Identifier: MIT
#
# Compiler flags of our own targets. Warnings are an interface library that each target links
# privately, so nothing of them reaches a client. Sanitizers apply to the whole tree.

add_library(zirconia-warnings INTERFACE)

if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(zirconia-warnings INTERFACE
        -Wall -Wextra -Wconversion -Wshadow
        $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
        $<$<C_COMPILER_ID:Clang,AppleClang>:-Wthread-safety>
        $<$<BOOL:${ZIRCONIA_WERROR}>:-Werror>)
endif()

if(ZIRCONIA_SANITIZE)
    add_compile_options(
        -fsanitize=${ZIRCONIA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${ZIRCONIA_SANITIZE})
endif()

# An exit goes through some forty small functions in twenty files: where they are optimised together
# it takes two thirds of the time. GCC's objects then have both what it takes for that and ordinary
# code, so that the static library is good for any linker.
set(lto "${ZIRCONIA_LTO}")
if(lto STREQUAL "AUTO")
    set(lto OFF)
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release"
            AND NOT ZIRCONIA_SANITIZE AND NOT APPLE AND NOT WIN32)
        set(lto ON)
    endif()
endif()
add_library(zirconia-lto INTERFACE)         # For what is compiled,
add_library(zirconia-lto-linked INTERFACE)  # linked,
add_library(zirconia-lto-ignored INTERFACE) # and linked from ordinary code, which is done sooner.
if(lto)
    target_compile_options(zirconia-lto INTERFACE -flto -ffat-lto-objects)
    target_link_options(zirconia-lto-linked INTERFACE -flto=auto)
    target_link_options(zirconia-lto-ignored INTERFACE -fno-lto)
endif()

# A file that asks for what POSIX has would get no more of these systems' headers.
if(APPLE)
    add_compile_definitions(_DARWIN_C_SOURCE)
elseif(CMAKE_SYSTEM_NAME STREQUAL "FreeBSD")
    add_compile_definitions(__BSD_VISIBLE=1 __XSI_VISIBLE=700)
endif()

if(ZIRCONIA_PORTABLE)
    add_compile_definitions(ZIRCONIA_PORTABLE)
endif()

# Invariants that are looked at while the library runs (src/platform/check.h), and who holds which
# lock (lock_order.h and lock_report.h): in debug, sanitizer and fuzz builds unless said otherwise.
if(ZIRCONIA_CHECKS STREQUAL "AUTO")
    set(checks OFF)
    if(ZIRCONIA_SANITIZE OR ZIRCONIA_BUILD_FUZZERS OR CMAKE_BUILD_TYPE STREQUAL "Debug")
        set(checks ON)
    endif()
else()
    set(checks "${ZIRCONIA_CHECKS}")
endif()
if(checks)
    add_compile_definitions(ZIRCONIA_CHECKS)
    if(NOT WIN32)
        add_compile_definitions(ZIRCONIA_RECORD_LOCKS)
    endif()
endif()
