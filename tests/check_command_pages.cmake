# SPDX-License-Identifier: MIT
#
# The test `command_pages`: each command of the tool has a manual page, with the options and the exit
# codes that its help names, in that order, and groff, where it is found, has nothing to say of any
# page.
#
# cmake -DTOOL= -DSOURCE= -DGROFF= -DOUT= -DVERSION= -P check_command_pages.cmake

cmake_minimum_required(VERSION 3.22)

function(run out)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE said RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${ARGN}: ${result}")
    endif()
    set(${out} "${said}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${OUT}")
run(said "${CMAKE_COMMAND}" "-DSOURCE=${SOURCE}" "-DOUT=${OUT}" "-DVERSION=${VERSION}"
    -P "${SOURCE}/cmake/command_pages.cmake")
run(help "${TOOL}" --help)
string(REGEX MATCHALL "(Usage:|\n      ) zirconia [a-z][a-z-]*" usages "${help}")
foreach(usage IN LISTS usages)
    string(REGEX REPLACE ".* " "" command "${usage}")
    if(command STREQUAL "help")
        continue()
    endif()
    if(NOT EXISTS "${OUT}/zirconia-${command}.1")
        message(SEND_ERROR "zirconia ${command} has no manual page")
        continue()
    endif()
    file(READ "${OUT}/zirconia-${command}.1" page)
    string(REPLACE "\\-" "-" page "${page}")
    foreach(heading NAME SYNOPSIS EXAMPLES DESCRIPTION "EXIT STATUS")
        if(NOT page MATCHES "\n.SH ${heading}\n[^\n]*zirconia|\n.SH ${heading}\n.TP\n")
            message(SEND_ERROR "the page of ${command} has no ${heading}")
        endif()
    endforeach()
    run(help "${TOOL}" help "${command}")
    string(REGEX MATCHALL "\n  --[a-z-]+" in_help "${help}")
    string(REGEX MATCHALL "\n.TP\n.B --[a-z-]+" in_page "${page}")
    string(REGEX REPLACE "[^a-z;-]" "" in_help "${in_help}")
    string(REGEX REPLACE "[^a-z;-]" "" in_page "${in_page}")
    if(NOT in_help STREQUAL in_page)
        message(SEND_ERROR "${command}: the help has ${in_help}, the page has ${in_page}")
    endif()
    string(REGEX MATCHALL "\n  [0-9]+ " in_help "${help}")
    string(REGEX MATCHALL "\n.TP\n.B [0-9]+\n" in_page "${page}")
    string(REGEX REPLACE "[^0-9;]" "" in_help "${in_help}")
    string(REGEX REPLACE "[^0-9;]" "" in_page "${in_page}")
    if(NOT in_help STREQUAL in_page OR NOT "125" IN_LIST in_help)
        message(SEND_ERROR "${command} ends with ${in_help}, says the help; ${in_page}, says the page")
    endif()
endforeach()

file(GLOB pages "${OUT}/*.1")
foreach(page IN LISTS pages)
    if(GROFF)
        execute_process(COMMAND "${GROFF}" -man -ww -z -Tascii "${page}" ERROR_VARIABLE said
            RESULT_VARIABLE result)
        if(said OR NOT result EQUAL 0)
            message(SEND_ERROR "${page}: ${said}")
        endif()
    endif()
endforeach()
