# SPDX-License-Identifier: MIT
#
# Installation: headers, both libraries, the tool, the CMake package Zirconia, zirconia.pc, the
# templates of fuzz targets, lessons, and the licences of all that.
#
# A Unicorn that is not the system's is installed in a folder of its own beside our library, which
# finds it there through its run path; otherwise the installed library could not be loaded. The static
# library's clients link it from there.

include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Zirconia")
set(private_dir "${CMAKE_INSTALL_LIBDIR}/zirconia")
set(doc_dir "${CMAKE_INSTALL_DATAROOTDIR}/doc/zirconia")

# The shared and the static target are exported apart: only the static one asks its clients for
# our own dependencies.
install(TARGETS zirconia EXPORT ZirconiaTargets)
install(TARGETS zirconia-static EXPORT ZirconiaStaticTargets)
install(EXPORT ZirconiaTargets NAMESPACE Zirconia:: DESTINATION "${package_dir}")
install(EXPORT ZirconiaStaticTargets NAMESPACE Zirconia:: DESTINATION "${package_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/packaging/copyright"
    DESTINATION "${doc_dir}")
# Each is copied by itself, so each has the driver.
foreach(template abi device guest)
    set(template_dir "${CMAKE_INSTALL_DATAROOTDIR}/zirconia/fuzz/${template}")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/fuzz/templates/${template}/"
        DESTINATION "${template_dir}")
    install(FILES "${PROJECT_SOURCE_DIR}/fuzz/templates/replay.c" DESTINATION "${template_dir}")
endforeach()

if(APPLE)
    set(origin "@loader_path")
else()
    set(origin "$ORIGIN")
endif()
set(UNICORN_LINK_DIR "")
if(ZIRCONIA_UNICORN_IS_PRIVATE)
    # Installed under the name by which the loader asks for it, and under the linker's.
    install(CODE "
        set(library \"$<TARGET_PROPERTY:Unicorn::unicorn,IMPORTED_LOCATION>\")
        get_filename_component(folder \"\${library}\" DIRECTORY)
        file(GLOB names \"\${folder}/libunicorn*${CMAKE_SHARED_LIBRARY_SUFFIX}*\")
        file(INSTALL \${names} DESTINATION
            \"\${CMAKE_INSTALL_PREFIX}/${private_dir}\")")
    set(UNICORN_LINK_DIR "-L\${libdir}/zirconia ")
    if(UNIX)
        string(APPEND UNICORN_LINK_DIR "-Wl,-rpath,\${libdir}/zirconia ")
    endif()
    set_target_properties(zirconia PROPERTIES INSTALL_RPATH "${origin}/zirconia")
    # Its licence, wherever it keeps one: as Debian's packages do, as most others do, as its source
    # does.
    install(CODE "
        file(GLOB licences
            \"${ZIRCONIA_UNICORN_ROOT}/share/doc/libunicorn-dev/copyright\"
            \"${ZIRCONIA_UNICORN_ROOT}/share/licenses/unicorn/*\"
            \"${ZIRCONIA_UNICORN_ROOT}/share/doc/unicorn/COPYING*\"
            \"${ZIRCONIA_UNICORN_SOURCE}/COPYING*\")
        if(licences)
            file(INSTALL \${licences} DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${doc_dir}/unicorn\")
        else()
            message(STATUS \"No licence of Unicorn's was found to install beside it\")
        endif()")
endif()

if(TARGET zirconia-tool)
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples/lessons/" "${PROJECT_SOURCE_DIR}/docs/lessons/"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/zirconia/lessons")
    install(PROGRAMS "${PROJECT_SOURCE_DIR}/scripts/fetch-linux"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/zirconia")
    install(FILES "${PROJECT_SOURCE_DIR}/scripts/lib/linux.sh"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/zirconia/lib")
    file(RELATIVE_PATH libdir_from_bindir
        "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(zirconia-tool PROPERTIES
        INSTALL_RPATH "${origin}/${libdir_from_bindir}")
    install(TARGETS zirconia-tool)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/zirconia.bash"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" RENAME zirconia)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/_zirconia"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/completions/zirconia.fish"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
    file(GLOB page_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/docs/man/*.man")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page_sources}
        "${PROJECT_SOURCE_DIR}/src/cli/commands.inc" "${PROJECT_SOURCE_DIR}/src/cli/options.inc"
        "${PROJECT_SOURCE_DIR}/src/cli/exit_codes.inc"
        "${PROJECT_SOURCE_DIR}/cmake/cli_tables.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/command_pages.cmake")
    execute_process(COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${PROJECT_SOURCE_DIR}"
        "-DOUT=${PROJECT_BINARY_DIR}/man1" "-DVERSION=${PROJECT_VERSION}"
        -P "${PROJECT_SOURCE_DIR}/cmake/command_pages.cmake" COMMAND_ERROR_IS_FATAL ANY)
    install(DIRECTORY "${PROJECT_BINARY_DIR}/man1/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()

# The manual pages of the calls, made from the public headers and the table of calls.
if(UNIX)
    file(GLOB_RECURSE documented_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/*.h")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${documented_headers}
        "${PROJECT_SOURCE_DIR}/src/syscalls/calls.inc")
    execute_process(COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${CMAKE_C_COMPILER}"
        "-DSOURCE=${PROJECT_SOURCE_DIR}"
        "-DOUT=${PROJECT_BINARY_DIR}/man2" "-DVERSION=${PROJECT_VERSION}"
        -P "${PROJECT_SOURCE_DIR}/cmake/man_pages.cmake" COMMAND_ERROR_IS_FATAL ANY)
    install(DIRECTORY "${PROJECT_BINARY_DIR}/man2/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man2")
endif()

configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/ZirconiaConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/ZirconiaConfig.cmake"
    INSTALL_DESTINATION "${package_dir}"
    PATH_VARS private_dir)
write_basic_package_version_file(
    "${PROJECT_BINARY_DIR}/ZirconiaConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/ZirconiaConfig.cmake"
    "${PROJECT_BINARY_DIR}/ZirconiaConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindCapstone.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindUnicorn.cmake"
    DESTINATION "${package_dir}")

# The .pc file finds its prefix from its own place, so that an installed tree can be moved.
file(RELATIVE_PATH PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")
set(PC_SOCKETS "")
if(WIN32)
    set(PC_SOCKETS " -lws2_32")
endif()
configure_file("${PROJECT_SOURCE_DIR}/zirconia.pc.in" "${PROJECT_BINARY_DIR}/zirconia.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/zirconia.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
