// SPDX-License-Identifier: MIT
//
// The way back: snapshots of a guest in virtual time, from which it does again what it did. A
// moment is found again by the work that was done and by the registers. The thread of the VCPU runs
// it, a run call at a time, between which the client answers exits as always.

#ifndef GDB_HISTORY_H
#define GDB_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zirconia/debug.h>

struct zirconia_gdb;
struct gdb_stop;

enum { HISTORY_MOST = 48 };

struct moment {
    uint64_t work;
    zirconia_registers_t registers;
};

struct past {
    zx_handle_t snapshot;
    struct moment moment;
};

// What is under way: to a moment shortly before the one that is looked for, with a budget, and from
// there by steps.
enum replay { REPLAY_NONE, REPLAY_RUNS, REPLAY_STEPS };

struct history {
    bool possible; // The guest is in virtual time, and has one VCPU.
    size_t count;
    struct past pasts[HISTORY_MOST];
    uint64_t slice; // Work to the next snapshot.
    uint64_t end;   // The work at which that is done.
    // The way back.
    enum replay replay;
    bool canceled;
    bool continues;    // To a breakpoint, not by one instruction.
    size_t from;       // Where it begins.
    uint64_t margin;   // How much work before the moment the budget ends.
    bool over;         // A breakpoint is stepped over.
    bool again;        // For the second time: to the event that is wanted.
    struct moment now; // Where it was asked for.
    zx_handle_t here;  // A snapshot of that, in case it is not found again.
    uint64_t steps;
    uint64_t events; // Steps behind the budget, or breakpoints.
    uint64_t wanted;
    bool watch; // The one that was wanted is a store to what is watched there.
    uint64_t watched;
};

void history_open(struct zirconia_gdb *gdb);
void history_close(struct zirconia_gdb *gdb);

// Memory or registers are others: what was before leads elsewhere.
void history_forget(struct zirconia_gdb *gdb);

// Before the guest goes on: there is a snapshot to come back to.
void history_begin(struct zirconia_gdb *gdb);

// Whether the guest can be asked to go back, and asks it. Quiet.
bool history_go_back(struct zirconia_gdb *gdb, bool continues);

// A run call has ended with TIMED_OUT, in a guest that goes forward.
void history_slice(struct zirconia_gdb *gdb);

// A run call of the replay has ended with a stop or with TIMED_OUT, or its exit was answered. True
// when the guest is where it was wanted, or at the beginning, which `stop` then says.
bool history_next(struct zirconia_gdb *gdb, zx_status_t status, uint32_t cause,
                  struct gdb_stop *stop);

#endif // GDB_HISTORY_H
