// SPDX-License-Identifier: MIT
//
// The way back: snapshots of a guest in virtual time, from which it does again what it did. A
// moment is found again by the work that was done and by the registers. Whoever runs the guest asks
// for the way back, and then makes run calls, and answers exits as always, until it is there.

#ifndef REPLAY_HISTORY_H
#define REPLAY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zirconia/debug.h>

enum { HISTORY_MOST = 48 };

struct moment {
    uint64_t work;
    zirconia_registers_t registers;
};

struct past {
    zx_handle_t snapshot;
    struct moment moment;
};

// What the debugger has set.
struct history_client {
    void *context;
    // A way back begins: gives the guest its breakpoints and watchpoints, or takes them away.
    void (*apply)(void *context, bool wanted);
    bool (*has_breakpoint)(void *context, uint64_t linear);
};

// To where.
enum history_goal {
    HISTORY_STEP,  // Before the last instruction.
    HISTORY_EVENT, // To the last event: a breakpoint, a watchpoint, or HISTORY_STOP_CLIENT.
};

// Why a run call has ended, beside the causes of zirconia/debug.h: something that the client looks
// for has happened.
#define HISTORY_STOP_CLIENT UINT32_MAX

// How it ended.
struct history_end {
    bool at_beginning; // There is nothing before it to go back to.
    bool canceled;     // The guest is where it was.
    bool watch;        // It is before what meets a watchpoint.
    bool changed;      // The watchpoint is one of ZIRCONIA_WATCH_CHANGE.
    uint64_t watched;  // Where, guest-physical.
};

// What is under way: to a moment shortly before the one that is looked for, with a budget, and from
// there by steps.
enum replay { REPLAY_NONE, REPLAY_RUNS, REPLAY_STEPS };

struct history {
    zx_handle_t guest;
    zx_handle_t vcpu;
    struct history_client client;
    bool possible; // The guest is in virtual time, and has one VCPU.
    size_t count;
    struct past pasts[HISTORY_MOST];
    uint64_t slice;     // Work to the next snapshot.
    uint64_t end;       // The work at which that is done.
    uint64_t piece_end; // The work at which the run call comes back.
    // The way back.
    enum replay replay;
    bool canceled; // By who runs the guest: it is to be where it was.
    enum history_goal goal;
    size_t from;         // Where it begins.
    uint64_t margin;     // How much work before the moment the budget ends.
    uint64_t approached; // The work at which it does.
    bool over;           // A breakpoint is stepped over.
    bool again;          // For the second time: to the event that is wanted.
    struct moment now;   // Where it was asked for.
    zx_handle_t here;    // A snapshot of that, in case it is not found again.
    uint64_t steps;
    uint64_t events; // Steps behind the budget, or events.
    uint64_t wanted;
    bool watch;   // The one that was wanted meets the watchpoint there.
    bool changed; // The watchpoint is one of ZIRCONIA_WATCH_CHANGE.
    uint64_t watched;
};

// For a guest with this one VCPU. A zeroed history is one that is not possible.
void history_open(struct history *history, zx_handle_t guest, zx_handle_t vcpu,
                  const struct history_client *client);
void history_close(struct history *history);

// Memory or registers are others: what was before leads elsewhere.
void history_forget(struct history *history);

// Before the guest goes on: there is a snapshot to come back to.
void history_begin(struct history *history);

// A run call of a guest that goes forward has ended with TIMED_OUT, as it does now and then. False
// when the guest is behind a HLT from which nothing wakes it.
bool history_slice(struct history *history);

// Whether the guest can be asked to go back, and asks it. It is in no run call.
bool history_go_back(struct history *history, enum history_goal goal);

// What is under way comes to no end: the guest stays where it is.
void history_abandon(struct history *history);

// A run call of the replay has ended, and its exit was answered. True when the guest is where it
// was wanted, or at the beginning, which `end` then says.
bool history_next(struct history *history, zx_status_t status, uint32_t cause,
                  struct history_end *end);

// Puts the guest to the first snapshot, at once. False when there is none.
bool history_go_to_beginning(struct history *history);

#endif // REPLAY_HISTORY_H
