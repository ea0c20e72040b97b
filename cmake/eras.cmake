# SPDX-License-Identifier: MIT
#
# What the table of eras (src/objects/era.inc) says of each: `eras`, their names from the oldest to the
# default, default_era; `dated_eras`, those that ZIRCONIA_ABI chooses; last_month_<era>, or 0; and
# about_<era>. Included with SOURCE set.

file(STRINGS "${SOURCE}/src/objects/era.inc" rows REGEX "^ERA\\(")
set(eras "")
set(dated_eras "")
foreach(row IN LISTS rows)
    if(NOT row MATCHES "^ERA\\(([0-9]+), ([0-9]+), \"([^\"]*)\"\\)$")
        message(FATAL_ERROR "src/objects/era.inc: not a row of an era: ${row}")
    endif()
    set(default_era "${CMAKE_MATCH_1}")
    list(APPEND eras "${default_era}")
    set("last_month_${default_era}" "${CMAKE_MATCH_2}")
    set("about_${default_era}" "${CMAKE_MATCH_3}")
    if(CMAKE_MATCH_2)
        list(APPEND dated_eras "${CMAKE_MATCH_1}")
    endif()
endforeach()
