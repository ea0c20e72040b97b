# SPDX-License-Identifier: MIT
#
# The test `man_pages`: every call of the table has a manual page with its prototype and errors, and
# groff, where it is found, has nothing to say of any page.
#
# cmake -DCOMPILER= -DSOURCE= -DGROFF= -DOUT= -DVERSION= -P check_man_pages.cmake

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${COMPILER}" "-DSOURCE=${SOURCE}" "-DOUT=${OUT}" "-DVERSION=${VERSION}"
    -P "${SOURCE}/cmake/man_pages.cmake" RESULT_VARIABLE result)
include("${SOURCE}/cmake/call_errors.cmake")
if(NOT result EQUAL 0)
    message(FATAL_ERROR "no manual pages")
endif()
foreach(name IN LISTS table_calls)
    if(NOT EXISTS "${OUT}/${name}.2")
        message(SEND_ERROR "${name} has no manual page")
        continue()
    endif()
    file(READ "${OUT}/${name}.2" page)
    string(REGEX REPLACE "^.* " "" section "${section_${name}}")
    if(section AND NOT page MATCHES "\n.SH SPECIFICATION\n[^\n]* section ${section}\n")
        message(SEND_ERROR "the page of ${name} lacks its section of the specification")
    endif()
    if(NOT page MATCHES "\nzx_status_t ${name}\\([^\n]*\\);\n")
        message(SEND_ERROR "the page of ${name} lacks its prototype")
    endif()
    foreach(error IN LISTS "errors_${name}")
        string(REGEX REPLACE "\\|.*" "" what "${error}")
        if(NOT page MATCHES "\n.SH ERRORS\n")
            message(SEND_ERROR "the page of ${name} has no errors")
        endif()
        string(FIND "${page}" "\n.TP\n.B ${what}\n" status)
        string(FIND "${page}" "\n.TP\n.I ${what}\n" handle)
        if(status EQUAL -1 AND handle EQUAL -1)
            message(SEND_ERROR "the page of ${name} lacks ${what}")
        endif()
    endforeach()
endforeach()

# The line that apropos(1) looks at is a phrase.
file(GLOB pages "${OUT}/*.2")
foreach(page IN LISTS pages)
    file(STRINGS "${page}" lines REGEX "^z[a-z0-9_]+ .- ")
    string(LENGTH "${lines}" length)
    if(NOT lines MATCHES "^z[a-z0-9_]+ .- [a-z][^.@]*$" OR length GREATER 95)
        message(SEND_ERROR "${page}: not a phrase: ${lines}")
    endif()
endforeach()
if(GROFF)
    foreach(page IN LISTS pages)
        execute_process(COMMAND "${GROFF}" -man -ww -z -Tascii "${page}"
            ERROR_VARIABLE said RESULT_VARIABLE result)
        if(said OR NOT result EQUAL 0)
            message(SEND_ERROR "${page}: ${said}")
        endif()
    endforeach()
endif()
