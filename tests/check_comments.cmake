# SPDX-License-Identifier: MIT
#
# The test `comments`: a comment stands alone. None goes on in that of the next field, nor in that of
# the next line of code, and none begins with a reference to another one or with a word that goes on
# from something else. And every file that a comment names is there.
#
# cmake -DSOURCE= -P check_comments.cmake

cmake_minimum_required(VERSION 3.22)

set(over_two_fields "[;,{] +// [^\n]*,\n[^\n/;]*[;,] *// [^\n]*")
set(unended "[;,{:0-9)] +// [^\n]*([,;]| (the|a|of|to|from|and|or|for|is|that|which|with|by|as|in))")
set(over_two_lines "${unended}\n[^\n/]*[;,:0-9)] +// [a-z][^\n]*")
set(of_another "// (The same|As above|As below)[ .,:][^\n]*")
set(connectives "(Of|Or|Nor|So|And|But|Those|That|These|They|Also|Else|Otherwise|Others)")
set(goes_on "([;,:{}0-9)] +|\n[^\n/]*\n *)// ${connectives} [^\n]*")
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
    if(text MATCHES "${goes_on}")
        message(SEND_ERROR "${file}: a comment goes on from something else: ${CMAKE_MATCH_0}")
    endif()
endforeach()

# --- Files that comments name ---

file(GLOB_RECURSE named RELATIVE "${SOURCE}" "${SOURCE}/include/*.h" "${SOURCE}/src/*.[ch]"
    "${SOURCE}/src/*.inc" "${SOURCE}/tests/*.[ch]" "${SOURCE}/tests/*.inc" "${SOURCE}/tests/*.asm"
    "${SOURCE}/fuzz/*.[ch]" "${SOURCE}/fuzz/*.inc" "${SOURCE}/bench/*.[ch]"
    "${SOURCE}/bench/*.asm" "${SOURCE}/bench/*.inc" "${SOURCE}/examples/*.c" "${SOURCE}/examples/*.asm")
list(JOIN named "\n/" all)
set(all "\n/${all}\n")
foreach(file IN LISTS named)
    file(READ "${SOURCE}/${file}" text)
    string(REGEX REPLACE "<[^>\n]*>" "" text "${text}")
    string(REGEX REPLACE "[][\\]" " " text "${text}")
    string(REPLACE ";" "@" text "${text}")
    string(REGEX MATCHALL "(//|@) [^\n]*" comments "${text}")
    list(JOIN comments " " comments)
    string(REGEX MATCHALL "[a-z0-9_/]+\\.(c|h|inc|asm)[^a-z0-9_*/(]" names "${comments} ")
    foreach(name IN LISTS names)
        string(REGEX REPLACE ".$" "" name "${name}")
        string(FIND "${all}" "/${name}\n" found)
        if(found EQUAL -1)
            message(SEND_ERROR "${file}: a comment names ${name}, which is not there")
        endif()
    endforeach()
endforeach()

list(LENGTH files count)
if(count LESS 400)
    message(FATAL_ERROR "${count} files: the others are missing")
endif()
