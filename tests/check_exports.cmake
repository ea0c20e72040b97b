# SPDX-License-Identifier: MIT
#
# The test `exports`: the shared library shows its clients the interface's names and nothing else,
# and each of them is in exports.inc, which says whether it goes through the door.
#
# cmake -DNM= -DLIBRARY= -DCOMPILER= -DINCLUDE= -DCALLS= -P check_exports.cmake

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

execute_process(COMMAND "${COMPILER}" -E -P -x c "-I${INCLUDE}" "${CALLS}"
    OUTPUT_VARIABLE text RESULT_VARIABLE result)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${CALLS} cannot be preprocessed")
endif()
string(REGEX MATCHALL "(CLIENT|ENTERS|PURE|REFUSED_CALL)\\([a-z0-9_]+" listed "${text}")
list(TRANSFORM listed REPLACE "^[A-Z_]+\\(" "")
list(TRANSFORM lines REPLACE " .*" "" OUTPUT_VARIABLE unlisted)
set(gone "${listed}")
list(REMOVE_ITEM gone ${unlisted})
list(REMOVE_ITEM unlisted ${listed})
if(unlisted OR gone)
    message(FATAL_ERROR "exported, but not in exports.inc: ${unlisted}; listed, but not exported: ${gone}")
endif()
