# SPDX-License-Identifier: MIT
#
# What says again what a table of the sources says, made from it: of src/objects/era.inc the order of
# the eras, the choice of one by its month, and the tables in docs/abi-notes.md; of
# src/syscalls/calls.inc public headers, and the lists of errors in the comments of others. The target
# `generate` writes them; the test `generated` compares.
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

# Puts `part` in place of what begins with `first` in the text, up to `last`.
function(replace_part text first last part out)
    string(FIND "${text}" "${first}" from)
    if(from EQUAL -1)
        message(FATAL_ERROR "there is no part that begins with: ${first}")
    endif()
    string(SUBSTRING "${text}" 0 ${from} before)
    string(SUBSTRING "${text}" ${from} -1 after)
    string(FIND "${after}" "${last}" to)
    string(SUBSTRING "${after}" ${to} -1 after)
    set(${out} "${before}${part}${after}" PARENT_SCOPE)
endfunction()

# --- The order of the eras ---

include("${CMAKE_CURRENT_LIST_DIR}/eras.cmake")

# A macro of several lines.
function(append_macro head items)
    set(text "#define ${head}")
    foreach(item IN LISTS items)
        string(APPEND text " \\\n    ${item}")
    endforeach()
    set(macros "${macros}${text}\n" PARENT_SCOPE)
endfunction()

set(macros "")
set(all "")
foreach(era IN LISTS eras)
    if(era STREQUAL default_era)
        list(APPEND all "of(zx_, ${era}, __VA_ARGS__)")
    else()
        list(APPEND all "of(zirconia_${era}_, ${era}, __VA_ARGS__)")
    endif()
endforeach()
string(APPEND macros "// of(prefix, era, ...) for each era; for those from one on; for those before one.\n")
append_macro("ERAS_ALL(one, of, ...)" "${all}")
set(ranges ALL)
set(whens "")
list(LENGTH eras count)
foreach(number RANGE 1 ${count})
    if(number EQUAL count)
        break()
    endif()
    list(GET eras ${number} era)
    list(SUBLIST all ${number} -1 from)
    append_macro("ERAS_FROM_${era}(one, of, ...)" "${from}")
    list(SUBLIST all 0 ${number} before)
    append_macro("ERAS_BEFORE_${era}(one, of, ...)" "${before}")
    list(APPEND ranges FROM_${era} BEFORE_${era})
    if(last_month_${era})
        string(APPEND whens "#define WHEN_FROM_${era} ZIRCONIA_ERA >= ${era}\n"
            "#define WHEN_BEFORE_${era} ZIRCONIA_ERA < ${era}\n")
    endif()
endforeach()
string(APPEND macros "\n// differs(...): the calls of these eras have symbols of their own.\n")
foreach(range IN LISTS ranges)
    string(APPEND macros "#define IF_SAME_${range}(same, differs, ...) differs(__VA_ARGS__)\n")
endforeach()
string(APPEND macros "\n// f(...) for the default era alone, and for all others alone.\n")
foreach(era IN LISTS eras)
    if(era STREQUAL default_era)
        string(APPEND macros "#define IF_NEWEST_${era}(f, ...) f(__VA_ARGS__)\n"
            "#define IF_OLDER_${era}(...)\n")
    else()
        string(APPEND macros "#define IF_NEWEST_${era}(...)\n"
            "#define IF_OLDER_${era}(f, ...) f(__VA_ARGS__)\n")
    endif()
