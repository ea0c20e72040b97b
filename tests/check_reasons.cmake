# SPDX-License-Identifier: MIT
#
# The test `reasons`: each time that a call fails in these tests the log names the one cause, as
# objects/refusal.h says, and so it does for each call and status of the table of calls
# (src/syscalls/calls.inc). Where none of these tests shows it, or the log has but the conditions of
# the table, behind "perhaps", the call and its status are in UNSAID, a list that only shrinks. That
# memory is short is no condition of a call.
#
# cmake -DTESTS= -DUNSAID= -DSOURCE= -DCOMPILER= -P check_reasons.cmake

cmake_minimum_required(VERSION 3.22)

set(pairs "") # "call STATUS", with : behind it where the log has a reason, and ? where it guesses.
foreach(test IN LISTS TESTS)
    execute_process(COMMAND "${CMAKE_COMMAND}" -E env ZIRCONIA_LOG=debug "${test}"
        OUTPUT_QUIET ERROR_VARIABLE log RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(SEND_ERROR "${test} failed")
    endif()
    string(REGEX REPLACE "[][;\\]" " " log "${log}")
    string(REGEX MATCHALL "zirconia: [a-z0-9_]+\\([^\n]*\\) = ZX_ERR_[A-Z_]+:?[^\n]*" lines "${log}")
    list(TRANSFORM lines REPLACE ": (in 2022 )?perhaps .*$" "?")
    list(TRANSFORM lines REPLACE
        "^zirconia: ([a-z0-9_]+)\\(.*\\) = ZX_ERR_([A-Z_]+)([:?]?).*$" "\\1 \\2\\3")
    list(REMOVE_DUPLICATES lines)
    list(APPEND pairs ${lines})
endforeach()
list(REMOVE_DUPLICATES pairs)

include("${SOURCE}/cmake/call_errors.cmake")
set(table "")
foreach(call IN LISTS table_calls)
    string(REGEX REPLACE "^zirconia_[0-9]+_" "zx_" name "${call}")
    foreach(error IN LISTS "errors_${call}")
        if(error MATCHES "^ZX_ERR_([A-Z_]+)\\|" AND NOT CMAKE_MATCH_1 STREQUAL "NO_MEMORY")
            list(APPEND table "${name} ${CMAKE_MATCH_1}")
        endif()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES table)

file(STRINGS "${UNSAID}" unsaid REGEX "^[^#]")
set(count 0)
foreach(pair IN LISTS pairs)
    string(REGEX REPLACE "[:?]$" "" bare "${pair}")
    if(NOT pair MATCHES "[:?]$")
        message(SEND_ERROR "the log gives no reason: ${bare}")
    elseif(pair MATCHES "\\?$" AND NOT bare IN_LIST unsaid)
        message(SEND_ERROR "the log does not name the one cause: ${bare}")
    endif()
    math(EXPR count "${count} + 1")
endforeach()
foreach(bare IN LISTS table)
    if(NOT "${bare}:" IN_LIST pairs AND NOT bare IN_LIST unsaid)
        message(SEND_ERROR "no test shows the one cause in the log: ${bare}")
    endif()
endforeach()
foreach(bare IN LISTS unsaid)
    if("${bare}:" IN_LIST pairs AND NOT "${bare}?" IN_LIST pairs)
        message(SEND_ERROR "${UNSAID}: the log names the one cause by now: ${bare}")
    endif()
endforeach()
list(LENGTH unsaid unsaid_count)
message(STATUS "${count} pairs of a call and a status; the one cause is not shown of ${unsaid_count}")
if(count LESS 150)
    message(SEND_ERROR "only ${count} pairs of a call and a status were seen")
endif()
