# SPDX-License-Identifier: MIT
#
# Where QEMU runs the tests, tests/emulated.txt says what each took there of a processor's time.

# zirconia_use_emulated_times() gives the tests of the current folder by that their limits, for machines
# that are twenty times as busy, and those above 6 seconds a label with the figure.
function(zirconia_use_emulated_times)
    if(NOT CMAKE_CROSSCOMPILING_EMULATOR OR WIN32)
        return()
    endif()
    set(list "${PROJECT_SOURCE_DIR}/tests/emulated.txt")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${list}")
    file(STRINGS "${list}" lines REGEX "^[a-z]")
    get_property(tests DIRECTORY PROPERTY TESTS)
    foreach(line IN LISTS lines)
        separate_arguments(words UNIX_COMMAND "${line}")
        list(POP_FRONT words name seconds)
        if(NOT name IN_LIST tests)
            continue()
        endif()
        math(EXPR limit "120 + 20 * ${seconds}")
        set_tests_properties(${name} PROPERTIES COST ${seconds} TIMEOUT ${limit})
        if(seconds GREATER 6)
            set_property(TEST ${name} APPEND PROPERTY LABELS emulated_${seconds})
        endif()
    endforeach()
endfunction()
