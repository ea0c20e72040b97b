# SPDX-License-Identifier: MIT
#
# The test `errors`: the errors of each call in the table (src/syscalls/calls.inc) are those of its
# comment in the public header, in the same order: from "Errors:" on, to what an older era does.
#
# cmake -DCOMPILER= -DSOURCE= -P check_errors.cmake

cmake_minimum_required(VERSION 3.22)

include("${SOURCE}/cmake/call_comments.cmake")

execute_process(COMMAND "${COMPILER}" -E -P -x c "-I${SOURCE}/src" "${SOURCE}/tests/errors.inc"
    OUTPUT_VARIABLE text RESULT_VARIABLE result)
string(REGEX MATCHALL "CALL_ERRORS [a-z0-9_]+ \\([A-Z_, ]*\\)" rows "${text}")
set(compared 0)
foreach(row IN LISTS rows)
    string(REGEX MATCH "^CALL_ERRORS ([a-z0-9_]+) \\(([A-Z_, ]*)\\)" row "${row}")
    set(name "${CMAKE_MATCH_1}")
    string(REPLACE ", " ";" in_table "${CMAKE_MATCH_2}")
    if(NOT DEFINED "comment_${name}")
        message(SEND_ERROR "${name} has no comment in a public header")
        continue()
    endif()
    set(in_header "")
    string(REPLACE "\n" "" comment "${comment_${name}}")
    if(comment MATCHES "Errors: (.*)$")
        string(REGEX REPLACE " 2018[0-9]*: .*" "" told "${CMAKE_MATCH_1}")
        string(REGEX MATCHALL "ZX_ERR_[A-Z_]+" in_header "${told}")
        list(TRANSFORM in_header REPLACE "ZX_ERR_" "")
    endif()
    if(NOT in_table STREQUAL in_header)
        message(SEND_ERROR "${name}\n  the table: ${in_table}\n  the header: ${in_header}")
    endif()
    math(EXPR compared "${compared} + 1")
endforeach()
if(compared LESS 60)
    message(SEND_ERROR "only ${compared} calls were compared")
endif()
