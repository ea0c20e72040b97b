// SPDX-License-Identifier: MIT
//
// The list of panes of the lower half.

#include "cli/step/pane.h"

const struct pane_description panes[PANE_COUNT] = {
    [PANE_EXIT] = {"exit", pane_exit},       [PANE_MEMORY] = {"memory", pane_memory},
    [PANE_STACK] = {"stack", pane_stack},    [PANE_WALK] = {"walk", pane_walk},
    [PANE_GDT] = {"gdt", pane_gdt},          [PANE_IDT] = {"idt", pane_idt},
    [PANE_EVENTS] = {"events", pane_events}, [PANE_PORTS] = {"ports", pane_ports},
    [PANE_SERIAL] = {"serial", pane_serial}, [PANE_LOG] = {"log", pane_log},
};
