// SPDX-License-Identifier: MIT
//
// The traps, with their keys, and the packets that they have given: bells to the port, the others
// to the run call.

#include "cli/step/pane.h"

#include <inttypes.h>

#include <zircon/syscalls/hypervisor.h>

#include "cli/vm.h"

static const struct record_event *last_with_key(const struct record *record, uint64_t key) {
    const struct record_event *event;
    for (uint64_t i = 0; (event = record_event(record, i)) != NULL; i++)
        if (event->has_packet && event->packet.key == key)
            return event;
    return NULL;
}

static void put_trap(const struct model *model, struct grid *grid, const struct box *box,
                     unsigned row, uint64_t key, uint32_t kind, uint64_t address, uint64_t size) {
    const bool bell = kind == ZX_GUEST_TRAP_BELL;
    const char *name = bell ? "BELL" : kind == ZX_GUEST_TRAP_IO ? "IO" : "MEM";
    const uint64_t count = key < RECORD_KEYS ? model->record->packets[key] : 0;
    const struct record_event *event = last_with_key(model->record, key);
    grid_put(grid, box, row, 1, LOOK_PLAIN,
             "%-4s %8" PRIx64 " to %8" PRIx64 "  key %-2" PRIu64 "  %-8s", name, address,
             address + size - 1, key, bell ? "port" : "run call");
    grid_put(grid, box, row, 48, count ? LOOK_STRONG : LOOK_FAINT, "%" PRIu64 " packet%s", count,
             count == 1 ? "" : "s");
    if (event)
        grid_put(grid, box, row, 60, LOOK_PLAIN, "the last by exit #%" PRIu64, event->number);
}

void pane_ports(const struct model *model, const struct sight *sight, struct grid *grid,
                const struct box *box) {
    const struct options *options = model->options;
    unsigned row = 0u - (unsigned)sight->scroll[PANE_PORTS];
    put_trap(model, grid, box, row++, KEY_EXIT_PORT, ZX_GUEST_TRAP_IO, VM_EXIT_PORT, 1);
    if (options->has_serial)
        put_trap(model, grid, box, row++, KEY_SERIAL, ZX_GUEST_TRAP_IO, options->serial_port, 8);
    for (size_t i = 0; i < options->trap_count; i++) {
        const struct trap_option *trap = &options->traps[i];
        put_trap(model, grid, box, row++, KEY_FIRST_TRAP + i, trap->kind, trap->address,
                 trap->size);
    }
}
