# SPDX-License-Identifier: MIT
#
# A file as an array of C, so that a program has it wherever it is installed.
#
# cmake -DINPUT= -DOUTPUT= -DHEADER= -DNAME= -P embed.cmake

cmake_minimum_required(VERSION 3.22)

file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
get_filename_component(source "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "// Made from ${source} by cmake/embed.cmake.

#include \"${HEADER}\"

const unsigned char ${NAME}[] = {
${bytes}
};
const size_t ${NAME}_size = sizeof(${NAME});
")
