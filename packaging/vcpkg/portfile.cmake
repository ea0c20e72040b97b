# SPDX-License-Identifier: MIT
#
# vcpkg port. Not run by us; see packaging/README.md.

vcpkg_download_distfile(archive
    URLS "ADDRESS/zirconia-${VERSION}.tar.gz"
    FILENAME "zirconia-${VERSION}.tar.gz"
    SHA512 CHECKSUM)
vcpkg_extract_source_archive(source ARCHIVE "${archive}")

vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES tool ZIRCONIA_BUILD_TOOL)
vcpkg_cmake_configure(
    SOURCE_PATH "${source}"
    OPTIONS ${options}
        -DZIRCONIA_BUILD_EXAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME Zirconia CONFIG_PATH lib/cmake/Zirconia)
vcpkg_fixup_pkgconfig()
if("tool" IN_LIST FEATURES)
    vcpkg_copy_tools(TOOL_NAMES zirconia AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
vcpkg_install_copyright(FILE_LIST "${source}/LICENSE" "${source}/packaging/copyright")
