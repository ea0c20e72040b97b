# SPDX-License-Identifier: MIT
#
# Finds Unicorn (https://www.unicorn-engine.org) and defines Unicorn::unicorn.
#
# ZIRCONIA_UNICORN_ROOT   looked at first, and alone, when it is set: an install prefix
# Unicorn_VERSION         read from the header, so that a wrong unicorn.pc cannot mislead

if(ZIRCONIA_UNICORN_ROOT)
    set(_unicorn_only NO_DEFAULT_PATH)
    set(_unicorn_hints "${ZIRCONIA_UNICORN_ROOT}")
else()
    set(_unicorn_only)
    find_package(PkgConfig QUIET)
    if(PkgConfig_FOUND)
        pkg_check_modules(PC_Unicorn QUIET unicorn)
    endif()
    set(_unicorn_hints ${PC_Unicorn_INCLUDEDIR} ${PC_Unicorn_LIBDIR})
endif()

find_path(Unicorn_INCLUDE_DIR unicorn/unicorn.h
    HINTS ${_unicorn_hints} PATH_SUFFIXES include ${_unicorn_only})
find_library(Unicorn_LIBRARY unicorn
    HINTS ${_unicorn_hints}
    PATH_SUFFIXES lib lib/${CMAKE_LIBRARY_ARCHITECTURE} lib64 ${_unicorn_only})
mark_as_advanced(Unicorn_INCLUDE_DIR Unicorn_LIBRARY)

if(Unicorn_INCLUDE_DIR)
    file(STRINGS "${Unicorn_INCLUDE_DIR}/unicorn/unicorn.h" _unicorn_lines
        REGEX "^#define UC_API_(MAJOR|MINOR|PATCH) +[0-9]+")
    set(Unicorn_VERSION)
    foreach(_unicorn_part MAJOR MINOR PATCH)
        if("${_unicorn_lines}" MATCHES "UC_API_${_unicorn_part} +([0-9]+)")
            list(APPEND Unicorn_VERSION ${CMAKE_MATCH_1})
        endif()
    endforeach()
    list(JOIN Unicorn_VERSION "." Unicorn_VERSION)
endif()

if(NOT Unicorn_FAILURE_ADVICE)
    set(Unicorn_FAILURE_ADVICE "Set ZIRCONIA_UNICORN_ROOT to its install prefix.")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Unicorn
    REQUIRED_VARS Unicorn_LIBRARY Unicorn_INCLUDE_DIR
    VERSION_VAR Unicorn_VERSION
    REASON_FAILURE_MESSAGE "${Unicorn_FAILURE_ADVICE}")

if(Unicorn_FOUND AND NOT TARGET Unicorn::unicorn)
    add_library(Unicorn::unicorn UNKNOWN IMPORTED)
    set_target_properties(Unicorn::unicorn PROPERTIES
        IMPORTED_LOCATION "${Unicorn_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${Unicorn_INCLUDE_DIR}")
endif()
