# SPDX-License-Identifier: MIT
#
# The test `checks`: the library has code for failed checks in builds with checks, and in no others.
#
# cmake -DNM= -DLIBRARY= -DCHECKS= -P check_checks.cmake

cmake_minimum_required(VERSION 3.22)

execute_process(COMMAND "${NM}" "${LIBRARY}" OUTPUT_VARIABLE listing RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT listing MATCHES "zx_vcpu_enter")
    message(FATAL_ERROR "${NM} cannot read ${LIBRARY}")
endif()
if(CHECKS AND NOT listing MATCHES "U _?check_failed")
    message(FATAL_ERROR "nothing is checked")
endif()
if(NOT CHECKS AND listing MATCHES "check_failed|lock_order_")
    message(FATAL_ERROR "checks are left in a build without them")
endif()
