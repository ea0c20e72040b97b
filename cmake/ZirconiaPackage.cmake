# SPDX-License-Identifier: MIT
#
# `cpack -G DEB` in a build directory that was configured for the prefix /usr makes one Debian package
# of all that is installed. Its dependencies are those of the system that it was built on.

if(NOT PROJECT_IS_TOP_LEVEL)
    return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME zirconia)
set(CPACK_PACKAGE_VENDOR "The Zirconia Authors")
set(CPACK_PACKAGE_CONTACT "The Zirconia Authors <zirconia@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"A VMM that was written for Zircon's zx_guest_ and zx_vcpu_ calls compiles against the headers of
this library as it is and runs in user space, on the Unicorn engine's translator. The command
zirconia runs ELF images and flat binaries as guests.")
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
# For clients that link the static library.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcapstone-dev, libunicorn-dev, pkgconf | pkg-config")
if(ZIRCONIA_UNICORN_IS_PRIVATE)
    get_target_property(unicorn Unicorn::unicorn IMPORTED_LOCATION)
    get_filename_component(unicorn "${unicorn}" DIRECTORY)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${unicorn}")
endif()

include(CPack)
