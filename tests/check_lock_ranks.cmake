# SPDX-License-Identifier: MIT
#
# The test `lock_ranks`: docs/design.md and src/platform/lock_rank.h have the same table of locks.
#
# cmake -DSOURCE= -P check_lock_ranks.cmake

cmake_minimum_required(VERSION 3.22)

file(READ "${SOURCE}/src/platform/lock_rank.h" header)
string(REGEX MATCHALL "X\\(LOCK_[A-Z_]+, [0-9]+, \"[^\"]+\"\\)" entries "${header}")
list(TRANSFORM entries
    REPLACE "^X\\(LOCK_[A-Z_]+, ([0-9]+), \"(.*)\"\\)$" "\\1 \\2" OUTPUT_VARIABLE in_code)

file(STRINGS "${SOURCE}/docs/design.md" rows REGEX "^\\| [0-9]+ \\|")
list(TRANSFORM rows REPLACE "^\\| ([0-9]+) \\| ([^|]*) \\|.*" "\\1 \\2" OUTPUT_VARIABLE in_document)
list(TRANSFORM in_document REPLACE "`" "")

if(NOT in_code)
    message(FATAL_ERROR "no ranks found in src/platform/lock_rank.h")
endif()
foreach(row IN LISTS in_document)
    if(NOT row IN_LIST in_code)
        message(SEND_ERROR "docs/design.md: rank ${row} is not in src/platform/lock_rank.h")
    endif()
endforeach()
foreach(row IN LISTS in_code)
    if(NOT row IN_LIST in_document)
        message(SEND_ERROR "src/platform/lock_rank.h: rank ${row} is not in docs/design.md")
    endif()
endforeach()
