# SPDX-License-Identifier: MIT
#
# The target `docs`: the public headers as HTML, in build/.../docs/html, by Doxygen. It is not part of
# `all`; where Doxygen is not installed it says so.

find_package(Doxygen QUIET)
find_program(SED sed)
if(NOT DOXYGEN_FOUND OR NOT SED)
    add_custom_target(docs
        COMMAND "${CMAKE_COMMAND}" -E echo "The target docs needs Doxygen and sed, which are not here."
        COMMAND "${CMAKE_COMMAND}" -E false
        VERBATIM)
    return()
endif()

set(DOXYGEN_PROJECT_NAME "Zirconia")
set(DOXYGEN_PROJECT_BRIEF "Zircon's x86-64 hypervisor interface in user space")
set(DOXYGEN_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/docs")
set(DOXYGEN_INPUT_FILTER "${SED} -f ${PROJECT_SOURCE_DIR}/cmake/doxygen.sed")
set(DOXYGEN_FILTER_SOURCE_FILES NO)
set(DOXYGEN_OPTIMIZE_OUTPUT_FOR_C YES)
set(DOXYGEN_EXTRACT_ALL YES)
set(DOXYGEN_JAVADOC_AUTOBRIEF YES)
set(DOXYGEN_SHOW_INCLUDE_FILES NO)
set(DOXYGEN_HAVE_DOT NO)
set(DOXYGEN_STRIP_FROM_PATH "${PROJECT_SOURCE_DIR}/include")
set(DOXYGEN_MACRO_EXPANSION YES)
set(DOXYGEN_EXPAND_ONLY_PREDEF YES)
set(DOXYGEN_PREDEFINED "ZIRCONIA_EXPORT=" "ZIRCONIA_BEGIN_C=" "ZIRCONIA_END_C=")
set(DOXYGEN_EXCLUDE_SYMBOLS "*_H_")
set(DOXYGEN_USE_MDFILE_AS_MAINPAGE "${PROJECT_SOURCE_DIR}/README.md")
set(DOXYGEN_WARN_IF_UNDOCUMENTED NO)
set(DOXYGEN_QUIET YES)
doxygen_add_docs(docs "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/README.md"
    "${PROJECT_SOURCE_DIR}/SUPPORTED_PLATFORMS.md"
    COMMENT "Extracting the public headers")
