// SPDX-License-Identifier: MIT
//
// Registers. What the last command has changed is lit, and has a "*" for eyes without colours.

#include "cli/step/pane.h"

#include <inttypes.h>

static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const segment_names[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

enum { NAME_WIDTH = 3, COLUMN_WIDTH = 21 };

static void put_value(struct grid *grid, const struct box *box, unsigned row, unsigned column,
                      const char *name, uint64_t now, uint64_t before) {
    const bool changed = now != before;
    grid_put(grid, box, row, column, LOOK_FAINT, "%-*s", NAME_WIDTH, name);
    grid_put(grid, box, row, column + NAME_WIDTH, changed ? LOOK_CHANGED : LOOK_PLAIN,
             "%c%016" PRIx64, changed ? '*' : ' ', now);
}

// The flags by their letters, upper case for those that are set.
static void put_flags(const struct model *model, struct grid *grid, const struct box *box,
                      unsigned row) {
    static const struct {
        char letter;
        unsigned bit;
    } flags[] = {{'o', 11}, {'d', 10}, {'i', 9}, {'t', 8}, {'s', 7},
                 {'z', 6},  {'a', 4},  {'p', 2}, {'c', 0}};
    const uint64_t now = model->now.rflags;
    const uint64_t changes = now ^ model->before.rflags;
    unsigned column = COLUMN_WIDTH;
    grid_put(grid, box, row, column, LOOK_FAINT, "%-*s%c", NAME_WIDTH, "rfl", changes ? '*' : ' ');
    column += NAME_WIDTH + 1;
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        const bool set = now >> flags[i].bit & 1;
        const bool changed = changes >> flags[i].bit & 1;
        grid_put(grid, box, row, column++,
                 changed ? LOOK_CHANGED
                 : set   ? LOOK_STRONG
                         : LOOK_FAINT,
                 "%c", set ? flags[i].letter - 'a' + 'A' : flags[i].letter);
    }
    grid_put(grid, box, row, column + 1, LOOK_FAINT, "%" PRIx64, now);
}

static void put_segments(const struct model *model, struct grid *grid, const struct box *box,
                         unsigned row) {
    for (unsigned i = 0; i < 6; i++) {
        const uint16_t now = model->now.segments[i].selector;
        const bool changed = now != model->before.segments[i].selector;
        grid_put(grid, box, row, 7 * i, LOOK_FAINT, "%s", segment_names[i]);
        grid_put(grid, box, row, 7 * i + 2, changed ? LOOK_CHANGED : LOOK_PLAIN, "%c%x",
                 changed ? '*' : ' ', now);
    }
}

// Where there is room for them.
static void put_system_registers(const struct model *model, struct grid *grid,
                                 const struct box *box, unsigned row) {
    const zirconia_registers_t *now = &model->now;
    const zirconia_registers_t *before = &model->before;
    put_value(grid, box, row, 0, "cr0", now->cr0, before->cr0);
    put_value(grid, box, row, COLUMN_WIDTH, "cr4", now->cr4, before->cr4);
    put_value(grid, box, row + 1, 0, "efr", now->efer, before->efer);
    put_value(grid, box, row + 1, COLUMN_WIDTH, "xcr", now->xcr0, before->xcr0);
    put_value(grid, box, row + 2, 0, "gdt", now->gdtr.base, before->gdtr.base);
    put_value(grid, box, row + 2, COLUMN_WIDTH, "idt", now->idtr.base, before->idtr.base);
    put_value(grid, box, row + 3, 0, "fsb", now->segments[4].base, before->segments[4].base);
    put_value(grid, box, row + 3, COLUMN_WIDTH, "gsb", now->segments[5].base,
              before->segments[5].base);
}

void pane_registers(const struct model *model, const struct sight *sight, struct grid *grid,
                    const struct box *box) {
    const zirconia_registers_t *now = &model->now;
    const zirconia_registers_t *before = &model->before;
    (void)sight;
    for (unsigned i = 0; i < 16; i++)
        put_value(grid, box, i % 8, i / 8 * COLUMN_WIDTH, names[i], now->general[i],
                  before->general[i]);
    put_value(grid, box, 8, 0, "rip", now->rip, before->rip);
    put_flags(model, grid, box, 8);
    put_value(grid, box, 9, 0, "cr3", now->cr3, before->cr3);
    put_value(grid, box, 9, COLUMN_WIDTH, "cr2", now->cr2, before->cr2);
    put_segments(model, grid, box, 10);
    put_system_registers(model, grid, box, 11);
}

const char *pane_register_name(unsigned row, unsigned column) {
    const unsigned side = column >= COLUMN_WIDTH;
    if (row < 8)
        return names[row + 8 * side];
    return row == 8 && !side ? "rip" : row == 9 ? (side ? "cr2" : "cr3") : NULL;
}
