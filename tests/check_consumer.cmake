# SPDX-License-Identifier: MIT
#
# The tests `consumer_installed`, `consumer_static` and `consumer_subdirectory`: clients outside of the tree
# (tests/consumer), built and run in the way that MODE says.
#
# installed      the build is installed into a prefix of its own, and a client configured against that
#                and nothing else of ours
# static         by `pkg-config --static` alone, with no CMake, from a prefix that has no shared library
# subdirectory   with the whole source as a subdirectory
#
# cmake -DMODE= -DBUILD= -DCONFIG= -DSOURCE= -DPROJECT= -DGENERATOR= -DC_COMPILER= -DCXX_COMPILER=
#     -DUNICORN_ROOT= -P check_consumer.cmake

cmake_minimum_required(VERSION 3.22)

set(work "${BUILD}/consumer_${MODE}")
set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${work}")

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        string(JOIN " " command ${ARGV})
        message(FATAL_ERROR "failed (${result}): ${command}")
    endif()
endfunction()

function(install_build)
    run("${CMAKE_COMMAND}" --install "${BUILD}" --config "${CONFIG}" --prefix "${prefix}")
    file(GLOB_RECURSE pc_file "${prefix}/*/zirconia.pc")
    file(GLOB licences "${prefix}/share/doc/zirconia/LICENSE" "${prefix}/share/doc/zirconia/copyright")
    list(LENGTH licences count)
    if(NOT pc_file OR NOT count EQUAL 2)
        message(FATAL_ERROR "zirconia.pc or a licence was not installed")
    endif()
    get_filename_component(pc_dir "${pc_file}" DIRECTORY)
    set(ENV{PKG_CONFIG_PATH} "${pc_dir}")
endfunction()

# build_with CMAKE-OPTION...
function(build_with)
    run("${CMAKE_COMMAND}" -S "${SOURCE}" -B "${work}/build" -G "${GENERATOR}"
        "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
        "-DCMAKE_BUILD_TYPE=${CONFIG}" ${ARGV})
    run("${CMAKE_COMMAND}" --build "${work}/build" --config "${CONFIG}" --parallel 2)
    run("${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" -C "${CONFIG}" --verbose)
endfunction()

# Without a shared library -lzirconia is the static one.
function(build_static)
    file(GLOB_RECURSE shared "${prefix}/*/libzirconia.so*")
    file(REMOVE ${shared})
    find_program(pkg_config NAMES pkg-config pkgconf REQUIRED)
    execute_process(COMMAND "${pkg_config}" --static --cflags --libs zirconia
        OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    foreach(source consumer.c consumer.cc)
        set(compiler "${C_COMPILER}")
        if(source MATCHES "cc$")
            set(compiler "${CXX_COMPILER}" -std=c++17)
        endif()
        run(${compiler} "${SOURCE}/${source}" ${flags} -o "${work}/${source}.out")
        run("${work}/${source}.out")
    endforeach()
endfunction()

if(MODE STREQUAL "installed")
    install_build()
    build_with("-DCMAKE_PREFIX_PATH=${prefix}")
elseif(MODE STREQUAL "static")
    install_build()
    build_static()
elseif(MODE STREQUAL "subdirectory")
    build_with("-DZIRCONIA_SUBDIRECTORY=${PROJECT}" "-DZIRCONIA_UNICORN_ROOT=${UNICORN_ROOT}")
else()
    message(FATAL_ERROR "MODE is installed, static or subdirectory")
endif()
