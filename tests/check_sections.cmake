# SPDX-License-Identifier: MIT
#
# The test `sections`: each section of the two specifications in docs/abi/ that a comment or another
# document cites ("hypervisor ABI 5.2", "objects ABI 3.3 to 3.5") has a heading there.
#
# cmake -DSOURCE= -P check_sections.cmake

cmake_minimum_required(VERSION 3.22)

foreach(document hypervisor objects)
    file(STRINGS "${SOURCE}/docs/abi/${document}.md" lines REGEX "^##+ [0-9]")
    foreach(line IN LISTS lines)
        string(REGEX MATCH "^#+ ([0-9.]*[0-9])" found "${line}")
        list(APPEND "sections_${document}" "${CMAKE_MATCH_1}")
    endforeach()
endforeach()

# A citation may go on in the next line, behind the sign of a comment.
set(number "[0-9]+(\\.[0-9]+)*")
set(citation "(hypervisor|objects) ABI,? (sections? )?${number}((, and|,| and| to) ${number})*")
set(count 0)
file(GLOB_RECURSE files RELATIVE "${SOURCE}"
    "${SOURCE}/include/*.h" "${SOURCE}/src/*.[ch]" "${SOURCE}/src/*.inc" "${SOURCE}/tests/*.[ch]"
    "${SOURCE}/tests/*.cc" "${SOURCE}/tests/*.inc" "${SOURCE}/tests/*.asm" "${SOURCE}/fuzz/*.[ch]"
    "${SOURCE}/examples/*.c" "${SOURCE}/examples/*.asm" "${SOURCE}/bench/*.[ch]"
    "${SOURCE}/docs/*.md" "${SOURCE}/*.md")
list(FILTER files EXCLUDE REGEX "^build/")
foreach(file IN LISTS files)
    file(READ "${SOURCE}/${file}" text)
    string(REGEX REPLACE "\n[ ]*(//|;|#)?[ ]*" " " text "${text}")
    string(REPLACE ";" "," text "${text}")
    string(REGEX MATCHALL "${citation}" citations "${text}")
    foreach(cited IN LISTS citations)
        string(REGEX MATCH "^[a-z]+" document "${cited}")
        string(REGEX MATCHALL "${number}" sections "${cited}")
        foreach(section IN LISTS sections)
            math(EXPR count "${count} + 1")
            if(NOT section IN_LIST "sections_${document}")
                message(SEND_ERROR "${file}: docs/abi/${document}.md has no section ${section}")
            endif()
        endforeach()
    endforeach()
endforeach()

if(count LESS 300)
    message(FATAL_ERROR "${count} citations: files or the pattern are missing")
endif()
