# SPDX-License-Identifier: MIT
#
# The tests `exact_*`: in virtual time the tool says the same of a guest, byte for byte, on every host.
# The digest of what it said when this was written is in exact.txt, a line `digest name guest
# options...`. `MAKE` prints the lines anew, for a change that is meant.
#
# cmake -DTOOL= -DGUESTS= -DLIST= [-DNAME= | -DMAKE=ON] -P check_exact.cmake

cmake_minimum_required(VERSION 3.22)

file(STRINGS "${LIST}" lines REGEX "^[0-9a-f]")
foreach(line IN LISTS lines)
    separate_arguments(words UNIX_COMMAND "${line}")
    list(POP_FRONT words expected name guest)
    if(NOT MAKE AND NOT name STREQUAL NAME)
        continue()
    endif()
    execute_process(COMMAND ${TOOL} run "${GUESTS}/${guest}" --virtual-time ${words}
        OUTPUT_VARIABLE output ERROR_VARIABLE errors RESULT_VARIABLE result)
    # The path of the image is the build's.
    string(REPLACE "${GUESTS}" "" said "${result}\n${output}\n${errors}")
    string(REPLACE "\r\n" "\n" said "${said}")
    string(SHA256 digest "${said}")
    string(LENGTH "${said}" length)
    if(MAKE)
        string(REGEX REPLACE "^[0-9a-f]+" "${digest}" line "${line}")
        message("${line}")
    elseif(length LESS 200)
        message(FATAL_ERROR "it said little: ${said}")
    elseif(NOT digest STREQUAL expected)
        message(FATAL_ERROR "${digest} instead of ${expected}:\n${said}")
    endif()
endforeach()
