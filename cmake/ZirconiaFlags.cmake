# SPDX-License-Identifier: MIT
#
# Compiler flags of our own targets. Warnings are an interface library that each target links
# privately, so nothing of them reaches a client. Sanitizers apply to the whole tree.

add_library(zirconia-warnings INTERFACE)

if(CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(zirconia-warnings INTERFACE
        -Wall -Wextra -Wconversion -Wshadow
        $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
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

# Who holds which lock, for the watchdogs of tests: src/platform/lock_report.h.
if(NOT WIN32 AND (ZIRCONIA_SANITIZE OR CMAKE_BUILD_TYPE STREQUAL "Debug"))
    add_compile_definitions(ZIRCONIA_RECORD_LOCKS)
endif()
