// SPDX-License-Identifier: MIT
//
// All that the panes show of a guest. They look at this and at nothing else, so that a test can
// show them what it likes.

#ifndef CLI_STEP_MODEL_H
#define CLI_STEP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zirconia/debug.h>
#include <zirconia/decode.h>

#include "cli/image.h"
#include "cli/options.h"
#include "cli/step/record.h"
#include "cli/symbols.h"

enum { MODEL_MAX_BREAKPOINTS = 64 };

// Where the guest's memory is read.
struct model_source {
    void *context;
    // How many of the bytes there were.
    size_t (*read)(void *context, uint64_t linear, void *bytes, size_t size);
    size_t (*read_physical)(void *context, uint64_t address, void *bytes, size_t size);
    // False when that cannot be told.
    bool (*walk)(void *context, uint64_t linear, zirconia_walk_t *out);
    bool (*find_physical)(void *context, uint64_t address, zirconia_physical_t *out);
};

struct model {
    struct model_source source;
    const struct options *options;
    const struct image *image;
    const struct symbols *symbols;
    const struct record *record;
    zirconia_registers_t now;
    zirconia_registers_t before; // Before the last command that moved the guest.
    zirconia_interrupts_t interrupts;
    uint64_t work;
    uint64_t breakpoints[MODEL_MAX_BREAKPOINTS];
    size_t breakpoint_count;
};

// Registers in the order of zirconia_registers_t's `general` and `segments`.
enum { MODEL_RSP = 4, MODEL_CS = 1, MODEL_SS = 2 };

// How the code at CS:RIP is read.
zirconia_code_mode_t model_code_mode(const zirconia_registers_t *registers);
bool model_is_long_mode(const zirconia_registers_t *registers);
unsigned model_ring(const zirconia_registers_t *registers);

// The linear address of the next instruction, and of the top of the stack.
uint64_t model_code_address(const zirconia_registers_t *registers);
uint64_t model_stack_address(const zirconia_registers_t *registers);

bool model_has_breakpoint(const struct model *model, uint64_t linear);

#endif // CLI_STEP_MODEL_H
