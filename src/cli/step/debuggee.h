// SPDX-License-Identifier: MIT
//
// The guest that is stepped: in virtual time, on this thread, forward and backward.

#ifndef CLI_STEP_DEBUGGEE_H
#define CLI_STEP_DEBUGGEE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/step/model.h"
#include "cli/vm.h"
#include "replay/history.h"

enum debuggee_stop {
    STOP_STEP,
    STOP_BREAKPOINT, // A breakpoint, or the address that was asked for.
    STOP_WATCHPOINT,
    STOP_EXIT, // One that was asked for.
    STOP_INTERRUPTED,
    STOP_ASLEEP, // The guest halts, and nothing will wake it.
    STOP_ENDED,  // record->end says why.
    STOP_BEGINNING,
    STOP_FAILED, // The host or the library failed, which was said.
};

// The exits that end a run.
struct debuggee_wish {
    uint32_t kinds; // One bit for each kind.
    bool packets;   // Exits of which the VMM is told.
};

struct debuggee {
    struct vm vm;
    struct record record;
    struct model model;
    struct history history;
    struct debuggee_wish wish;  // While the guest runs.
    struct debuggee_wish asked; // By the last command.
    uint64_t place;             // An address to stop at, like a breakpoint.
    bool has_place;
    zirconia_watchpoint_t watchpoints[ZIRCONIA_WATCHPOINTS_MAX];
    uint64_t watched[ZIRCONIA_WATCHPOINTS_MAX]; // Their linear addresses.
    size_t watchpoint_count;
    uint64_t hit;  // The linear address of the watchpoint that was met last.
    bool steps;    // The run call is for one instruction.
    bool met;      // An exit that was asked for has happened.
    bool has_bell; // A bell has rung, whose packet is to be taken from the port.
    atomic_bool interrupted;
    void (*tick)(void *context); // Is called now and then while the guest runs; or NULL.
    void *tick_context;
};

// Makes it of an image. EXIT_CODE_OK, or what to end with: the reason has been said.
// debuggee_close() is due in any case.
enum exit_code debuggee_open(struct debuggee *debuggee, const struct options *options,
                             const struct image *image, const struct symbols *symbols);
void debuggee_close(struct debuggee *debuggee);

// One instruction.
enum debuggee_stop debuggee_step(struct debuggee *debuggee);

// One instruction, of a call or a repeated string instruction all of it.
enum debuggee_stop debuggee_step_over(struct debuggee *debuggee);

// To the next breakpoint, or what was asked for in `wish`; NULL for nothing.
enum debuggee_stop debuggee_go(struct debuggee *debuggee, const struct debuggee_wish *wish);

// To this address, unless something else comes first.
enum debuggee_stop debuggee_go_to(struct debuggee *debuggee, uint64_t linear);

// The way back, in the same manner.
enum debuggee_stop debuggee_back_step(struct debuggee *debuggee);
enum debuggee_stop debuggee_back(struct debuggee *debuggee, const struct debuggee_wish *wish);
enum debuggee_stop debuggee_back_to(struct debuggee *debuggee, uint64_t linear);
enum debuggee_stop debuggee_back_to_beginning(struct debuggee *debuggee);

// False when there are as many as there can be.
bool debuggee_set_breakpoint(struct debuggee *debuggee, uint64_t linear);
// False when there is none.
bool debuggee_clear_breakpoint(struct debuggee *debuggee, uint64_t linear);

// NULL, or why these bytes cannot be watched.
const char *debuggee_watch(struct debuggee *debuggee, uint64_t linear, uint64_t size);
void debuggee_watch_nothing(struct debuggee *debuggee);

// Sends it an interrupt, as a VMM does for a device. There is no way back to before that, since the
// guest would not do the same again.
void debuggee_send_interrupt(struct debuggee *debuggee, uint8_t vector);

// Ends what is under way when its run call comes back, within a second as a rule. Any thread, and a
// signal handler.
void debuggee_interrupt(struct debuggee *debuggee);

// Ends it at once. Any thread.
void debuggee_interrupt_now(struct debuggee *debuggee);

#endif // CLI_STEP_DEBUGGEE_H