endforeach()
settle("src/objects/era_list.h" "// SPDX-License-Identifier: MIT
//
// The eras in their order, as macros. Made from src/objects/era.inc: change that, and build the
// target `generate`.

// clang-format off

#ifndef OBJECTS_ERA_LIST_H
#define OBJECTS_ERA_LIST_H

${macros}
// When a public header has what is said of such eras.
${whens}
#endif // OBJECTS_ERA_LIST_H
")

# --- The choice of an era by its month ---

set(about "")
set(choice "#ifndef ZIRCONIA_ABI
#ifdef ZIRCONIA_ABI_2018
#define ZIRCONIA_ERA 201812
#define ZIRCONIA_OF_ERA(name) zirconia_2018_##name
#else
#define ZIRCONIA_ERA ${default_era}
#endif
#elif ZIRCONIA_ABI < 201805 || ZIRCONIA_ABI > ${last_month_${default_era}}
#error \"ZIRCONIA_ABI is a year and a month, from 201805 on\"
")
foreach(era IN LISTS dated_eras)
    set(last "${last_month_${era}}")
    if(era STREQUAL default_era)
        string(APPEND choice "#else\n#define ZIRCONIA_ERA ${era}\n#endif")
        flow_comment("//   from ${begin}    " "//                  " "${about_${era}}" lines)
    else()
        string(APPEND choice "#elif ZIRCONIA_ABI <= ${last}\n#define ZIRCONIA_ERA ${era}\n"
            "#define ZIRCONIA_OF_ERA(name) zirconia_${era}_##name\n")
        flow_comment("//   up to ${last}   " "//                  " "${about_${era}}" lines)
        math(EXPR begin "${last} + 1")
    endif()
    string(APPEND about "${lines}")
endforeach()
file(READ "${SOURCE}/include/zircon/syscalls/era.h" text)
replace_part("${text}" "//   up to " "//\n// ZIRCONIA_ABI_2018" "${about}" text)
replace_part("${text}" "#ifndef ZIRCONIA_ABI\n" "\n\n" "${choice}" text)
settle("include/zircon/syscalls/era.h" "${text}")

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

# What an era has of a difference: the value behind the last era that is not behind this one.
function(value_in era values out)
    string(REPLACE ", " ";" values "${values}")
    list(POP_FRONT values value)
    list(FIND eras ${era} number)
    while(values)
        list(POP_FRONT values from next)
        list(FIND eras ${from} first)
        if(first EQUAL -1)
            message(FATAL_ERROR "src/objects/era.inc: there is no era ${from}")
        elseif(first LESS_EQUAL number)
            set(value "${next}")
        endif()
    endwhile()
    set(${out} "${value}" PARENT_SCOPE)
endfunction()

preprocess("objects/era_table.md.in" text)
string(REGEX MATCHALL "ROW\\([^)]*\\)" rows "${text}")
list(JOIN eras " | " table)
string(REPLACE "| 2018 |" "| `ZIRCONIA_ABI_2018` |" table "| What differs | ${table} |\n|---|")
string(REPEAT "---|" ${count} line)
string(APPEND table "${line}")
foreach(row IN LISTS rows)
    string(REGEX MATCH "^ROW\\(\"(.*)\", \"(.*)\"\\)$" row "${row}")
    set(what "${CMAKE_MATCH_1}")
    set(values "${CMAKE_MATCH_2}")
    string(APPEND table "\n| ${what} |")
    foreach(era IN LISTS eras)
        value_in(${era} "${values}" value)
        string(REGEX REPLACE "^ZX_RIGHT_" "" value "${value}")
        string(REGEX REPLACE "^(.*[A-Z]+.*|0x.*)$" "`\\1`" value "${value}")
        string(REGEX REPLACE "^true$" "yes" value "${value}")
        string(REGEX REPLACE "^false$" "no" value "${value}")
        string(APPEND table " ${value} |")
    endforeach()
endforeach()
set(choices "| `ZIRCONIA_ABI` | means | What it is |\n|---|---|---|")
set(months "201805 to")
foreach(era IN LISTS dated_eras)
    if(era STREQUAL default_era)
        set(months "from ${begin} on, or nothing")
    else()
        string(APPEND months " ${last_month_${era}}")
        math(EXPR begin "${last_month_${era}} + 1")
    endif()
    string(REGEX REPLACE "(zx_[a-z_]+\\(\\))" "`\\1`" what "${about_${era}}")
    string(APPEND choices "\n| ${months} | ${era} | ${what} |")
    set(months "to")
endforeach()
file(READ "${SOURCE}/docs/abi-notes.md" notes)
replace_part("${notes}" "| `ZIRCONIA_ABI` | means |" "\n\n" "${choices}" notes)
replace_part("${notes}" "| What differs |" "\n\n" "${table}" notes)
settle("docs/abi-notes.md" "${notes}")
