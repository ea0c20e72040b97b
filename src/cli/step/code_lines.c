// SPDX-License-Identifier: MIT
//
// To find what stands before an address, code is read from places further up: the beginning of the
// function, or else the one furthest away from which instructions end exactly there.

#include "cli/step/code_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FURTHEST = 64, LONGEST_FUNCTION = 4096 };

struct code_line code_line_at(const struct model *model, uint64_t linear) {
    struct code_line line = {.linear = linear};
    const size_t size =
        model->source.read(model->source.context, linear, line.bytes, sizeof(line.bytes));
    const uint64_t base =
        linear - model_code_address(&model->now) + model->now.rip; // As the program counts.
    if (size == 0) {
        snprintf(line.text, sizeof(line.text), "(not mapped)");
    } else if (zirconia_disassemble(line.bytes, size, model_code_mode(&model->now), base, line.text,
                                    sizeof(line.text), &line.length) != ZX_OK) {
        line.length = 1;
        snprintf(line.text, sizeof(line.text), "(none) 0x%02x", line.bytes[0]);
    }
    return line;
}

static size_t length_at(const struct model *model, uint64_t linear) {
    uint8_t bytes[CODE_MAX_LENGTH];
    const size_t size = model->source.read(model->source.context, linear, bytes, sizeof(bytes));
    return zirconia_instruction_length(bytes, size, model_code_mode(&model->now));
}

// The last addresses of a chain of instructions that ends exactly at `end`; 0 when it does not.
static size_t chain(const struct model *model, uint64_t start, uint64_t end, uint64_t *addresses,
                    size_t most) {
    size_t count = 0;
    while (start < end) {
        const size_t length = length_at(model, start);
        if (length == 0)
            return 0;
        if (count == most)
            memmove(addresses, addresses + 1, (most - 1) * sizeof(addresses[0]));
        else
            count++;
        addresses[count - 1] = start;
        start += length;
    }
    return start == end ? count : 0;
}

// The beginning of the part of the image that the address is in, or 0.
static uint64_t beginning(const struct model *model, uint64_t linear) {
    for (size_t i = 0; i < model->image->segment_count; i++) {
        const struct image_segment *segment = &model->image->segments[i];
        if (linear - segment->address < segment->size)
            return segment->address;
    }
    return 0;
}

size_t code_lines_before(const struct model *model, uint64_t linear, uint64_t *addresses,
                         size_t most) {
    const struct symbol *symbol = symbols_find(model->symbols, linear - 1);
    const uint64_t first = beginning(model, linear);
    if (most == 0)
        return 0;
    if (symbol && linear - symbol->address < LONGEST_FUNCTION) {
        const size_t count = chain(model, symbol->address, linear, addresses, most);
        if (count)
            return count;
    }
    for (uint64_t back = FURTHEST; back > 0; back--) {
        const size_t count =
            linear - first >= back ? chain(model, linear - back, linear, addresses, most) : 0;
        if (count)
            return count;
    }
    return 0;
}
