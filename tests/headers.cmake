# SPDX-License-Identifier: MIT
#
# What clients include: that it compiles, in each era, is the test.

# The headers as C++17, in all eras: to compile is to pass.
add_library(headers_cxx_2018 OBJECT headers_cxx.cc)
target_link_libraries(headers_cxx_2018 PRIVATE zirconia-warnings zirconia-static)
target_compile_definitions(headers_cxx_2018 PRIVATE ZIRCONIA_ABI_2018)
foreach(era ${dated_eras})
    add_library(headers_cxx_${era} OBJECT headers_cxx.cc)
    target_link_libraries(headers_cxx_${era} PRIVATE zirconia-warnings zirconia-static)
    target_compile_definitions(headers_cxx_${era} PRIVATE ZIRCONIA_ABI=${era})
endforeach()

# Each header alone, in C and in C++, in all eras: none needs another before it, but for those that
# are made from calls.inc, which are parts of others.
file(GLOB headers RELATIVE "${PROJECT_SOURCE_DIR}/include" CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/include/*/*.h" "${PROJECT_SOURCE_DIR}/include/zircon/syscalls/*.h")
list(FILTER headers EXCLUDE REGEX "/(era|refused)_calls\\.h$")
set(alone "")
foreach(header ${headers})
    string(MAKE_C_IDENTIFIER "${header}" name)
    foreach(extension c cc)
        set(source "${PROJECT_BINARY_DIR}/headers/${name}.${extension}")
        file(CONFIGURE OUTPUT "${source}" CONTENT "#include <${header}>\nextern int ${name};\n")
        list(APPEND alone "${source}")
    endforeach()
endforeach()
foreach(era ${dated_eras})
    add_library(headers_alone_${era} OBJECT ${alone})
    target_link_libraries(headers_alone_${era} PRIVATE zirconia-warnings zirconia-static)
    target_compile_definitions(headers_alone_${era} PRIVATE ZIRCONIA_ABI=${era})
endforeach()
