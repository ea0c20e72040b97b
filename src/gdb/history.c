// SPDX-License-Identifier: MIT
//
// Snapshots as the guest goes on, and replays from them.
//
// To go back, the guest is put to a snapshot and given a budget that ends shortly before where it
// is now. From there it steps until it is there, and events are counted: each of these steps, or,
// to go back to a breakpoint, each one that was met on the whole way. Then it does so once more,
// and ends at the last event before where it was.

#include "gdb/history.h"

#include "gdb/server.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

// The first slices of work between snapshots; they double so that there is room for years.
#define FIRST_SLICE 2000000u
#define SNAPSHOTS_A_SLICE 8u

// What lies between a budget's end and the moment has fewer.
#define MOST_STEPS 1000000u

static zx_handle_t vcpu_of(const struct zirconia_gdb *gdb) {
    return gdb->vcpus[0].handle;
}

static struct moment moment_of(const struct zirconia_gdb *gdb) {
    struct moment moment;
    zirconia_stop_t stop = {0};
    memset(&moment, 0, sizeof moment);
    zirconia_vcpu_read_registers(vcpu_of(gdb), &moment.registers);
    zirconia_vcpu_read_stop(vcpu_of(gdb), &stop);
    moment.work = stop.work;
    return moment;
}

static void set_budget(const struct zirconia_gdb *gdb, uint64_t work) {
    zirconia_guest_set_budget(gdb->guest, work);
}

// --- Snapshots ---

void history_open(struct zirconia_gdb *gdb) {
    gdb->history.slice = FIRST_SLICE;
    gdb->history.possible = gdb->vcpu_count == 1 &&
                            zirconia_guest_set_budget(gdb->guest, ZIRCONIA_BUDGET_NONE) == ZX_OK;
}

void history_forget(struct zirconia_gdb *gdb) {
    struct history *history = &gdb->history;
    for (size_t i = 0; i < history->count; i++) {
        zx_handle_close(history->pasts[i].snapshot);
    }
    history->count = 0;
    history->slice = FIRST_SLICE;
}

static void take(struct zirconia_gdb *gdb) {
    struct history *history = &gdb->history;
    struct past *past = &history->pasts[history->count];
    if (history->count < HISTORY_MOST &&
        zirconia_guest_snapshot(gdb->guest, 0, &past->snapshot) == ZX_OK) {
        past->moment = moment_of(gdb);
        history->count++;
        history->slice *= history->count % SNAPSHOTS_A_SLICE == 0 ? 2 : 1;
    }
}

// What comes later than now was gone back from.
static void forget_later(struct zirconia_gdb *gdb) {
    struct history *history = &gdb->history;
    const uint64_t work = moment_of(gdb).work;
    while (history->count > 0 && history->pasts[history->count - 1].moment.work > work) {
        zx_handle_close(history->pasts[--history->count].snapshot);
    }
}

static void begin_slice(struct zirconia_gdb *gdb, uint64_t work) {
    gdb->history.end = work + gdb->history.slice;
    set_budget(gdb, gdb->history.slice);
}

void history_begin(struct zirconia_gdb *gdb) {
    struct history *history = &gdb->history;
    if (!history->possible) {
        return;
    }
    forget_later(gdb);
    if (history->count == 0) {
        take(gdb);
    }
    begin_slice(gdb, moment_of(gdb).work);
}

#define HLT_SIZE 1u

// A guest with a budget does not sleep for ever: it has gone behind its HLT. So it is put before
// it, and sleeps without one.
static void sleep_on(struct zirconia_gdb *gdb, struct moment *moment) {
    moment->registers.rip -= HLT_SIZE;
    zirconia_vcpu_write_registers(vcpu_of(gdb), &moment->registers);
    set_budget(gdb, ZIRCONIA_BUDGET_NONE);
}

void history_slice(struct zirconia_gdb *gdb) {
    struct moment moment = moment_of(gdb);
    if (moment.work < gdb->history.end) {
        sleep_on(gdb, &moment);
        return;
    }
    take(gdb);
    begin_slice(gdb, moment.work);
}

void history_close(struct zirconia_gdb *gdb) {
    history_forget(gdb);
}

// --- Going back ---

static bool is_now(const struct zirconia_gdb *gdb, const struct moment *moment) {
    const struct moment *now = &gdb->history.now;
    return moment->work == now->work &&
           memcmp(&moment->registers, &now->registers, sizeof now->registers) == 0;
}

static void set_steps(const struct zirconia_gdb *gdb, bool steps) {
    zirconia_vcpu_set_stepping(vcpu_of(gdb), steps);
}

// From a snapshot, with a budget up to `margin` before now. False when that fails.
static bool approach(struct zirconia_gdb *gdb) {
    struct history *history = &gdb->history;
    const struct moment *first = &history->pasts[history->from].moment;
    const uint64_t now = history->now.work;
    if (zirconia_guest_restore(gdb->guest, history->pasts[history->from].snapshot) != ZX_OK) {
        return false;
    }
    const uint64_t all = now > first->work ? now - first->work : 0;
    set_budget(gdb, all > history->margin ? all - history->margin : 0);
    set_steps(gdb, false);
    gdb_apply(gdb, history->continues);
    history->replay = REPLAY_RUNS;
    history->over = false;
    history->steps = 0;
    history->events = 0;
    return true;
}

static bool end(struct zirconia_gdb *gdb, struct gdb_stop *stop, bool at_beginning) {
    struct history *history = &gdb->history;
    history->replay = REPLAY_NONE;
    zx_handle_close(history->here);
    set_budget(gdb, ZIRCONIA_BUDGET_NONE);
    set_steps(gdb, false);
    stop->at_beginning = at_beginning;
    stop->watch = history->watch && !at_beginning;
    stop->address = gdb_watched_address(gdb, history->watched);
    return true;
}

