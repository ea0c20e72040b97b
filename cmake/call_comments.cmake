# SPDX-License-Identifier: MIT
#
# What the public headers say of each call: comment_<call>, with its lines as they stand, and
# prototype_<call>, header_<call>. Declarations without a comment between them have one comment.
# Semicolons are @ in all three, and brackets, which CMake would take for those of a list, are the
# control characters ${opening} and ${closing}. Included with SOURCE set.
string(ASCII 1 opening)
string(ASCII 2 closing)

set(documented "")
foreach(header zircon/syscalls.h zircon/syscalls/memory_calls.h zircon/syscalls/task_calls.h
        zirconia/coverage.h zirconia/debug.h zirconia/decode.h zirconia/gdb.h zirconia/observe.h
        zirconia/snapshot.h
        zirconia/virtual_time.h zirconia/zirconia.h)
    file(READ "${SOURCE}/include/${header}" text)
    string(REPLACE ";" "@" text "${text}")
    string(REPLACE "[" "${opening}" text "${text}")
    string(REPLACE "]" "${closing}" text "${text}")
    string(REPLACE "\n" ";" lines "${text}")
    set(comment "")
    set(after_comment OFF)
    set(name "")
    foreach(line IN LISTS lines)
        if(line MATCHES "^//(.*)")
            if(after_comment)
                set(comment "")
                set(after_comment OFF)
            endif()
            string(APPEND comment "${CMAKE_MATCH_1}\n")
            continue()
        endif()
        set(after_comment ON)
        if(line MATCHES "^ZIRCONIA_EXPORT (.*[ *](zx_[a-z0-9_]+|zirconia_[a-z][a-z0-9_]+)\\(.*)")
            set(name "${CMAKE_MATCH_2}")
            set(line "${CMAKE_MATCH_1}")
            list(APPEND documented "${name}")
            set("comment_${name}" "${comment}")
            set("header_${name}" "${header}")
            set("prototype_${name}" "")
        endif()
        if(name)
            string(STRIP "${line}" line)
            string(APPEND "prototype_${name}" "${line} ")
            if(line MATCHES "@$")
                set(name "")
            endif()
        endif()
    endforeach()
endforeach()
list(REMOVE_DUPLICATES documented)
