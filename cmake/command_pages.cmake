# SPDX-License-Identifier: MIT
#
# The manual page of each command of the tool, section 1, made of what zirconia.1 says of it.
#
# cmake -DSOURCE= -DOUT= -P command_pages.cmake

cmake_minimum_required(VERSION 3.22)

# What each command does, in the words that apropos(1) looks at.
set(phrase_run "run a guest on Zircon's hypervisor interface")
set(phrase_stat "count the VM exits of a guest while it runs")
set(phrase_disasm "print the instructions of a guest's image")
set(phrase_fuzz-repro "tell what an input did in a fuzz target")
set(phrase_step "go through a guest instruction by instruction and exit by exit")
set(phrase_lesson "learn what a guest, the kernel and a VMM do")
set(phrase_linux "boot a Linux kernel with this terminal as its console")
set(phrase_zircon "boot a Zircon boot image with this terminal as its console")
set(commands run stat disasm fuzz-repro step lesson linux zircon)

# The titles of the sections with the options; a lesson has none.
set(options_run "OPTIONS OF RUN")
set(options_stat "OPTIONS OF STAT")
set(options_disasm "OPTIONS OF DISASM")
set(options_fuzz-repro "OPTIONS OF FUZZ-REPRO")
set(options_step "OPTIONS OF STEP")
set(options_linux "OPTIONS OF LINUX AND ZIRCON")
set(options_zircon "OPTIONS OF LINUX AND ZIRCON")

file(READ "${SOURCE}/docs/zirconia.1" whole)
string(APPEND whole "\n.SH ")

# From the first place of one text up to the next place of another, which may be the end.
function(cut text from to out)
    string(FIND "${text}" "${from}" begin)
    if(begin EQUAL -1)
        set(${out} "" PARENT_SCOPE)
        return()
    endif()
    string(LENGTH "${from}" length)
    math(EXPR behind "${begin} + ${length}")
    string(SUBSTRING "${text}" ${behind} -1 rest)
    string(FIND "${rest}" "${to}" end)
    string(SUBSTRING "${rest}" 0 ${end} rest)
    set(${out} "${from}${rest}" PARENT_SCOPE)
endfunction()

function(section title out)
    cut("${whole}" "\n.SH ${title}\n" "\n.SH " text)
    string(REPLACE "\n.SH ${title}\n" "" text "${text}")
    set(${out} "${text}\n" PARENT_SCOPE)
endfunction()

# The examples that begin with the command.
function(examples_of name out)
    section(EXAMPLES rest)
    set(examples "")
    while(TRUE)
        cut("${rest}" ".TP\n.B zirconia ${name} " "\n.TP\n" example)
        if(example STREQUAL "")
            break()
        endif()
        string(STRIP "${example}" example)
        string(REPLACE "${example}" "" rest "${rest}")
        string(APPEND examples "${example}\n")
    endwhile()
    set(${out} "${examples}" PARENT_SCOPE)
endfunction()

# Without those that only the other command of a common section has.
function(options_of command out)
    section("${options_${command}}" options)
    if(command STREQUAL "zircon")
        string(REGEX REPLACE "\\.TP\n\\.BI [^\n]*\n([^.\n][^\n]*\n|\\.BR [^\n]*\n)*\\.RB \\( linux\nalone\\.\\)\n" ""
            options "${options}")
    endif()
    string(REPLACE ".RB ( linux\nalone.)\n" "" options "${options}")
    string(REGEX REPLACE "\n\\.BR run ([.;])" "\n.BR zirconia\\\\-run (1)\\1" options "${options}")
    set(${out} "${options}" PARENT_SCOPE)
endfunction()

section(SYNOPSIS synopses)
section(DESCRIPTION descriptions)
section("EXIT STATUS" status)
foreach(command IN LISTS commands)
    string(REPLACE "-" "\\-" name "${command}")
    string(TOUPPER "${command}" title)
    cut("${synopses}" ".B zirconia ${name}\n" "\n.br\n" synopsis)
    examples_of("${name}" examples)
    cut("${descriptions}" ".B zirconia ${name}\n" "\n.PP\n.B zirconia " description)
    set(page ".\\\" SPDX-License-Identifier: MIT\n.TH ZIRCONIA-${title} 1\n.SH NAME\n")
    string(APPEND page "zirconia\\-${name} \\- ${phrase_${command}}\n.SH SYNOPSIS\n${synopsis}\n")
    if(examples)
        string(APPEND page ".SH EXAMPLES\n${examples}")
    endif()
    string(APPEND page ".SH DESCRIPTION\n${description}\n")
    if(DEFINED "options_${command}")
        options_of("${command}" options)
        string(APPEND page ".SH OPTIONS\n${options}")
    endif()
    string(APPEND page ".SH EXIT STATUS\n${status}.SH SEE ALSO\n.BR zirconia (1),\nwhich has the environment\n")
    file(WRITE "${OUT}/zirconia-${command}.1" "${page}")
endforeach()
