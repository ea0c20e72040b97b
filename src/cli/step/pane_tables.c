// SPDX-License-Identifier: MIT
//
// The tables of descriptors: the GDT with the segments that use it, and the gates of the IDT that
// are present.

#include "cli/step/pane.h"

#include <inttypes.h>

#include "cli/step/descriptor.h"

static bool read_table(const struct model *model, uint64_t at, void *bytes, size_t size) {
    return model->source.read(model->source.context, at, bytes, size) == size;
}

// The names of the segment registers that have this selector, whatever its RPL.
static void users(const struct model *model, uint64_t selector, struct text *text) {
    static const char *const names[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    for (unsigned i = 0; i < 6; i++)
        if (selector != 0 && (model->now.segments[i].selector & ~3u) == selector)
            text_append(text, "%s ", names[i]);
    if (selector != 0 && (model->now.tr.selector & ~3u) == selector)
        text_append(text, "tr ");
    if (selector != 0 && (model->now.ldtr.selector & ~3u) == selector)
        text_append(text, "ldtr ");
}

static void put_descriptor(const struct model *model, struct grid *grid, const struct box *box,
                           unsigned row, uint64_t selector, const uint64_t entry[2]) {
    struct text text = {0};
    struct text names = {0};
    descriptor_text(entry[0], entry[1], model_is_long_mode(&model->now), &text);
    users(model, selector, &names);
    grid_put(grid, box, row, 1, LOOK_STRONG, "%04" PRIx64, selector);
    grid_put(grid, box, row, 6, LOOK_FAINT, "%016" PRIx64, entry[0]);
    grid_put(grid, box, row, 23, LOOK_PLAIN, "%.*s", (int)text.length, text.bytes);
    if (names.length)
        grid_put(grid, box, row, box->columns - (unsigned)names.length, LOOK_CHANGED, "%.*s",
                 (int)names.length, names.bytes);
}

static unsigned rows_to_skip(int scroll) {
    return scroll > 0 ? (unsigned)scroll : 0;
}

void pane_gdt(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box) {
    const zirconia_segment_t *gdtr = &model->now.gdtr;
    const bool long_mode = model_is_long_mode(&model->now);
    unsigned skip = rows_to_skip(sight->scroll[PANE_GDT]);
    unsigned row = 1;
    grid_put(grid, box, 0, 1, LOOK_PLAIN, "GDTR: base %016" PRIx64 ", limit %04x", gdtr->base,
             gdtr->limit);
    for (uint64_t at = 0; at + 7 <= gdtr->limit && row < box->rows;) {
        uint64_t entry[2] = {0, 0};
        if (!read_table(model, gdtr->base + at, &entry[0], 8)) {
            grid_put(grid, box, row, 1, LOOK_FAINT, "not mapped");
            return;
        }
        const unsigned size = descriptor_size(entry[0], long_mode);
        if (size == 16)
            (void)read_table(model, gdtr->base + at + 8, &entry[1], 8);
        if (skip > 0)
            skip--;
        else
            put_descriptor(model, grid, box, row++, at, entry);
        at += size;
    }
}

// --- The IDT ---

static void put_gate(const struct model *model, struct grid *grid, const struct box *box,
                     unsigned row, unsigned vector, const struct gate *gate) {
    char symbol[SYMBOL_TEXT_SIZE];
    symbols_text(model->symbols, gate->offset, symbol, sizeof(symbol));
    grid_put(grid, box, row, 1, LOOK_STRONG, "%3u %02x", vector, vector);
    grid_put(grid, box, row, 9, LOOK_PLAIN, "%04x:%016" PRIx64 " %s, DPL %u", gate->selector,
             gate->offset, gate_type_name(gate->type), gate->level);
    if (gate->stack)
        grid_put(grid, box, row, 54, LOOK_PLAIN, "IST %u", gate->stack);
    grid_put(grid, box, row, 60, LOOK_PLAIN, "%s", symbol);
}

// In real mode a table of far pointers.
static struct gate read_far_pointer(uint32_t pointer) {
    return (struct gate){.present = pointer != 0,
                         .selector = (uint16_t)(pointer >> 16),
                         .offset = pointer & 0xffff,
                         .type = 6};
}

// False when it cannot be read.
static bool read_gate(const struct model *model, unsigned vector, unsigned size,
                      struct gate *gate) {
    uint64_t entry[2] = {0, 0};
    if (!read_table(model, model->now.idtr.base + (uint64_t)vector * size, entry, size))
        return false;
    *gate = size == 4 ? read_far_pointer((uint32_t)entry[0])
                      : gate_read(entry[0], entry[1], size == 16);
    return true;
}

static unsigned gate_size(const struct model *model) {
    if (model_is_long_mode(&model->now))
        return 16;
    return (model->now.cr0 & 1) != 0 ? 8 : 4;
}

void pane_idt(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box) {
    const zirconia_segment_t *idtr = &model->now.idtr;
    const unsigned size = gate_size(model);
    unsigned skip = rows_to_skip(sight->scroll[PANE_IDT]);
    unsigned row = 1;
    grid_put(grid, box, 0, 1, LOOK_PLAIN,
             "IDTR: base %016" PRIx64 ", limit %04x. Gates that are present:", idtr->base,
             idtr->limit);
    for (unsigned vector = 0; vector < 256 && row < box->rows; vector++) {
        struct gate gate;
        if ((vector + 1) * size > idtr->limit + 1)
            break;
        if (!read_gate(model, vector, size, &gate)) {
            grid_put(grid, box, row, 1, LOOK_FAINT, "not mapped");
            return;
        }
        if (gate.present && skip > 0)
            skip--;
        else if (gate.present)
            put_gate(model, grid, box, row++, vector, &gate);
    }
    if (row == 1 && sight->scroll[PANE_IDT] <= 0)
        grid_put(grid, box, row, 1, LOOK_FAINT, "none: an exception is a triple fault");
}
