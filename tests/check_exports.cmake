# SPDX-License-Identifier: MIT
#
# The test `exports`: the shared library shows its clients the interface's names and nothing else.
#
# cmake -DNM= -DLIBRARY= -P check_exports.cmake

cmake_minimum_required(VERSION 3.22)

execute_process(
    COMMAND "${NM}" --dynamic --defined-only --format=posix "${LIBRARY}"
    OUTPUT_VARIABLE listing RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${NM} cannot read ${LIBRARY}")
endif()

string(REGEX REPLACE "\n$" "" listing "${listing}")
string(REPLACE "\n" ";" lines "${listing}")
list(TRANSFORM lines REPLACE " .*" "" OUTPUT_VARIABLE names)
if(NOT "zx_vcpu_enter" IN_LIST names)
    message(FATAL_ERROR "zx_vcpu_enter is not exported")
endif()
list(FILTER names EXCLUDE REGEX "^(zx|zirconia)_")
if(names)
    message(FATAL_ERROR "private names are exported: ${names}")
endif()
