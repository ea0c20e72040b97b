// SPDX-License-Identifier: MIT
//
// Memory by linear addresses, and the stack.

#include "cli/step/pane.h"

#include <inttypes.h>
#include <string.h>

enum { BYTES_A_ROW = 16 };

static void put_bytes(struct grid *grid, const struct box *box, unsigned row, const uint8_t *bytes,
                      size_t size) {
    const unsigned first = 18;
    for (unsigned i = 0; i < size; i++) {
        const bool printable = bytes[i] >= ' ' && bytes[i] <= '~';
        const enum look look = bytes[i] ? LOOK_PLAIN : LOOK_FAINT;
        grid_put(grid, box, row, first + 2 * i + i / 2, look, "%02x", bytes[i]);
        grid_put(grid, box, row, first + 42 + i, look, "%c", printable ? bytes[i] : '.');
    }
}

void pane_memory(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box) {
    const uint64_t scrolled = (uint64_t)(int64_t)sight->scroll[PANE_MEMORY] * BYTES_A_ROW;
    for (unsigned row = 0; row < box->rows; row++) {
        uint8_t bytes[BYTES_A_ROW];
        const uint64_t linear = sight->memory + scrolled + row * (uint64_t)BYTES_A_ROW;
        const size_t size = model->source.read(model->source.context, linear, bytes, sizeof(bytes));
        grid_put(grid, box, row, 0, LOOK_FAINT, "%016" PRIx64, linear);
        put_bytes(grid, box, row, bytes, size);
        if (size == 0)
            grid_put(grid, box, row, 18, LOOK_FAINT, "not mapped");
    }
}

static unsigned width_of_stack(const struct model *model) {
    switch (model_code_mode(&model->now)) {
    case ZIRCONIA_CODE_16:
        return 2;
    case ZIRCONIA_CODE_32:
        return 4;
    default:
        return 8;
    }
}

void pane_stack(const struct model *model, const struct sight *sight, struct grid *grid,
                const struct box *box) {
    const unsigned width = width_of_stack(model);
    const uint64_t top = model_stack_address(&model->now);
    for (unsigned row = 0; row < box->rows; row++) {
        const int64_t place = (int64_t)row + sight->scroll[PANE_STACK];
        const uint64_t linear = top + (uint64_t)place * width;
        uint64_t value = 0;
        char symbol[SYMBOL_TEXT_SIZE] = "";
        grid_put(grid, box, row, 0, LOOK_FAINT, "%c%016" PRIx64 " %+4" PRId64,
                 place == 0 ? '>' : ' ', linear, place * (int64_t)width);
        if (model->source.read(model->source.context, linear, &value, width) < width) {
            grid_put(grid, box, row, 24, LOOK_FAINT, "not mapped");
            continue;
        }
        symbols_text(model->symbols, value, symbol, sizeof(symbol));
        grid_put(grid, box, row, 24, place == 0 ? LOOK_STRONG : LOOK_PLAIN, "%0*" PRIx64 "  %s",
                 (int)(2 * width), value, symbol);
    }
}
