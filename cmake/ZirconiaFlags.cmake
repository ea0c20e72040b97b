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

if(ZIRCONIA_PORTABLE)
    add_compile_definitions(ZIRCONIA_PORTABLE)
endif()

# Invariants that are looked at while the library runs (src/platform/check.h), and who holds which
# lock (lock_order.h and lock_report.h): in debug, sanitizer and fuzz builds unless said otherwise.
if(ZIRCONIA_CHECKS STREQUAL "AUTO")
    set(checks OFF)
    if(ZIRCONIA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug")
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
