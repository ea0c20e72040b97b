# SPDX-License-Identifier: MIT
#
# What says again what a table of the sources says, made from it by the C preprocessor: public
# headers, and the lists of errors in the comments of others (src/syscalls/calls.inc), and the table
# of the eras in docs/abi-notes.md (src/objects/era.inc). The target `generate` writes them; the test
# `generated` compares.
#
# cmake -DCOMPILER= -DSOURCE= [-DCHECK=ON] -P generate.cmake

cmake_minimum_required(VERSION 3.22)

# Puts the text into a file, or finds out whether it is there.
function(settle file wanted)
    set(found "")
    if(EXISTS "${SOURCE}/${file}")
        file(READ "${SOURCE}/${file}" found)
    endif()
    if(found STREQUAL wanted)
        return()
    elseif(CHECK)
        message(SEND_ERROR "${file} is not what its table says: build the target `generate`")
    else()
        file(WRITE "${SOURCE}/${file}" "${wanted}")
        message(STATUS "wrote ${file}")
    endif()
endfunction()

function(preprocess template out)
    execute_process(COMMAND "${COMPILER}" -E -P -x c "-I${SOURCE}/src" "${SOURCE}/src/${template}"
        OUTPUT_VARIABLE text RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${template} cannot be preprocessed")
    endif()
    string(REPLACE "\n" " " text "${text}")
    string(REGEX REPLACE " +" " " text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# --- Headers ---

set(about_era_names "// The usual names of the calls that differ from era to era, in a file that chose an era
// (zircon/syscalls/era.h).")
set(about_era_calls "// The calls of the eras, by the names of their symbols. A file calls its own era by the usual
// names. Only one that mixes eras needs these.")
set(about_refused_calls "// Calls on objects that this library does not model: see zircon/syscalls/refused.h.")

foreach(name era_names era_calls refused_calls)
    preprocess("syscalls/${name}.h.in" text)
    # A declaration ends with @, and only there a line; @define, @if and @endif become directives.
    string(REGEX REPLACE "@define ([a-z0-9_]+ [A-Z_]+\\([a-z0-9_]+\\)) ?@" "#define \\1\n" text "${text}")
    string(REGEX REPLACE "@(if [A-Z_]+ [<>=]+ [0-9]+|endif) ?@" "#\\1\n" text "${text}")
    string(REPLACE "@" "\n" text "${text}")
    string(REGEX REPLACE "\n +" "\n" text "${text}")
    string(STRIP "${text}" text)
    string(REPLACE " *" " *" text "${text}")
    string(TOUPPER "ZIRCON_SYSCALLS_${name}_H_" guard)
    set(wanted "// SPDX-License-Identifier: MIT
//
${about_${name}}
// Made from src/syscalls/calls.inc: change that, and build the target `generate`.

// clang-format off

#ifndef ${guard}
#define ${guard}

${text}

#endif // ${guard}
")
    settle("include/zircon/syscalls/${name}.h" "${wanted}")
endforeach()

# --- The lists of errors in the public headers ---

include("${CMAKE_CURRENT_LIST_DIR}/call_errors.cmake")
string(ASCII 1 opening)
string(ASCII 2 closing)
string(ASCII 3 backslash)

# Lines of a comment: what comes first in the first, then words, with `indent` before further lines.
function(flow_comment first indent words out)
    string(LENGTH "${indent}" margin)
    set(line "${first}")
    set(lines "")
    string(REPLACE " " ";" words "${words}")
    foreach(word IN LISTS words)
        string(LENGTH "${line} ${word}" length)
        if(length GREATER 100)
            string(APPEND lines "${line}\n")
            set(line "${indent}${word}")
        elseif(line MATCHES " $")
            string(APPEND line "${word}")
        else()
            string(APPEND line " ${word}")
        endif()
    endforeach()
    set(${out} "${lines}${line}\n" PARENT_SCOPE)
endfunction()

# The list of errors of a call as a part of its comment; empty where there are none.
function(list_errors call out)
    set(width 0)
    foreach(error IN LISTS "errors_${call}")
        string(REGEX REPLACE "\\|.*" "" status "${error}")
        string(LENGTH "${status}" length)
        if(error MATCHES "\\|" AND length GREATER width)
            set(width "${length}")
        endif()
    endforeach()
    math(EXPR width "${width} + 2")
    string(REPEAT " " ${width} blanks)
    set(text "")
    foreach(error IN LISTS "errors_${call}")
        if(error MATCHES "^([A-Z_]+)\\|(.*)$")
            string(SUBSTRING "${CMAKE_MATCH_1}${blanks}" 0 ${width} status)
            flow_comment("//   ${status}" "//   ${blanks}" "${CMAKE_MATCH_2}" lines)
        else()
            flow_comment("//   " "//   " "${error}" lines)
        endif()
        string(APPEND text "${lines}")
    endforeach()
    if(text)
        set(text "// Errors:\n${text}")
    endif()
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# The comment of a call with the list of the table in place of its own, before what other eras do.
function(correct_comment call comment out)
    set(eras "")
    if(comment MATCHES "(\n// 2018(07)?: .*)$")
        string(FIND "${comment}" "\n// 2018:" at)
        if(at EQUAL -1)
            string(FIND "${comment}" "\n// 201807:" at)
        endif()
        math(EXPR at "${at} + 1")
        string(SUBSTRING "${comment}" ${at} -1 eras)
        string(SUBSTRING "${comment}" 0 ${at} comment)
    endif()
    string(REGEX REPLACE "(^|\n)// Errors.*$" "\\1" comment "${comment}")
    list_errors(${call} errors)
    set(${out} "${comment}${errors}${eras}" PARENT_SCOPE)
endfunction()

foreach(header zircon/syscalls zircon/syscalls/memory_calls zircon/syscalls/task_calls
        zirconia/coverage zirconia/debug zirconia/decode zirconia/observe zirconia/snapshot
        zirconia/virtual_time zirconia/zirconia)
    file(READ "${SOURCE}/include/${header}.h" text)
    string(REPLACE ";" "@" text "${text}")
    string(REPLACE "[" "${opening}" text "${text}")
    string(REPLACE "]" "${closing}" text "${text}")
    string(REPLACE "\\" "${backslash}" text "${text}")
    string(REGEX REPLACE "\n$" "" text "${text}")
    string(REPLACE "\n" ";" lines "${text}")
    set(wanted "")
    set(comment "")
    set(between "") # A comment and its call: a condition of the preprocessor.
    foreach(line IN LISTS lines)
        if(line MATCHES "^//" AND NOT between)
            string(APPEND comment "${line}\n")
        elseif(line MATCHES "^#if" AND comment)
            string(APPEND between "${line}\n")
        else()
            set(call "")
            if(line MATCHES "^ZIRCONIA_EXPORT .*[ *]((zx|zirconia)_[a-z0-9_]+)\\(")
                set(call "${CMAKE_MATCH_1}")
            endif()
            # The form of July 2018 is another call, which is told in words.
            if(comment AND call IN_LIST table_calls AND NOT between MATCHES "ifdef .*_ALONE")
                correct_comment(${call} "${comment}" comment)
            endif()
            string(APPEND wanted "${comment}${between}")
            set(comment "")
            set(between "")
            if(line MATCHES "^//")
                set(comment "${line}\n")
            else()
                string(APPEND wanted "${line}\n")
            endif()
        endif()
    endforeach()
    string(REPLACE "@" ";" wanted "${wanted}${comment}${between}")
    string(REPLACE "${opening}" "[" wanted "${wanted}")
    string(REPLACE "${closing}" "]" wanted "${wanted}")
    string(REPLACE "${backslash}" "\\" wanted "${wanted}")
    settle("include/${header}.h" "${wanted}")
endforeach()

# --- The table of the eras ---

preprocess("objects/era_table.md.in" text)
string(REGEX MATCHALL "ROW\\([^)]*\\)" rows "${text}")
set(table "| What differs | 201807 | `ZIRCONIA_ABI_2018` | 201812 | 202104 | 202209 |\n|---|---|---|---|---|---|\n")
foreach(row IN LISTS rows)
    string(REGEX REPLACE "^ROW\\(\"(.*)\"\\)$" "\\1" row "${row}")
    string(REGEX REPLACE "\", *\"" " | " row "${row}")
    string(REPLACE " | ZX_RIGHT_" " | " row "${row}")
    string(REPLACE " | true" " | yes" row "${row}")
    string(REPLACE " | false" " | no" row "${row}")
    string(REGEX REPLACE "([A-Z]+_[A-Z_]+|READ|WRITE|INSPECT|PACKET_[0-9]+|RESET_[0-9]+|0x[0-9a-f]+)( \\||$)" "`\\1`\\2" row "${row}")
    string(APPEND table "| ${row} |\n")
endforeach()
file(READ "${SOURCE}/docs/abi-notes.md" notes)
string(FIND "${notes}" "| What differs |" from)
string(SUBSTRING "${notes}" 0 ${from} before)
string(SUBSTRING "${notes}" ${from} -1 after)
string(FIND "${after}" "\n\n" to)
string(SUBSTRING "${after}" ${to} -1 after)
string(REGEX REPLACE "\n$" "" table "${table}")
settle("docs/abi-notes.md" "${before}${table}${after}")
