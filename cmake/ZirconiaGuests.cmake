# SPDX-License-Identifier: MIT
#
# Guest programs: flat binaries that nasm assembles at build time, the same on every host.

find_program(ZIRCONIA_NASM nasm)
if(NOT ZIRCONIA_NASM)
    message(FATAL_ERROR
        "nasm was not found. Install it, or configure with -DZIRCONIA_BUILD_EXAMPLES=OFF "
        "and without tests and benchmarks.")
endif()

# zirconia_add_guest(SOURCE FOLDER): assembles SOURCE into <build>/FOLDER/<name>.bin by the target
# guest-FOLDER-<name>; what it includes is beside it or in tests/guests/. Naming a guest twice is harmless, so each user of it may name it.
function(zirconia_add_guest source folder)
    get_filename_component(source "${source}" ABSOLUTE)
    get_filename_component(name "${source}" NAME_WE)
    if(TARGET guest-${folder}-${name})
        return()
    endif()
    set(binary "${PROJECT_BINARY_DIR}/${folder}/${name}.bin")
    get_filename_component(beside "${source}" DIRECTORY)
    set(include "${PROJECT_SOURCE_DIR}/tests/guests/")
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/${folder}")
    file(GLOB included CONFIGURE_DEPENDS "${include}*.inc" "${beside}/*.inc")
    add_custom_command(
        OUTPUT "${binary}"
        COMMAND "${ZIRCONIA_NASM}" -f bin -Werror -I "${include}" -I "${beside}/"
            -o "${binary}" "${source}"
        DEPENDS "${source}" ${included}
        COMMENT "Assembling ${folder}/${name}.bin"
        VERBATIM)
    add_custom_target(guest-${folder}-${name} ALL DEPENDS "${binary}")
endfunction()
