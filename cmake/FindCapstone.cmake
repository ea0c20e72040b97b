# SPDX-License-Identifier: MIT
#
# Finds Capstone (https://www.capstone-engine.org), 4 or 5, and defines Capstone::capstone.
# The include directory is the one that holds capstone/capstone.h.

find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
    pkg_check_modules(PC_Capstone QUIET capstone)
endif()

find_path(Capstone_INCLUDE_DIR capstone/capstone.h
    HINTS ${PC_Capstone_INCLUDEDIR} ${PC_Capstone_INCLUDEDIR}/..)
find_library(Capstone_LIBRARY capstone HINTS ${PC_Capstone_LIBDIR})
mark_as_advanced(Capstone_INCLUDE_DIR Capstone_LIBRARY)

if(Capstone_INCLUDE_DIR)
    file(STRINGS "${Capstone_INCLUDE_DIR}/capstone/capstone.h" _capstone_lines
        REGEX "^#define CS_API_(MAJOR|MINOR) +[0-9]+")
    set(Capstone_VERSION)
    foreach(_capstone_part MAJOR MINOR)
        if("${_capstone_lines}" MATCHES "CS_API_${_capstone_part} +([0-9]+)")
            list(APPEND Capstone_VERSION ${CMAKE_MATCH_1})
        endif()
    endforeach()
    list(JOIN Capstone_VERSION "." Capstone_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Capstone
    REQUIRED_VARS Capstone_LIBRARY Capstone_INCLUDE_DIR
    VERSION_VAR Capstone_VERSION)

if(Capstone_FOUND AND NOT TARGET Capstone::capstone)
    add_library(Capstone::capstone UNKNOWN IMPORTED)
    set_target_properties(Capstone::capstone PROPERTIES
        IMPORTED_LOCATION "${Capstone_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${Capstone_INCLUDE_DIR}")
endif()
