# SPDX-License-Identifier: MIT
#
# The test `fuzz_makes_every_call`: each name that the library exports is one that the objects of
# the fuzz targets refer to, unless it is in LEFT_OUT, and nothing in LEFT_OUT is made all the same.
#
# cmake -DNM= -DLIBRARY= -DOBJECTS= -DLEFT_OUT= -P check_calls.cmake

cmake_minimum_required(VERSION 3.22)

# names(VARIABLE option... file...) sets VARIABLE to the library's names that nm tells.
function(names variable)
    execute_process(
        COMMAND "${NM}" --format=posix ${ARGN}
        OUTPUT_VARIABLE listing RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${NM} cannot read ${ARGN}")
    endif()
    string(REPLACE "\n" ";" lines "${listing}")
    list(TRANSFORM lines REPLACE " .*" "")
    list(FILTER lines INCLUDE REGEX "^(zx|zirconia)_")
    list(REMOVE_DUPLICATES lines)
    set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

names(exported --dynamic --defined-only "${LIBRARY}")
names(made --undefined-only ${OBJECTS})
if(NOT "zx_vcpu_enter" IN_LIST exported)
    message(FATAL_ERROR "zx_vcpu_enter is not exported")
endif()

set(missing "${exported}")
list(REMOVE_ITEM missing ${made} ${LEFT_OUT})
if(missing)
    message(FATAL_ERROR "no fuzz target makes: ${missing}")
endif()
foreach(name ${LEFT_OUT})
    if(name IN_LIST made)
        message(FATAL_ERROR "a fuzz target makes ${name}, which is to be left out")
    endif()
endforeach()