// It was not found again, or the way is too long: the guest is where it was.
static bool give_up(struct zirconia_gdb *gdb, struct gdb_stop *stop) {
    zirconia_guest_restore(gdb->guest, gdb->history.here);
    if (gdb->history.canceled) {
        stop->signal = GDB_INTERRUPT;
        return end(gdb, stop, false);
    }
    return end(gdb, stop, true);
}

// True, with what there is to say, if the guest cannot be brought on its way.
static bool begin(struct zirconia_gdb *gdb, bool again, struct gdb_stop *stop) {
    gdb->history.again = again;
    return !approach(gdb) && give_up(gdb, stop);
}

bool history_go_back(struct zirconia_gdb *gdb, bool continues) {
    struct history *history = &gdb->history;
    struct gdb_stop unused;
    if (!history->possible) {
        return false;
    }
    forget_later(gdb);
    history->now = moment_of(gdb);
    if (history->count > 0 && is_now(gdb, &history->pasts[history->count - 1].moment)) {
        zx_handle_close(history->pasts[--history->count].snapshot);
    }
    if (history->count == 0 || zirconia_guest_snapshot(gdb->guest, 0, &history->here) != ZX_OK) {
        return false;
    }
    history->from = history->count - 1;
    history->continues = continues;
    history->canceled = false;
    history->watch = false;
    history->margin = 1;
    return !begin(gdb, false, &unused);
}

// --- One run call after the other ---

// Between this snapshot and where the search ended there was nothing.
static bool go_further_back(struct zirconia_gdb *gdb, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    if (history->from == 0) {
        zirconia_guest_restore(gdb->guest, history->pasts[0].snapshot);
        return end(gdb, stop, true);
    }
    history->now = history->pasts[history->from--].moment;
    history->margin = 1;
    return begin(gdb, false, stop);
}

// The guest is where it was: it is known how many events there were.
static bool found(struct zirconia_gdb *gdb, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    if (history->continues && history->events == 0) {
        return go_further_back(gdb, stop);
    }
    history->wanted = history->continues ? history->events : history->events - 1;
    return begin(gdb, true, stop);
}

// True at the one that is wanted. A store to what is watched is gone back behind, too.
static bool event(struct zirconia_gdb *gdb, uint32_t cause, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    if (++history->events != history->wanted || !history->again) {
        return false;
    }
    if (!history->continues || cause != ZIRCONIA_STOP_WATCHPOINT) {
        return end(gdb, stop, false);
    }
    zirconia_stop_t why = {0};
    zirconia_vcpu_read_stop(vcpu_of(gdb), &why);
    history->watch = true;
    history->watched = why.address;
    history->now = moment_of(gdb);
    history->continues = false;
    history->margin = 1;
    return begin(gdb, false, stop);
}

static bool is_at_breakpoint(const struct zirconia_gdb *gdb, const struct moment *moment) {
    const uint64_t linear = moment->registers.rip + moment->registers.segments[1].base;
    for (size_t i = 0; i < gdb->breakpoint_count; i++) {
        if (gdb->breakpoints[i] == linear) {
            return true;
        }
    }
    return false;
}

// The budget has come to its end, perhaps later than it was to: then it is to end earlier.
static bool begin_steps(struct zirconia_gdb *gdb, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    const struct moment moment = moment_of(gdb);
    if (moment.work > history->now.work || is_now(gdb, &moment)) {
        if (moment.work == history->pasts[history->from].moment.work) {
            return give_up(gdb, stop);
        }
        history->margin *= 4;
        return begin(gdb, history->again, stop);
    }
    const bool met = history->continues && !history->over && is_at_breakpoint(gdb, &moment);
    if (met && event(gdb, ZIRCONIA_STOP_BREAKPOINT, stop)) {
        return true;
    }
    if (history->again && !history->continues && history->wanted == 0) {
        return end(gdb, stop, false);
    }
    history->replay = REPLAY_STEPS;
    set_budget(gdb, ZIRCONIA_BUDGET_NONE);
    set_steps(gdb, true);
    return false;
}

static bool step(struct zirconia_gdb *gdb, uint32_t cause, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    const struct moment moment = moment_of(gdb);
    const bool there = is_now(gdb, &moment);
    if (++history->steps > MOST_STEPS || moment.work > history->now.work) {
        return give_up(gdb, stop);
    }
    const bool again = history->again;
    const bool met = !history->continues || cause == ZIRCONIA_STOP_WATCHPOINT ||
                     (!there && is_at_breakpoint(gdb, &moment));
    if (met && event(gdb, cause, stop)) {
        return true;
    }
    return there && !again && found(gdb, stop);
}

static bool run(struct zirconia_gdb *gdb, uint32_t cause, struct gdb_stop *stop) {
    struct history *history = &gdb->history;
    const bool met = cause == ZIRCONIA_STOP_BREAKPOINT || cause == ZIRCONIA_STOP_WATCHPOINT;
    history->over = cause == ZIRCONIA_STOP_BREAKPOINT;
    set_steps(gdb, history->over);
    return met && event(gdb, cause, stop);
}

bool history_next(struct zirconia_gdb *gdb, zx_status_t status, uint32_t cause,
                  struct gdb_stop *stop) {
    const enum replay replay = gdb->history.replay;
    if (gdb->history.canceled) {
        return give_up(gdb, stop);
    }
    if (replay == REPLAY_STEPS) {
        return step(gdb, cause, stop);
    }
    return status == ZX_ERR_TIMED_OUT ? begin_steps(gdb, stop) : run(gdb, cause, stop);
}
