// SPDX-License-Identifier: MIT
//
// Code as lines: which instructions stand before an address, and what each says.

#ifndef CLI_STEP_CODE_LINES_H
#define CLI_STEP_CODE_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "cli/step/model.h"

enum { CODE_MAX_LENGTH = 15, CODE_TEXT_SIZE = 96 };

struct code_line {
    uint64_t linear;
    size_t length; // 0: nothing can be read there.
    uint8_t bytes[CODE_MAX_LENGTH];
    char text[CODE_TEXT_SIZE];
};

// The instruction there. What is none is a line of one byte.
struct code_line code_line_at(const struct model *model, uint64_t linear);

// The addresses of the instructions before that one, the last `most` at best, in order. As the
// length of an instruction is not known from its end, this is a guess where no symbol helps.
size_t code_lines_before(const struct model *model, uint64_t linear, uint64_t *addresses,
                         size_t most);

#endif // CLI_STEP_CODE_LINES_H
