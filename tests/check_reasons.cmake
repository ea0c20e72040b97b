# SPDX-License-Identifier: MIT
#
# The test `reasons`: each time that a call fails in these tests the log says why, so the table of
# calls (src/syscalls/calls.inc) has every error that its calls end with.
#
# cmake -DTESTS= -P check_reasons.cmake

cmake_minimum_required(VERSION 3.22)

set(with_reason "")
set(without "")
foreach(test IN LISTS TESTS)
    execute_process(COMMAND "${CMAKE_COMMAND}" -E env ZIRCONIA_LOG=debug "${test}"
        OUTPUT_QUIET ERROR_VARIABLE log RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(SEND_ERROR "${test} failed")
    endif()
    string(REGEX REPLACE "[][;\\]" " " log "${log}")
    string(REGEX MATCHALL "zirconia: [a-z0-9_]+\\([^\n]*\\) = ZX_ERR_[A-Z_]+:?[^\n]*" lines "${log}")
    list(TRANSFORM lines REPLACE
        "^zirconia: ([a-z0-9_]+)\\(.*\\) = ZX_ERR_([A-Z_]+)(:?).*$" "\\1 \\2\\3")
    list(REMOVE_DUPLICATES lines)
    foreach(line IN LISTS lines)
        if(line MATCHES ":$")
            string(REPLACE ":" "" line "${line}")
            list(APPEND with_reason "${line}")
        else()
            list(APPEND without "${line}")
        endif()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES with_reason)
list(REMOVE_DUPLICATES without)
foreach(pair IN LISTS without)
    message(SEND_ERROR "the log gives no reason: ${pair}")
endforeach()
list(LENGTH with_reason count)
message(STATUS "${count} pairs of a call and a status")
if(count LESS 150)
    message(SEND_ERROR "only ${count} pairs of a call and a status were seen")
endif()
