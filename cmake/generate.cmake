# SPDX-License-Identifier: MIT
#
# What says again what a table of the sources says, made from it by the C preprocessor: public headers
# (src/syscalls/calls.inc), and the table of the eras in docs/abi-notes.md (src/objects/era.inc). And
# src/syscalls/reasons.inc, out of the comments of the public headers. The target `generate` writes
# them; the test `generated` compares.
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

# --- Reasons of errors ---

# Of each status that a call's comment has once, what it says of it, up to the next status.
include("${CMAKE_CURRENT_LIST_DIR}/call_comments.cmake")
set(reasons "")
foreach(name IN LISTS documented)
    string(REGEX REPLACE "[ \n]+" " " comment "${comment_${name}}")
    if(NOT comment MATCHES "Errors: (.*)$")
        continue()
    endif()
    string(REGEX REPLACE " 20[0-9]+: .*" "" told "${CMAKE_MATCH_1}")
    string(REGEX MATCHALL "ZX_ERR_[A-Z_]+" errors "${told}")
    set(once "${errors}")
    list(REMOVE_DUPLICATES once)
    foreach(error IN LISTS once)
        string(REGEX MATCHALL "${error}[^A-Z_]" times "${told}")
        list(LENGTH times count)
        if(count EQUAL 1 AND told MATCHES "${error} ((for|when|if|unless) [^@]*)")
            string(REGEX REPLACE "(, and|, then|,| and|\\.) ZX_ERR_.*" "" reason "${CMAKE_MATCH_1}")
            string(REGEX REPLACE "\\. [A-Z].*" "" reason "${reason}")
            string(REGEX REPLACE "[ .]+$" "" reason "${reason}")
            string(REPLACE "${opening}" "[" reason "${reason}")
            string(REPLACE "${closing}" "]" reason "${reason}")
            string(REPLACE "ZX_ERR_" "" short "${error}")
            # Others are no sentence of their own, and memory is short for reasons that no call has.
            if(NOT reason MATCHES "^when (that|it) |^for another object|ZX_ERR_" AND NOT short STREQUAL "NO_MEMORY")
                string(APPEND reasons "REASON(${name}, ${short},\n       \"${reason}\")\n")
            endif()
        endif()
    endforeach()
endforeach()
settle("src/syscalls/reasons.inc" "// SPDX-License-Identifier: MIT
//
// Why a call ends with a status that it has for one reason alone, in the newest era.
// Made from the comments of the public headers: change those, and build the target `generate`.

// clang-format off

${reasons}
// clang-format on
")

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
