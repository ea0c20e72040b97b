// SPDX-License-Identifier: MIT
//
// The panes. Each draws what it shows of a model into a box, and keeps to the box.

#ifndef CLI_STEP_PANE_H
#define CLI_STEP_PANE_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/step/grid.h"
#include "cli/step/model.h"

// The panes of the lower half, of which one is chosen.
enum pane {
    PANE_EXIT,
    PANE_MEMORY,
    PANE_STACK,
    PANE_WALK,
    PANE_GDT,
    PANE_IDT,
    PANE_EVENTS,
    PANE_PORTS,
    PANE_SERIAL,
    PANE_LOG,
    PANE_COUNT,
};

// What somebody looks at.
struct sight {
    enum pane pane;
    uint64_t memory; // The linear address that the memory begins with.
    bool has_walk;   // The walk is that of `walk`, not of the next instruction's address.
    uint64_t walk;
    bool has_code; // The code shown is not where the guest is, but at `code`.
    uint64_t code;
    int scroll[PANE_COUNT]; // Rows, down from where a pane begins by itself.
};

typedef void (*pane_function)(const struct model *model, const struct sight *sight,
                              struct grid *grid, const struct box *box);

void pane_code(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box);
void pane_registers(const struct model *model, const struct sight *sight, struct grid *grid,
                    const struct box *box);
void pane_exit(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box);
void pane_memory(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box);
void pane_stack(const struct model *model, const struct sight *sight, struct grid *grid,
                const struct box *box);
void pane_walk(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box);
void pane_gdt(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box);
void pane_idt(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box);
void pane_events(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box);
void pane_ports(const struct model *model, const struct sight *sight, struct grid *grid,
                const struct box *box);
void pane_serial(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box);
void pane_log(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box);

// What the lower half shows.
struct pane_description {
    const char *name; // One word.
    pane_function draw;
};
extern const struct pane_description panes[PANE_COUNT];

// The linear address of the instruction in a row of the code, or false.
bool pane_code_address(const struct model *model, const struct sight *sight, const struct box *box,
                       unsigned row, uint64_t *linear);

// The register that stands there in the pane of registers, or NULL.
const char *pane_register_name(unsigned row, unsigned column);

#endif // CLI_STEP_PANE_H
