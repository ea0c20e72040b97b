// SPDX-License-Identifier: MIT
//
// What waits to be delivered to the VCPU, and what it waits for; and the timer of its local APIC.

#include "cli/step/pane.h"

#include <inttypes.h>

#include "cli/step/event_text.h"

enum { TIMER_VECTOR = 0xff, TIMER_MASKED = 0x10000, TIMER_MODE_SHIFT = 17, RFLAGS_IF = 0x200 };

static void put_pending(const zirconia_interrupts_t *interrupts, struct grid *grid,
                        const struct box *box, unsigned row) {
    unsigned column = grid_put(grid, box, row, 1, LOOK_PLAIN, "pending:");
    bool any = false;
    for (unsigned vector = 0; vector < 256; vector++) {
        if (!(interrupts->pending[vector / 64] >> vector % 64 & 1))
            continue;
        column = grid_put(grid, box, row, column + 1,
                          vector == interrupts->next ? LOOK_CHANGED : LOOK_PLAIN, "%u%s", vector,
                          vector == interrupts->next ? " (next)" : "");
        any = true;
    }
    if (!any)
        grid_put(grid, box, row, column + 1, LOOK_FAINT, "no vector");
}

static const char *window_text(const struct model *model) {
    const uint32_t flags = model->interrupts.flags;
    const bool waits = model->interrupts.next != ZIRCONIA_INTERRUPTS_NONE;
    if (flags & ZIRCONIA_INTERRUPTS_OPEN)
        return waits ? "open: it is delivered before the next instruction"
                     : "open: an external interrupt would be delivered at once";
    if (flags & ZIRCONIA_INTERRUPTS_SHADOW)
        return "closed for one instruction more, behind STI or MOV SS";
    return waits ? "closed, IF is 0: its opening will be an exit, interrupt_window"
                 : "closed, IF is 0";
}

static const char *timer_mode(uint32_t lvt) {
    static const char *const names[] = {"one-shot", "periodic", "TSC-deadline", "reserved mode"};
    return names[lvt >> TIMER_MODE_SHIFT & 3];
}

static void put_timer(const zirconia_interrupts_t *interrupts, struct grid *grid,
                      const struct box *box, unsigned row) {
    const uint32_t lvt = interrupts->lvt_timer;
    grid_put(grid, box, row, 1, LOOK_PLAIN,
             "timer: %s, vector %u%s, initial count %u, divide configuration %x", timer_mode(lvt),
             lvt & TIMER_VECTOR, lvt & TIMER_MASKED ? ", masked" : "", interrupts->initial_count,
             interrupts->divide);
    if (interrupts->timer_left == INT64_MAX)
        grid_put(grid, box, row + 1, 8, LOOK_FAINT, "it stands still");
    else
        grid_put(grid, box, row + 1, 8, LOOK_STRONG,
                 "it fires in %" PRId64 " ns of the guest's time", interrupts->timer_left);
}

static void put_last(const struct model *model, struct grid *grid, const struct box *box,
                     unsigned row) {
    const uint32_t kinds = 1u << ZIRCONIA_EXIT_INTERRUPT_INJECTED | 1u << ZIRCONIA_EXIT_EXCEPTION |
                           1u << ZIRCONIA_EXIT_DELIVERY_FAILED;
    const struct record_event *event = record_last_of(model->record, kinds);
    struct text line = {0};
    if (event)
        event_text(event, &line);
    grid_put(grid, box, row, 1, LOOK_PLAIN, "delivered last: %.*s%s", (int)line.length, line.bytes,
             event ? "" : "nothing");
    if (event)
        grid_put(grid, box, row + 1, 8, LOOK_FAINT, "at %" PRIx64, event->exit.rip);
}

void pane_events(const struct model *model, const struct sight *sight, struct grid *grid,
                 const struct box *box) {
    const zirconia_interrupts_t *interrupts = &model->interrupts;
    (void)sight;
    put_pending(interrupts, grid, box, 0);
    grid_put(grid, box, 1, 1, LOOK_PLAIN, "window:  %s", window_text(model));
    grid_put(grid, box, 2, 1, LOOK_PLAIN, "NMI:     %s",
             interrupts->flags & ZIRCONIA_INTERRUPTS_NMI_BLOCKED ? "blocked up to the next IRET"
                                                                 : "would be delivered at once");
    put_timer(interrupts, grid, box, 4);
    put_last(model, grid, box, 7);
}
