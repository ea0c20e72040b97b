# SPDX-License-Identifier: MIT
#
# The test `refused_families`: the table of calls that are not modelled in docs/abi-notes.md names
# each REFUSED row of src/syscalls/calls.inc, by its name or a pattern with *, and no other call,
# unless it says "but" before it.
#
# cmake -DCOMPILER= -DSOURCE= -P check_refused.cmake

cmake_minimum_required(VERSION 3.22)

include("${SOURCE}/cmake/call_errors.cmake")
file(READ "${SOURCE}/include/zircon/syscalls/refused_calls.h" text)
string(REPLACE ";" " " text "${text}")
string(REGEX MATCHALL "zx_[a-z0-9_]+\\(" refused "${text}")
list(TRANSFORM refused REPLACE "\\($" "")
list(REMOVE_DUPLICATES refused)
list(LENGTH refused count)

file(READ "${SOURCE}/docs/abi-notes.md" text)
string(REPLACE ";" " " text "${text}")
if(count LESS 80 OR NOT text MATCHES "\n\\| Family \\| Calls \\|\n[^\n]*\n((\\| [^\n]*\n)+)")
    message(FATAL_ERROR "${count} refused calls, or no table of families")
endif()
set(table "${CMAKE_MATCH_1}")
string(REGEX MATCHALL "but `zx_[a-z0-9_]+`" but "${table}")
list(TRANSFORM but REPLACE "but `(.*)`" "\\1")
string(REGEX REPLACE "but `zx_[a-z0-9_]+`" "" table "${table}")
string(REGEX MATCHALL "`zx_[a-z0-9_*]+`" patterns "${table}")
list(TRANSFORM patterns REPLACE "`" "")

set(left "${refused}")
foreach(pattern IN LISTS patterns)
    string(REPLACE "*" "[a-z0-9_]*" expression "${pattern}")
    set(meant "${refused}")
    list(FILTER meant INCLUDE REGEX "^${expression}$")
    if(NOT meant)
        message(SEND_ERROR "docs/abi-notes.md: no refused call is ${pattern}")
    endif()
    list(REMOVE_ITEM left "" ${meant})
    set(modelled "${table_calls}")
    list(FILTER modelled INCLUDE REGEX "^${expression}$")
    list(REMOVE_ITEM modelled "" ${but})
    if(modelled)
        message(SEND_ERROR "docs/abi-notes.md: ${pattern} is not refused: ${modelled}")
    endif()
endforeach()
if(left)
    message(SEND_ERROR "docs/abi-notes.md, \"What is not modelled\", does not have: ${left}")
endif()
