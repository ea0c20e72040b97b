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

# All of them as Microsoft's compiler reads them: by clang in its manner, and without what tells of
# GCC's extensions. Of the C library there is what the headers name.
find_program(CLANG clang)
if(CLANG)
    set(msvc "${PROJECT_BINARY_DIR}/headers/msvc")
    foreach(name assert stdio stdlib string)
        file(WRITE "${msvc}/${name}.h" "")
    endforeach()
    file(WRITE "${msvc}/time.h"
        "typedef long long time_t;\nstruct timespec { time_t tv_sec; long tv_nsec; };\n")
    list(TRANSFORM headers REPLACE "(.+)" "#include <\\1>" OUTPUT_VARIABLE included)
    list(JOIN included "\n" included)
    file(CONFIGURE OUTPUT "${msvc}/all.c" CONTENT "${included}\n")
    foreach(language c c++)
        set(standard 11)
        if(language STREQUAL "c++")
            set(standard 17)
        endif()
        add_test(NAME headers_msvc_${language} COMMAND sh -c
            "for era do \"$0\" -DZIRCONIA_ABI=$era --target=x86_64-pc-windows-msvc -U__clang__ \
                -fms-compatibility-version=19.40 -ffreestanding -fsyntax-only -Wall -Wextra -Werror \
                -x ${language} -std=${language}${standard} -I '${PROJECT_SOURCE_DIR}/include' \
                -isystem '${msvc}' '${msvc}/all.c' || exit 1; done"
            "${CLANG}" ${dated_eras})
        set_tests_properties(headers_msvc_${language} PROPERTIES TIMEOUT 120)
    endforeach()
endif()
