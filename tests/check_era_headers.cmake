# SPDX-License-Identifier: MIT
#
# The test `era_headers`: a public header that differs from era to era knows the era when it is the
# only one that a file includes, and asks for it by < and >=, so that a new era gets what the one before
# it has.
#
# cmake -DCOMPILER= -DSOURCE= -DSCRATCH= -P check_era_headers.cmake

cmake_minimum_required(VERSION 3.22)

file(GLOB_RECURSE headers RELATIVE "${SOURCE}/include" "${SOURCE}/include/*.h")
set(checked 0)
foreach(header IN LISTS headers)
    file(STRINGS "${SOURCE}/include/${header}" uses REGEX "^#.*ZIRCONIA_(ABI|ERA)")
    if(NOT uses OR header MATCHES "syscalls/(era_|refused_calls)")
        continue()
    endif()
    if(uses MATCHES "ZIRCONIA_ERA (==|!=|<=|>) ")
        message(SEND_ERROR "include/${header} asks for one era: a new one would get nothing")
    endif()
    file(WRITE "${SCRATCH}/era_header.c" "#include <${header}>\nthe era ZIRCONIA_ERA\n")
    execute_process(COMMAND "${COMPILER}" -E -P -DZIRCONIA_ABI=201811 "-I${SOURCE}/include"
        "${SCRATCH}/era_header.c" OUTPUT_VARIABLE text RESULT_VARIABLE result)
    if(NOT result EQUAL 0 OR NOT text MATCHES "the era 201812")
        message(SEND_ERROR "include/${header} does not know the era: it includes no zircon/syscalls/era.h")
    endif()
    math(EXPR checked "${checked} + 1")
endforeach()
if(checked LESS 10)
    message(SEND_ERROR "only ${checked} headers differ from era to era")
endif()
