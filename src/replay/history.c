// SPDX-License-Identifier: MIT
//
// Snapshots as the guest goes on, and replays from them.
//
// To go back, the guest is put to a snapshot and given a budget that ends shortly before where it
// is now. From there it steps until it is there, and events are counted: each of these steps, or,
// to go back to an event, each one that was met on the whole way. Then it does so once more, and
// ends at the last event before where it was.

#include "replay/history.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

// The first slices of work between snapshots; they double so that there is room for years.
#define FIRST_SLICE 2000000u
#define SNAPSHOTS_A_SLICE 8u

// A run call comes back at multiples of this, always the same ones, so that whoever makes it can
// see to other things.
#define PIECE 0x100000u

// What lies between a budget's end and the moment has fewer.
#define MOST_STEPS 1000000u

// No step needs as much, but with a budget a guest that halts for ever comes back.
#define BUDGET_OF_STEPS (UINT64_MAX / 2)

static struct moment moment_of(const struct history *history) {
    struct moment moment;
    zirconia_stop_t stop = {0};
    memset(&moment, 0, sizeof moment);
    zirconia_vcpu_read_registers(history->vcpu, &moment.registers);
    zirconia_vcpu_read_stop(history->vcpu, &stop);
    moment.work = stop.work;
    return moment;
}

static void set_budget(const struct history *history, uint64_t work) {
    zirconia_guest_set_budget(history->guest, work);
}

static void apply(const struct history *history, bool wanted) {
    history->client.apply(history->client.context, wanted);
}

// --- Snapshots ---

void history_open(struct history *history, zx_handle_t guest, zx_handle_t vcpu,
                  const struct history_client *client) {
    *history = (struct history){
        .guest = guest,
        .vcpu = vcpu,
        .client = *client,
        .slice = FIRST_SLICE,
        .possible = zirconia_guest_set_budget(guest, ZIRCONIA_BUDGET_NONE) == ZX_OK,
    };
}

void history_forget(struct history *history) {
    for (size_t i = 0; i < history->count; i++) {
        zx_handle_close(history->pasts[i].snapshot);
    }
    history->count = 0;
    history->slice = FIRST_SLICE;
}

static void take(struct history *history) {
    struct past *past = &history->pasts[history->count];
    if (history->count < HISTORY_MOST &&
        zirconia_guest_snapshot(history->guest, 0, &past->snapshot) == ZX_OK) {
        past->moment = moment_of(history);
        history->count++;
        history->slice *= history->count % SNAPSHOTS_A_SLICE == 0 ? 2 : 1;
    }
}

// What comes later than now was gone back from.
static void forget_later(struct history *history) {
    const uint64_t work = moment_of(history).work;
    while (history->count > 0 && history->pasts[history->count - 1].moment.work > work) {
        zx_handle_close(history->pasts[--history->count].snapshot);
    }
}

static void begin_piece(struct history *history, uint64_t work, uint64_t most) {
    const uint64_t end = (work / PIECE + 1) * PIECE;
    history->piece_end = end < most ? end : most;
    set_budget(history, history->piece_end - work);
}

void history_begin(struct history *history) {
    if (!history->possible) {
        return;
    }
    forget_later(history);
    if (history->count == 0) {
        take(history);
    }
    const uint64_t work = moment_of(history).work;
    history->end = work + history->slice;
    begin_piece(history, work, UINT64_MAX);
}

bool history_slice(struct history *history) {
    const uint64_t work = moment_of(history).work;
    if (work < history->piece_end) {
        return false;
    }
    if (work >= history->end) {
        take(history);
        history->end = work + history->slice;
    }
    begin_piece(history, work, UINT64_MAX);
    return true;
}

void history_close(struct history *history) {
    history_forget(history);
}

// --- Going back ---

static bool is_now(const struct history *history, const struct moment *moment) {
    const struct moment *now = &history->now;
    return moment->work == now->work &&
           memcmp(&moment->registers, &now->registers, sizeof now->registers) == 0;
}

