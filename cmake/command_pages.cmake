# SPDX-License-Identifier: MIT
#
# The manual pages of the tool and of each of its commands, section 1, made of the tables that the tool
# itself reads and of what docs/man/ says beside them: zirconia.man, and <command>.man with the sections
# EXAMPLES, DESCRIPTION and OPTIONS. In the last, what stands before the first option is for all, and a
# comment with the name of an option begins what its help does not say.
#
# cmake -DSOURCE= -DOUT= -DVERSION= -P command_pages.cmake

cmake_minimum_required(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/cli_tables.cmake")

# Text of a table as text for man.
function(escape text out)
    string(REPLACE "-" "\\-" text "${text}")
    string(REPLACE "${opening}" "[" text "${text}")
    string(REPLACE "${closing}" "]" text "${text}")
    string(REPLACE "${semicolon}" ";" text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

# A sentence of a text without a beginning and an end.
function(sentence text out)
    escape("${text}" text)
    string(SUBSTRING "${text}" 0 1 first)
    string(SUBSTRING "${text}" 1 -1 rest)
    string(TOUPPER "${first}" first)
    set(${out} "${first}${rest}.\n" PARENT_SCOPE)
endfunction()

# What a person replaces, in capital letters, is in italics.
function(describe words out)
    string(REGEX REPLACE "([A-Z]+)" "\\\\fI\\1\\\\fR" words "${words}")
    escape("${words}" words)
    string(REPLACE "\\\\-" "\\-" words "${words}")
    set(${out} "\\fR${words}" PARENT_SCOPE)
endfunction()

# A section of a fragment, or what lies in a text between two others; empty when there is none.
function(cut text from to out)
    string(FIND "${text}" "${from}" begin)
    set(${out} "" PARENT_SCOPE)
    if(NOT begin EQUAL -1)
        string(LENGTH "${from}" length)
        math(EXPR behind "${begin} + ${length}")
        string(SUBSTRING "${text}" ${behind} -1 rest)
        string(FIND "${rest}" "${to}" end)
        string(SUBSTRING "${rest}" 0 ${end} rest)
        set(${out} "${rest}" PARENT_SCOPE)
    endif()
endfunction()

function(read_fragment name)
    file(READ "${SOURCE}/docs/man/${name}.man" text)
    foreach(title EXAMPLES DESCRIPTION OPTIONS "EXIT STATUS" ENVIRONMENT)
        cut("${text}" ".SH ${title}\n" ".SH " section)
        string(REPLACE " " "_" title "${title}")
        set("${title}" "${section}" PARENT_SCOPE)
    endforeach()
endfunction()

function(synopsis command out)
    escape("${command}" name)
    describe("${words_${command}}" words)
    set(${out} ".B zirconia ${name} ${words}\n" PARENT_SCOPE)
endfunction()

function(list_options command fragment out)
    cut("\n${fragment}" "\n" ".\\\" --" page)
    set(known "")
    foreach(option IN LISTS options_${command})
        escape("${option}" name)
        set(short "${short_${command}_${option}}")
        set(argument "${argument_${command}_${option}}")
        set(line "${name}")
        if(NOT argument STREQUAL "NULL")
            describe("${argument}" argument)
            string(APPEND line " ${argument}")
        endif()
        if(NOT short STREQUAL "NULL")
            escape("${short}" short)
            string(APPEND line "\\fR, \\fB${short}")
        endif()
        sentence("${help_${command}_${option}}" help)
        cut("${fragment}" ".\\\" ${option}\n" ".\\\" --" more)
        string(APPEND page ".TP\n.B ${line}\n${help}${more}")
        string(APPEND known "${option}\n")
    endforeach()
    string(REGEX MATCHALL "\\.\\\\\" --[a-z-]+\n" told "${fragment}")
    foreach(name IN LISTS told)
        string(SUBSTRING "${name}" 4 -1 name)
        if(NOT "\n${known}" MATCHES "\n${name}")
            message(FATAL_ERROR "docs/man/${command}.man tells of ${name}, which the command does not have")
        endif()
    endforeach()
    set(${out} "${page}" PARENT_SCOPE)
endfunction()

function(list_codes command out)
    set(list "")
    foreach(code IN LISTS codes_${command})
        sentence("${when_${command}_${code}}" when)
        string(APPEND list ".TP\n.B ${code}\n${when}")
    endforeach()
    set(${out} "${list}" PARENT_SCOPE)
endfunction()

function(begin_page title name what out)
    string(TOUPPER "${title}" title)
    escape("${name}" name)
    escape("${what}" what)
    set(${out} ".\\\" SPDX-License-Identifier: MIT\n.TH ${title} 1 \"\" \"Zirconia ${VERSION}\"\n\
.SH NAME\n${name} \\- ${what}\n.SH SYNOPSIS\n" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${OUT}")
set(synopses "")
set(list "")
set(first_examples "")
foreach(command IN LISTS commands)
    read_fragment("${command}")
    begin_page("zirconia-${command}" "zirconia-${command}" "${what_${command}}" page)
    synopsis("${command}" synopsis)
    string(APPEND page "${synopsis}.SH EXAMPLES\n${EXAMPLES}.SH DESCRIPTION\n${DESCRIPTION}")
    if(options_${command} AND NOT command STREQUAL "lesson")
        list_options("${command}" "${OPTIONS}" options)
        string(APPEND page ".SH OPTIONS\n${options}")
    endif()
    list_codes("${command}" codes)
    string(APPEND page ".SH EXIT STATUS\n${codes}.SH SEE ALSO\n.BR zirconia (1),\nwhich has the environment\n")
    file(WRITE "${OUT}/zirconia-${command}.1" "${page}")

    escape("${command}" name)
    sentence("${what_${command}}" what)
    cut("${EXAMPLES}" ".TP\n" ".TP\n" example)
    string(APPEND synopses "${synopsis}.br\n")
    string(APPEND list ".TP\n.BR zirconia\\-${name} (1)\n${what}")
    string(APPEND first_examples ".TP\n${example}")
endforeach()

read_fragment(zirconia)
begin_page(zirconia zirconia
    "run x86-64 guests on Zircon's hypervisor interface, without hardware virtualization" page)
string(APPEND page "${synopses}.B zirconia help \\fR[\\fICOMMAND\\fR]\n.br\n\
.B zirconia \\-\\-version \\fR| \\fB\\-V \\fR| \\fB\\-\\-help \\fR| \\fB\\-h\n\
.SH EXAMPLES\n${first_examples}\
.SH DESCRIPTION\nEach command has a page of its own:\n${list}.PP\n${DESCRIPTION}\
.SH EXIT STATUS\n${EXIT_STATUS}.SH ENVIRONMENT\n${ENVIRONMENT}")
file(WRITE "${OUT}/zirconia.1" "${page}")
