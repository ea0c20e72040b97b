# SPDX-License-Identifier: MIT
#
# The test `comments`: a comment stands alone. None goes on in that of the next field, nor in that of
# the next line of code, and none begins with a reference to another one.
#
# cmake -DSOURCE= -P check_comments.cmake

cmake_minimum_required(VERSION 3.22)

set(over_two_fields "[;,{] +// [^\n]*,\n[^\n/;]*[;,] *// [^\n]*")
set(unended "[;,{:0-9)] +// [^\n]*([,;]| (the|a|of|to|from|and|or|for|is|that|which|with|by|as|in))")
set(over_two_lines "${unended}\n[^\n/]*[;,:0-9)] +// [a-z][^\n]*")
set(of_another "// (The same|As above|As below)[ .,:][^\n]*")
file(GLOB_RECURSE files RELATIVE "${SOURCE}" "${SOURCE}/include/*.h" "${SOURCE}/src/*.[ch]"
    "${SOURCE}/tests/*.[ch]" "${SOURCE}/fuzz/*.[ch]" "${SOURCE}/bench/*.[ch]"
    "${SOURCE}/examples/*.[ch]")
foreach(file IN LISTS files)
    file(READ "${SOURCE}/${file}" text)
    string(REPLACE "\\" "" text "${text}")
    string(REPLACE "[" "(" text "${text}")
    string(REPLACE "]" ")" text "${text}")
    if(text MATCHES "${over_two_fields}")
        message(SEND_ERROR "${file}: a comment runs over two fields: ${CMAKE_MATCH_0}")
    endif()
    if(text MATCHES "${over_two_lines}")
        message(SEND_ERROR "${file}: a comment runs over two lines of code: ${CMAKE_MATCH_0}")
    endif()
    if(text MATCHES "\n *${of_another}")
        message(SEND_ERROR "${file}: a comment does not stand alone: ${CMAKE_MATCH_0}")
    endif()
endforeach()

list(LENGTH files count)
if(count LESS 400)
    message(FATAL_ERROR "${count} files: the others are missing")
endif()