static void set_steps(const struct history *history, bool steps) {
    zirconia_vcpu_set_stepping(history->vcpu, steps);
}

// From a snapshot, with a budget up to `margin` before now. False when that fails.
static bool approach(struct history *history) {
    const struct moment *first = &history->pasts[history->from].moment;
    const uint64_t now = history->now.work;
    if (zirconia_guest_restore(history->guest, history->pasts[history->from].snapshot) != ZX_OK) {
        return false;
    }
    const uint64_t all = now > first->work ? now - first->work : 0;
    history->approached = first->work + (all > history->margin ? all - history->margin : 0);
    begin_piece(history, first->work, history->approached);
    set_steps(history, false);
    apply(history, history->goal == HISTORY_EVENT);
    history->replay = REPLAY_RUNS;
    history->over = false;
    history->steps = 0;
    history->events = 0;
    return true;
}

void history_abandon(struct history *history) {
    if (history->replay != REPLAY_NONE) {
        history->replay = REPLAY_NONE;
        zx_handle_close(history->here);
    }
}

static bool end_replay(struct history *history, struct history_end *end, bool at_beginning) {
    history_abandon(history);
    set_budget(history, ZIRCONIA_BUDGET_NONE);
    set_steps(history, false);
    *end = (struct history_end){
        .at_beginning = at_beginning,
        .watch = history->watch && !at_beginning,
        .changed = history->changed,
        .watched = history->watched,
    };
    return true;
}

// It was not found again, or the way is too long: the guest is where it was.
static bool give_up(struct history *history, struct history_end *end) {
    zirconia_guest_restore(history->guest, history->here);
    end_replay(history, end, !history->canceled);
    end->canceled = history->canceled;
    return true;
}

// True, with what there is to say, if the guest cannot be brought on its way.
static bool begin(struct history *history, bool again, struct history_end *end) {
    history->again = again;
    return !approach(history) && give_up(history, end);
}

bool history_go_to_beginning(struct history *history) {
    return history->count > 0 &&
           zirconia_guest_restore(history->guest, history->pasts[0].snapshot) == ZX_OK;
}

bool history_go_back(struct history *history, enum history_goal goal) {
    struct history_end unused;
    if (!history->possible) {
        return false;
    }
    forget_later(history);
    history->now = moment_of(history);
    if (history->count > 0 && is_now(history, &history->pasts[history->count - 1].moment)) {
        zx_handle_close(history->pasts[--history->count].snapshot);
    }
    if (history->count == 0 ||
        zirconia_guest_snapshot(history->guest, 0, &history->here) != ZX_OK) {
        return false;
    }
    history->from = history->count - 1;
    history->goal = goal;
    history->canceled = false;
    history->watch = false;
    history->margin = 1;
    return !begin(history, false, &unused);
}

// --- One run call after the other ---

// Between this snapshot and where the search ended there was nothing.
static bool go_further_back(struct history *history, struct history_end *end) {
    if (history->from == 0) {
        zirconia_guest_restore(history->guest, history->pasts[0].snapshot);
        return end_replay(history, end, true);
    }
    history->now = history->pasts[history->from--].moment;
    history->margin = 1;
    return begin(history, false, end);
}

// The guest is where it was: it is known how many events there were.
static bool found(struct history *history, struct history_end *end) {
    const bool event = history->goal == HISTORY_EVENT;
    if (event && history->events == 0) {
        return go_further_back(history, end);
    }
    history->wanted = event ? history->events : history->events - 1;
    return begin(history, true, end);
}

static bool is_watch(uint32_t cause) {
    return cause == ZIRCONIA_STOP_WATCHPOINT || cause == ZIRCONIA_STOP_ACCESS;
}

