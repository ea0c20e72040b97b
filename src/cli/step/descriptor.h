// SPDX-License-Identifier: MIT
//
// Descriptors of segments and gates in words (SDM volume 3A, sections 3.4.5, 3.5 and 6.11).

#ifndef CLI_STEP_DESCRIPTOR_H
#define CLI_STEP_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/text.h"

// An entry of a GDT. `high` is what follows it, which an entry of the system has in long mode.
void descriptor_text(uint64_t low, uint64_t high, bool long_mode, struct text *text);

// How many bytes it has.
unsigned descriptor_size(uint64_t low, bool long_mode);

struct gate {
    bool present;
    uint16_t selector;
    uint64_t offset;
    unsigned type;
    unsigned level; // DPL
    unsigned stack; // The number of its stack in the IST; 0: none.
};

// An entry of an IDT, of 16 bytes in long mode, else of 8.
struct gate gate_read(uint64_t low, uint64_t high, bool long_mode);

const char *gate_type_name(unsigned type);

#endif // CLI_STEP_DESCRIPTOR_H
