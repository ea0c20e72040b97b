# SPDX-License-Identifier: MIT
#
# The test `consumer`: installs the build into a prefix of its own, then configures, builds and
# runs tests/consumer against that prefix and nothing else of ours.
#
# cmake -DBUILD= -DCONFIG= -DSOURCE= -DGENERATOR= -DCOMPILER= -DUNICORN_ROOT=
#     -P check_consumer.cmake

cmake_minimum_required(VERSION 3.22)

set(work "${BUILD}/consumer")
set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${work}")

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        string(JOIN " " command ${ARGV})
        message(FATAL_ERROR "failed (${result}): ${command}")
    endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${prefix}")

file(GLOB_RECURSE pc_file "${prefix}/*/zirconia.pc")
if(NOT pc_file)
    message(FATAL_ERROR "zirconia.pc was not installed")
endif()
get_filename_component(pc_dir "${pc_file}" DIRECTORY)
set(ENV{PKG_CONFIG_PATH} "${pc_dir}")

run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${work}/build" -G "${GENERATOR}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_C_COMPILER=${COMPILER}"
    "-DCMAKE_BUILD_TYPE=${CONFIG}" "-DZIRCONIA_UNICORN_ROOT=${UNICORN_ROOT}")
run("${CMAKE_COMMAND}" --build "${work}/build" --config "${CONFIG}")
run("${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" -C "${CONFIG}" --verbose)
