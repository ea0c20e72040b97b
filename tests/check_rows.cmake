# SPDX-License-Identifier: MIT
#
# The test `rows`: every call of the table (src/syscalls/calls.inc) has a comment in a public header,
# in the form that the target `generate` puts its errors into, which says whether the call blocks; and
# every exported call that has a status or takes a handle is in the table.
#
# cmake -DCOMPILER= -DSOURCE= -P check_rows.cmake

cmake_minimum_required(VERSION 3.22)

include("${SOURCE}/cmake/call_comments.cmake")
include("${SOURCE}/cmake/call_errors.cmake")

list(LENGTH table_calls count)
if(count LESS 70)
    message(SEND_ERROR "only ${count} calls were found in the table")
endif()
foreach(name IN LISTS table_calls)
    if(NOT name IN_LIST documented)
        message(SEND_ERROR "${name} has no comment in a public header")
    elseif(errors_${name} AND NOT "${comment_${name}}" MATCHES "\n Errors:\n")
        message(SEND_ERROR "the comment of ${name} has no list of errors: build the target `generate`")
    endif()
    string(REGEX MATCH "Blocks(\\.| for )" says_blocks "${comment_${name}}")
    if(blocks_${name} STREQUAL "BLOCKS" AND NOT says_blocks)
        message(SEND_ERROR "the comment of ${name} does not say that it blocks")
    elseif(says_blocks AND NOT blocks_${name} STREQUAL "BLOCKS")
        message(SEND_ERROR "the comment of ${name} says that it blocks, its row does not")
    endif()
    if(NOT section_${name} MATCHES "^((hypervisor|objects) ABI [0-9.]+)?$")
        message(SEND_ERROR "${name}: not a section: ${section_${name}}")
    endif()
    foreach(error IN LISTS "errors_${name}")
        if(error MATCHES "\\|" AND NOT error MATCHES "(\\||: |, )(for|when|unless|on) ")
            message(SEND_ERROR "${name}: a condition does not begin with for or when: ${error}")
        endif()
    endforeach()
endforeach()

# These have a status and no row: they neither take a lock nor look a handle up, or are made of calls
# that have one.
set(pure zirconia_gdb_create zirconia_gdb_enter zirconia_mmio_complete zx_cache_flush)
foreach(name IN LISTS documented)
    if(NOT name IN_LIST table_calls AND NOT name IN_LIST pure AND
       (prototype_${name} MATCHES "^zx_status_t " OR
        prototype_${name} MATCHES "[(,] ?zx_handle_t [a-z]"))
        message(SEND_ERROR "${name} has a status or takes a handle, and is not in the table")
    endif()
endforeach()
