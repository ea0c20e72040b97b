# SPDX-License-Identifier: MIT
#
# Chooses the Unicorn to build against: the source directory that the user names, the install
# prefix that the user names, the copy that scripts/setup.sh unpacked, or the system's.
# Leaves Unicorn::unicorn, and ZIRCONIA_UNICORN_IS_PRIVATE when it is not the system's.

set(ZIRCONIA_UNICORN_MINIMUM 2.1)
set(ZIRCONIA_UNICORN_IS_PRIVATE OFF)

if(ZIRCONIA_UNICORN_ROOT AND ZIRCONIA_UNICORN_SOURCE)
    message(FATAL_ERROR "Set ZIRCONIA_UNICORN_ROOT or ZIRCONIA_UNICORN_SOURCE, not both.")
endif()

# Builds Unicorn's x86 part at build time, as a library of its own: a subdirectory would share our
# options, targets and flags.
function(zirconia_build_unicorn source)
    set(header "${source}/include/unicorn/unicorn.h")
    if(NOT EXISTS "${header}")
        message(FATAL_ERROR "ZIRCONIA_UNICORN_SOURCE=${source} is not a Unicorn source directory.")
    endif()
    file(STRINGS "${header}" lines REGEX "^#define UC_API_(MAJOR|MINOR) +[0-9]+")
    string(REGEX REPLACE ".*MAJOR +([0-9]+).*MINOR +([0-9]+).*" "\\1.\\2" version "${lines}")
    if(version VERSION_LESS ZIRCONIA_UNICORN_MINIMUM)
        message(FATAL_ERROR
            "${source} is Unicorn ${version}; ${ZIRCONIA_UNICORN_MINIMUM} or newer is needed.")
    endif()

    include(ExternalProject)
    set(prefix "${PROJECT_BINARY_DIR}/unicorn")
    set(library "${prefix}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}unicorn${CMAKE_SHARED_LIBRARY_SUFFIX}")
    if(WIN32) # Programs are linked to another file.
        set(library "${prefix}/lib/${CMAKE_IMPORT_LIBRARY_PREFIX}unicorn${CMAKE_IMPORT_LIBRARY_SUFFIX}")
    endif()
    set(toolchain "")
    if(CMAKE_TOOLCHAIN_FILE)
        set(toolchain "-DCMAKE_TOOLCHAIN_FILE=${CMAKE_TOOLCHAIN_FILE}")
    endif()
    ExternalProject_Add(unicorn-build
        SOURCE_DIR "${source}"
        BINARY_DIR "${prefix}/build"
        CMAKE_ARGS
            -DCMAKE_INSTALL_PREFIX=${prefix} -DCMAKE_INSTALL_LIBDIR=lib
            -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}
            -DCMAKE_POLICY_VERSION_MINIMUM=3.5 ${toolchain}
            -DBUILD_SHARED_LIBS=ON -DUNICORN_ARCH=x86 -DUNICORN_BUILD_TESTS=OFF
        BUILD_BYPRODUCTS "${library}")
    if(WIN32) # Where programs look for it: beside themselves, in the build tree and installed.
        set(dll "${prefix}/bin/libunicorn.dll")
        ExternalProject_Add_Step(unicorn-build beside DEPENDEES install
            COMMAND "${CMAKE_COMMAND}" -E make_directory "${PROJECT_BINARY_DIR}/bin"
            COMMAND "${CMAKE_COMMAND}" -E copy "${dll}" "${PROJECT_BINARY_DIR}/bin")
        if(ZIRCONIA_INSTALL)
            install(PROGRAMS "${dll}" DESTINATION "${CMAKE_INSTALL_BINDIR}")
        endif()
    endif()
    add_library(Unicorn::unicorn UNKNOWN IMPORTED GLOBAL)
    set_target_properties(Unicorn::unicorn PROPERTIES
        IMPORTED_LOCATION "${library}"
        INTERFACE_INCLUDE_DIRECTORIES "${source}/include")
    add_dependencies(Unicorn::unicorn unicorn-build)
    message(STATUS "Unicorn ${version} will be built from ${source}")
endfunction()

if(ZIRCONIA_UNICORN_SOURCE)
    zirconia_build_unicorn("${ZIRCONIA_UNICORN_SOURCE}")
    set(ZIRCONIA_UNICORN_IS_PRIVATE ON)
    return()
endif()

set(unpacked "${PROJECT_SOURCE_DIR}/build/deps/unicorn/usr")
if(NOT ZIRCONIA_UNICORN_ROOT AND EXISTS "${unpacked}/include/unicorn/unicorn.h")
    set(ZIRCONIA_UNICORN_ROOT "${unpacked}")
endif()
if(ZIRCONIA_UNICORN_ROOT)
    set(ZIRCONIA_UNICORN_IS_PRIVATE ON)
endif()

string(CONCAT Unicorn_FAILURE_ADVICE
    "Zirconia needs Unicorn ${ZIRCONIA_UNICORN_MINIMUM} or newer. Run scripts/run or scripts/test, "
    "which fetch it, or set ZIRCONIA_UNICORN_ROOT to its install prefix or "
    "ZIRCONIA_UNICORN_SOURCE to its source directory.")
find_package(Unicorn ${ZIRCONIA_UNICORN_MINIMUM} REQUIRED)