// True at the one that is wanted. A store to what is watched is gone back behind, too.
static bool meet(struct history *history, uint32_t cause, struct history_end *end) {
    if (++history->events != history->wanted || !history->again) {
        return false;
    }
    if (history->goal == HISTORY_STEP || !is_watch(cause)) {
        return end_replay(history, end, false);
    }
    zirconia_stop_t why = {0};
    zirconia_vcpu_read_stop(history->vcpu, &why);
    history->watch = true;
    history->changed = cause == ZIRCONIA_STOP_WATCHPOINT;
    history->watched = why.address;
    history->now = moment_of(history);
    history->goal = HISTORY_STEP;
    history->margin = 1;
    return begin(history, false, end);
}

static bool is_at_breakpoint(const struct history *history, const struct moment *moment) {
    const uint64_t linear = moment->registers.rip + moment->registers.segments[1].base;
    return history->client.has_breakpoint(history->client.context, linear);
}

// The budget has come to its end, perhaps later than it was to: then it is to end earlier.
static bool begin_steps(struct history *history, struct history_end *end) {
    const struct moment moment = moment_of(history);
    const bool event = history->goal == HISTORY_EVENT;
    if (moment.work > history->now.work || is_now(history, &moment)) {
        if (moment.work == history->pasts[history->from].moment.work) {
            return give_up(history, end);
        }
        history->margin *= 4;
        return begin(history, history->again, end);
    }
    const bool met = event && !history->over && is_at_breakpoint(history, &moment);
    if (met && meet(history, ZIRCONIA_STOP_BREAKPOINT, end)) {
        return true;
    }
    if (history->again && !event && history->wanted == 0) {
        return end_replay(history, end, false);
    }
    history->replay = REPLAY_STEPS;
    set_budget(history, BUDGET_OF_STEPS);
    set_steps(history, true);
    return false;
}

static bool step(struct history *history, uint32_t cause, struct history_end *end) {
    const struct moment moment = moment_of(history);
    const bool there = is_now(history, &moment);
    if (++history->steps > MOST_STEPS || moment.work > history->now.work) {
        return give_up(history, end);
    }
    const bool again = history->again;
    const bool met =
        history->goal == HISTORY_STEP || is_watch(cause) ||
        (!there && (cause == HISTORY_STOP_CLIENT || is_at_breakpoint(history, &moment)));
    if (met && meet(history, cause, end)) {
        return true;
    }
    return there && !again && found(history, end);
}

static bool run(struct history *history, uint32_t cause, struct history_end *end) {
    const bool met =
        cause == ZIRCONIA_STOP_BREAKPOINT || is_watch(cause) || cause == HISTORY_STOP_CLIENT;
    history->over = cause == ZIRCONIA_STOP_BREAKPOINT;
    set_steps(history, history->over);
    return met && meet(history, cause, end);
}

static bool is_error(zx_status_t status) {
    return status != ZX_OK && status != ZX_ERR_STOP && status != ZX_ERR_TIMED_OUT &&
           status != ZX_ERR_CANCELED;
}

// The guest can go no further, which is right only where it was asked to go back.
static bool is_stuck(const struct history *history, zx_status_t status) {
    const struct moment moment = moment_of(history);
    return is_error(status) && !is_now(history, &moment);
}

// The budget was a piece of the way, and the next one begins.
static bool is_on_its_way(struct history *history) {
    const uint64_t work = moment_of(history).work;
    const bool on_its_way = work >= history->piece_end && work < history->approached;
    if (on_its_way) {
        begin_piece(history, work, history->approached);
    }
    return on_its_way;
}

bool history_next(struct history *history, zx_status_t status, uint32_t cause,
                  struct history_end *end) {
    if (history->canceled || is_stuck(history, status)) {
        return give_up(history, end);
    }
    if (history->replay == REPLAY_STEPS) {
        return step(history, cause, end);
    }
    if (status == ZX_ERR_TIMED_OUT && is_on_its_way(history)) {
        return false;
    }
    return status == ZX_ERR_TIMED_OUT || is_error(status) ? begin_steps(history, end)
                                                          : run(history, cause, end);
}
