# SPDX-License-Identifier: MIT
#
# The test `man_pages`: every call of the table has a manual page with its prototype and errors, and
# groff, where it is found, has nothing to say of any page.
#
# cmake -DCOMPILER= -DSOURCE= -DGROFF= -DOUT= -DVERSION= -P check_man_pages.cmake

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${SOURCE}" "-DOUT=${OUT}" "-DVERSION=${VERSION}"
    -P "${SOURCE}/cmake/man_pages.cmake" RESULT_VARIABLE result)
execute_process(COMMAND "${COMPILER}" -E -P -x c "-I${SOURCE}/src" "${SOURCE}/tests/errors.inc"
    OUTPUT_VARIABLE text)
string(REGEX MATCHALL "CALL_ERRORS [a-z0-9_]+ \\([A-Z_, ]*\\)" rows "${text}")
list(LENGTH rows count)
if(NOT result EQUAL 0 OR count LESS 60)
    message(FATAL_ERROR "no manual pages, or only ${count} calls")
endif()
foreach(row IN LISTS rows)
    string(REGEX MATCH "^CALL_ERRORS ([a-z0-9_]+) \\(([A-Z_, ]*)\\)" row "${row}")
    set(name "${CMAKE_MATCH_1}")
    set(errors "${CMAKE_MATCH_2}")
    if(NOT EXISTS "${OUT}/${name}.2")
        message(SEND_ERROR "${name} has no manual page")
        continue()
    endif()
    file(READ "${OUT}/${name}.2" page)
    if(NOT page MATCHES "\nzx_status_t ${name}\\([^\n]*\\);\n" OR
       (errors AND NOT page MATCHES "\n.SH ERRORS\n"))
        message(SEND_ERROR "the page of ${name} lacks its prototype or its errors")
    endif()
endforeach()
if(GROFF)
    file(GLOB pages "${OUT}/*.2")
    foreach(page IN LISTS pages)
        execute_process(COMMAND "${GROFF}" -man -ww -z -Tascii "${page}"
            ERROR_VARIABLE said RESULT_VARIABLE result)
        if(said OR NOT result EQUAL 0)
            message(SEND_ERROR "${page}: ${said}")
        endif()
    endforeach()
endif()
