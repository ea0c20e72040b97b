# SPDX-License-Identifier: MIT
#
# The test `rooms`: every #include keeps to the table of rooms in docs/design.md. In its column "may
# use", `name/` is a room that stands below in the table, `name.h` a single header; Unicorn, Capstone
# and "the host" are their headers. C's own headers and the public ones are everybody's.
#
# cmake -DSOURCE= -P check_rooms.cmake

cmake_minimum_required(VERSION 3.22)

set(c_headers assert ctype errno float inttypes limits math setjmp signal stdalign stdarg stdatomic
    stdbool stddef stdint stdio stdlib stdnoreturn string threads time)
list(TRANSFORM c_headers APPEND ".h")

# rooms: the folders; uses_<folder>: what it may use.
file(STRINGS "${SOURCE}/docs/design.md" rows REGEX "^\\| `(src|include)/[a-z0-9_/]+/` \\|")
foreach(row IN LISTS rows)
    string(REGEX MATCH "^\\| `(src|include)/([a-z0-9_/]+)/` \\|[^|]*\\|([^|]*)\\|" found "${row}")
    set(folder "${CMAKE_MATCH_1}/${CMAKE_MATCH_2}")
    set(text "${CMAKE_MATCH_3}")
    list(APPEND rooms "${folder}")
    string(REGEX MATCHALL "`[a-z0-9_./]+`" uses "${text}")
    list(TRANSFORM uses REPLACE "`" "")
    foreach(word Unicorn Capstone "the host")
        if(text MATCHES "${word}")
            list(APPEND uses "${word}")
        endif()
    endforeach()
    set("uses_${folder}" "${uses}")
endforeach()

# The room of a file, by the longest of the folders that it lies in.
function(find_room path out)
    set(best "")
    foreach(room IN LISTS rooms)
        string(LENGTH "${room}" length)
        string(LENGTH "${best}" best_length)
        string(FIND "${path}" "${room}/" at)
        if(at EQUAL 0 AND length GREATER best_length)
            set(best "${room}")
        endif()
    endforeach()
    set(${out} "${best}" PARENT_SCOPE)
endfunction()

# Calls go down: no room uses one that stands above it.
set(seen "")
foreach(room IN LISTS rooms)
    foreach(use IN LISTS "uses_${room}")
        string(REGEX REPLACE "/$" "" used "${use}")
        if("src/${used}" IN_LIST seen)
            message(SEND_ERROR "docs/design.md: ${room} may use ${used}, which stands above it")
        elseif(use MATCHES "/$" AND NOT "src/${used}" IN_LIST rooms
               AND NOT "include/${used}" IN_LIST rooms)
            message(SEND_ERROR "docs/design.md: ${room} may use ${used}, which is no room")
        endif()
    endforeach()
    list(APPEND seen "${room}")
endforeach()

# What an include asks for, in the table's words; empty when it is everybody's or the room's own.
function(find_need room header system out)
    set(need "")
    if(NOT system)
        find_room("src/${header}" target)
        string(REGEX REPLACE "^src/(.*)$" "\\1/" need "${target}")
        if(target STREQUAL room OR NOT header MATCHES "/" OR header IN_LIST "uses_${room}")
            set(need "")
        endif()
    elseif(header MATCHES "^(zircon|zirconia)/")
        string(REGEX MATCH "^[a-z]+/" folder "${header}")
        if(room MATCHES "^include/" AND NOT "include/${folder}" STREQUAL "${room}/"
           AND NOT header IN_LIST "uses_${room}")
            set(need "${folder}")
        endif()
    elseif(header MATCHES "^unicorn/")
        set(need Unicorn)
    elseif(header MATCHES "^capstone/")
        set(need Capstone)
    elseif(NOT header IN_LIST c_headers)
        set(need "the host")
    endif()
    set(${out} "${need}" PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files RELATIVE "${SOURCE}" "${SOURCE}/src/*.[ch]" "${SOURCE}/include/*.h")
set(count 0)
foreach(file IN LISTS files)
    find_room("${file}" room)
    if(NOT room)
        message(SEND_ERROR "${file} lies in no room of docs/design.md")
    endif()
    file(STRINGS "${SOURCE}/${file}" lines REGEX "^ *# *include +[<\"]")
    foreach(line IN LISTS lines)
        string(REGEX MATCH "([<\"])([^>\"]+)" found "${line}")
        set(header "${CMAKE_MATCH_2}")
        set(system FALSE)
        if(CMAKE_MATCH_1 STREQUAL "<")
            set(system TRUE)
        endif()
        math(EXPR count "${count} + 1")
        find_need("${room}" "${header}" ${system} need)
        if(need AND NOT need IN_LIST "uses_${room}")
            message(SEND_ERROR "${file} includes ${header}: ${room} may not use ${need}")
        endif()
    endforeach()
endforeach()

list(LENGTH rooms room_count)
if(room_count LESS 10 OR count LESS 500)
    message(FATAL_ERROR "${room_count} rooms and ${count} includes: the table or files are missing")
endif()
