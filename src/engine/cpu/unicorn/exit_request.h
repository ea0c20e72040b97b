// SPDX-License-Identifier: MIT
//
// A machine's exit request: a flag, and what makes a run look at it. Where Unicorn cannot be
// stopped exactly (exact_stop.h), and in virtual time, its hook of blocks looks at the flag, and
// whoever requests an exit has nothing more to do. Elsewhere the run is stopped from outside. Such
// a stop may be lost: Unicorn clears stops as a run begins, and each time it comes round its main
// loop it may clear one that comes just then. So it is repeated until the run has ended, for a few
// microseconds by the one who asks and after that by the timer thread.

#ifndef ENGINE_CPU_UNICORN_EXIT_REQUEST_H
#define ENGINE_CPU_UNICORN_EXIT_REQUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <unicorn/unicorn.h>

struct exit_request {
    atomic_bool wanted;
    atomic_uint runs;     // Odd while guest code runs that must be stopped from outside.
    atomic_uint stopping; // How many threads are stopping the run.
    uc_engine *unicorn;   // The engine to be stopped. NULL where a hook looks at the flag.
    struct exit_request *next;
    struct exit_request **back;
};

// The machine has an engine whose runs must be stopped, from now on or no longer.
void exit_request_open(struct exit_request *request, uc_engine *unicorn);
void exit_request_close(struct exit_request *request);

// Has the run end before its next block. Any thread, without a lock, and signal handlers.
void exit_request_make(struct exit_request *request);

// As exit_request_make(), from inside the run: in a hook, or before it begins.
void exit_request_make_inside(struct exit_request *request);

static inline bool exit_request_made(const struct exit_request *request) {
    return atomic_load_explicit(&request->wanted, memory_order_relaxed);
}

// --- The run ---

enum exit_request_entry {
    ENTRY_OPEN,   // Refused if an exit is requested.
    ENTRY_CLOSED, // Refused likewise; no thread stops the run before exit_request_go_on().
    ENTRY_FORCED, // Entered in any case. The run is stopped a little later.
};

// Guest code is about to run. False if it must not. What was to stop the run has been done when it
// is left.
bool exit_request_enter(struct exit_request *request, enum exit_request_entry entry);
void exit_request_leave(struct exit_request *request);

// Inside of a hook nobody need stop the run. Going on, it stops if an exit was requested meanwhile.
void exit_request_pause(struct exit_request *request);
void exit_request_go_on(struct exit_request *request);

#endif // ENGINE_CPU_UNICORN_EXIT_REQUEST_H
