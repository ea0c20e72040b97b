# SPDX-License-Identifier: MIT
#
# The tests `template_*`: a template is built as a user does, outside of the tree and against an
# installed Zirconia. Its seeds pass, and the fault that it has for an example is found: in an input
# that meets it, and, where clang and its libFuzzer are there, by looking for one. AFL++, where it is
# there, sees what inputs do.
#
# cmake -DTEMPLATE= -DFAULT=<text> -DREPORT=<expected message> -DBUILD= -DCONFIG= -DGENERATOR=
#     -DC_COMPILER= -P check_template.cmake

cmake_minimum_required(VERSION 3.22)

set(work "${BUILD}/template_${TEMPLATE}")
set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")

# expect(RESULT MESSAGE COMMAND...) runs a command that returns 0, or with RESULT FAILURE does not,
# and prints the message.
function(expect result_wanted message)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${work}" RESULT_VARIABLE result
        OUTPUT_VARIABLE output ERROR_VARIABLE output)
    set(wanted "^0$")
    if(result_wanted STREQUAL "FAILURE")
        set(wanted "^[^0]")
    endif()
    if(NOT result MATCHES "${wanted}" OR NOT output MATCHES "${message}")
        string(JOIN " " command ${ARGN})
        message(FATAL_ERROR "${command}: ${result}, or not the output that was expected:\n${output}")
    endif()
endfunction()

# build(COMPILER FOLDER OPTION...)
function(build compiler folder)
    expect(SUCCESS "" "${CMAKE_COMMAND}" -S "${work}/${TEMPLATE}" -B "${folder}" -G "${GENERATOR}"
        "-DCMAKE_C_COMPILER=${compiler}" "-DCMAKE_PREFIX_PATH=${prefix}" ${ARGN}
        "-DCMAKE_C_FLAGS=-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror")
    expect(SUCCESS "" "${CMAKE_COMMAND}" --build "${folder}" --config "${CONFIG}")
endfunction()

# The seed makes it the same search each time, whatever the machine does meanwhile. It begins with
# nothing, so it needs coverage.
function(look_for_fault folder)
    file(MAKE_DIRECTORY "${folder}/corpus")
    expect(FAILURE "${REPORT}" "${folder}/${TEMPLATE}_fuzzer" -seed=1 -entropic=0 -runs=2000000
        "-artifact_prefix=${folder}/" "${folder}/corpus")
    file(GLOB found "${folder}/crash-*")
    expect(FAILURE "${REPORT}" "${folder}/${TEMPLATE}_replay" ${found})
endfunction()

# AFL++ sees other coverage of a seed than of a file that is none.
function(compare_maps folder seed)
    file(WRITE "${work}/no_seed" "x")
    foreach(input "${seed}" "${work}/no_seed")
        expect(SUCCESS "" "${showmap}" -q -t 60000 -o "${work}/map" --
            "${folder}/${TEMPLATE}_fuzzer" "${input}")
        file(READ "${work}/map" map)
        if(map STREQUAL "${other}")
            message(FATAL_ERROR "AFL++ sees nothing of what inputs do:\n${map}")
        endif()
        set(other "${map}")
    endforeach()
endfunction()

expect(SUCCESS "" "${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}"
    --prefix "${prefix}")
file(COPY "${prefix}/share/zirconia/fuzz/${TEMPLATE}" DESTINATION "${work}")
file(GLOB seeds "${work}/${TEMPLATE}/seeds/*")
file(WRITE "${work}/fault" "${FAULT}")

build("${C_COMPILER}" "${work}/build")
expect(SUCCESS "[a-z]+: [0-9]+ bytes" "${work}/build/${TEMPLATE}_replay" ${seeds})
expect(FAILURE "${REPORT}" "${work}/build/${TEMPLATE}_replay" "${work}/fault")

# clang may be there without its run-time libraries.
find_program(clang clang)
set(no_fuzzer 1)
if(clang)
    file(WRITE "${work}/empty.c" "int LLVMFuzzerTestOneInput(void) { return 0; }\n")
    execute_process(COMMAND "${clang}" -fsanitize=address,fuzzer "${work}/empty.c" -o
        "${work}/empty" RESULT_VARIABLE no_fuzzer OUTPUT_QUIET ERROR_QUIET)
endif()
if(no_fuzzer EQUAL 0)
    build("${clang}" "${work}/build-clang")
    look_for_fault("${work}/build-clang")
    if(TEMPLATE STREQUAL "guest") # By the library's counters, without those of the compiler.
        build("${clang}" "${work}/build-covered" -DGUEST_HAS_COUNTERS=OFF)
        look_for_fault("${work}/build-covered")
    endif()
else()
    message(STATUS "No clang with libFuzzer: the fault was not looked for")
endif()

find_program(afl afl-clang-fast)
find_program(showmap afl-showmap)
if(afl AND showmap)
    set(ENV{AFL_QUIET} 1)
    list(GET seeds 0 seed)
    build("${afl}" "${work}/build-afl")
    compare_maps("${work}/build-afl" "${seed}")
else()
    message(STATUS "No AFL++: the template was not built for it")
endif()
