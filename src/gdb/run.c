// SPDX-License-Identifier: MIT
//
// Running and stopping: what the threads of the VCPUs do.

#include "gdb/server.h"

#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zirconia/virtual_time.h>

// --- The VCPUs ---

static bool has_ended(zx_handle_t thread) {
    return zx_object_wait_one(thread, ZX_THREAD_TERMINATED, 0, NULL) == ZX_OK;
}

unsigned gdb_first_thread(const struct zirconia_gdb *gdb) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        if (!gdb->vcpus[i].gone) {
            return i + 1;
        }
    }
    return 1;
}

bool gdb_is_quiet(const struct zirconia_gdb *gdb) {
    bool quiet = gdb->stopped && gdb->vcpu_count > 0 && gdb->history.replay == REPLAY_NONE;
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        quiet = quiet && !gdb->vcpus[i].inside;
    }
    return quiet;
}

// --- Telling gdb ---

void gdb_send(struct zirconia_gdb *gdb, const struct packet *packet) {
    char frame[PACKET_FRAME];
    const size_t size = packet_frame(packet, frame);
    if (gdb->connected && !platform_socket_send(gdb->connection, frame, size)) {
        gdb->connected = false; // The thread that reads finds out, too.
    }
}

void gdb_put_stop(const struct zirconia_gdb *gdb, struct packet *packet) {
    const struct gdb_stop *stop = &gdb->stop;
    const uint8_t signal = (uint8_t)stop->signal;
    packet_put(packet, "T");
    packet_put_hex(packet, &signal, 1);
    packet_put(packet, "thread:");
    packet_put_number(packet, stop->thread);
    packet_put(packet, ";");
    if (stop->watch != NULL) {
        packet_put(packet, stop->watch);
        packet_put(packet, ":");
        packet_put_number(packet, stop->address);
        packet_put(packet, ";");
    }
    if (stop->at_beginning) {
        packet_put(packet, "replaylog:begin;");
    }
}

static void tell(struct zirconia_gdb *gdb) {
    if (!gdb_is_quiet(gdb) || gdb->told) {
        return;
    }
    struct packet packet = {0};
    gdb->told = true;
    gdb->chosen = gdb->stop.thread;
    gdb_put_stop(gdb, &packet);
    gdb_send(gdb, &packet);
}

void gdb_look_for_ended(struct zirconia_gdb *gdb) {
    bool any = false;
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        struct gdb_vcpu *vcpu = &gdb->vcpus[i];
        if (!vcpu->gone && has_ended(vcpu->thread)) {
            vcpu->gone = true;
            vcpu->inside = false;
            any = true;
        }
    }
    if (any) {
        history_abandon(&gdb->history);
        gdb->stop.thread = gdb_first_thread(gdb);
        gdb->chosen = gdb->stop.thread;
        tell(gdb);
    }
}

// --- Stopping and going on ---

static void end_run_calls(const struct zirconia_gdb *gdb) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        if (gdb->vcpus[i].inside) {
            zirconia_vcpu_stop(gdb->vcpus[i].handle);
        }
    }
}

void gdb_stop(struct zirconia_gdb *gdb, const struct gdb_stop *stop) {
    if (gdb->stopped) {
        return;
    }
    gdb->stopped = true;
    gdb->stop = *stop;
    end_run_calls(gdb);
    tell(gdb);
}

void gdb_cancel_replay(struct zirconia_gdb *gdb) {
    if (gdb->history.replay != REPLAY_NONE) {
        gdb->history.canceled = true;
        end_run_calls(gdb);
    }
}

void gdb_apply(struct zirconia_gdb *gdb, bool wanted) {
    zirconia_watchpoint_t places[ZIRCONIA_WATCHPOINTS_MAX];
    for (size_t i = 0; i < gdb->watch_count; i++) {
        places[i] = gdb->watches[i].place;
    }
    zirconia_guest_set_breakpoints(gdb->guest, gdb->breakpoints,
                                   wanted ? gdb->breakpoint_count : 0);
    zirconia_guest_set_watchpoints(gdb->guest, places, wanted ? gdb->watch_count : 0);
}

void gdb_go_on(struct zirconia_gdb *gdb) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        if (!gdb->vcpus[i].gone) {
            zirconia_vcpu_set_stepping(gdb->vcpus[i].handle, gdb->vcpus[i].action == GDB_STEPS);
        }
    }
    gdb->stopped = false;
    gdb->told = false;
    platform_condition_broadcast(&gdb->changed);
}

void gdb_let_go(struct zirconia_gdb *gdb) {
    gdb->breakpoint_count = 0;
    gdb->watch_count = 0;
    gdb->physical = false;
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        gdb->vcpus[i].action = GDB_RUNS;
    }
    gdb_apply(gdb, false);
    history_forget(&gdb->history);
    if (gdb->history.possible) {
        zirconia_guest_set_budget(gdb->guest, ZIRCONIA_BUDGET_NONE);
        gdb->slices = false;
    }
    gdb_go_on(gdb);
}

// --- The thread of a VCPU ---

static void apply(void *context, bool wanted) {
    gdb_apply(context, wanted);
}

static bool has_breakpoint(void *context, uint64_t linear) {
    const struct zirconia_gdb *gdb = context;
    for (size_t i = 0; i < gdb->breakpoint_count; i++) {
        if (gdb->breakpoints[i] == linear) {
            return true;
        }
    }
    return false;
}

static void open_history(struct zirconia_gdb *gdb) {
    const struct history_client client = {gdb, apply, has_breakpoint};
    if (gdb->vcpu_count == 1) {
        history_open(&gdb->history, gdb->guest, gdb->vcpus[0].handle, &client);
    } else {
        gdb->history.possible = false;
    }
}

// NULL for more than there may be.
static struct gdb_vcpu *vcpu_of(struct zirconia_gdb *gdb, zx_handle_t handle) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        if (!gdb->vcpus[i].gone && gdb->vcpus[i].handle == handle) {
            return &gdb->vcpus[i];
        }
    }
    if (gdb->vcpu_count == GDB_VCPUS) {
        return NULL;
    }
    struct gdb_vcpu *vcpu = &gdb->vcpus[gdb->vcpu_count++];
    *vcpu = (struct gdb_vcpu){.handle = handle};
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &vcpu->thread);
    gdb->is_virtual = zirconia_guest_set_budget(gdb->guest, ZIRCONIA_BUDGET_NONE) == ZX_OK;
    open_history(gdb);
    platform_condition_broadcast(&gdb->changed);
    return vcpu;
}

static unsigned thread_of(const struct zirconia_gdb *gdb, const struct gdb_vcpu *vcpu) {
    return (unsigned)(vcpu - gdb->vcpus) + 1;
}

// The first watchpoint at the guest-physical address that may be met in this way.
static void put_watch(const struct zirconia_gdb *gdb, uint64_t physical, bool changed,
                      struct gdb_stop *stop) {
    static const char *const words[] = {"watch", "rwatch", "awatch"};
    stop->watch = words[0];
    stop->address = physical;
    for (size_t i = 0; i < gdb->watch_count; i++) {
        const zirconia_watchpoint_t *place = &gdb->watches[i].place;
        if (place->address == physical && changed == (place->kind == ZIRCONIA_WATCH_CHANGE)) {
            stop->watch = words[place->kind];
            stop->address = gdb->watches[i].linear;
            return;
        }
    }
}

// Nobody is left to let the guest go on, or has the right to stop it.
static bool is_left_alone(const struct zirconia_gdb *gdb) {
    return !gdb->connected || gdb->over || gdb->killed;
}

static void stop_by(struct zirconia_gdb *gdb, const struct gdb_vcpu *vcpu, enum gdb_signal signal,
                    const zirconia_stop_t *why) {
    if (is_left_alone(gdb)) {
        return;
    }
    struct gdb_stop stop = {.thread = thread_of(gdb, vcpu), .signal = signal};
    if (why != NULL &&
        (why->cause == ZIRCONIA_STOP_WATCHPOINT || why->cause == ZIRCONIA_STOP_ACCESS)) {
        put_watch(gdb, why->address, why->cause == ZIRCONIA_STOP_WATCHPOINT, &stop);
    }
    gdb_stop(gdb, &stop);
}

static void replay(struct zirconia_gdb *gdb, zx_status_t status, uint32_t cause) {
    struct history_end end;
    if (!history_next(&gdb->history, status, cause, &end)) {
        return;
    }
    if (gdb->over) {
        gdb_let_go(gdb);
        return;
    }
    struct gdb_stop stop = {
        .thread = 1,
        .signal = end.canceled ? GDB_INTERRUPT : GDB_TRAP,
        .at_beginning = end.at_beginning,
    };
    if (end.watch) {
        put_watch(gdb, end.watched, end.changed, &stop);
    }
    gdb->stopped = false;
    gdb_stop(gdb, &stop);
}

#define HLT_SIZE 1u

// A guest with a budget does not sleep for ever: it has gone behind its HLT. So it is put before
// it, and sleeps without one.
static void sleep_on(struct zirconia_gdb *gdb, zx_handle_t vcpu) {
    zirconia_registers_t registers;
    if (zirconia_vcpu_read_registers(vcpu, &registers) == ZX_OK) {
        registers.rip -= HLT_SIZE;
        zirconia_vcpu_write_registers(vcpu, &registers);
    }
    zirconia_guest_set_budget(gdb->guest, ZIRCONIA_BUDGET_NONE);
}

// A run call has ended for the debugger.
static void stopped(struct zirconia_gdb *gdb, struct gdb_vcpu *vcpu) {
    zirconia_stop_t why = {0};
    zirconia_vcpu_read_stop(vcpu->handle, &why);
    if (gdb->history.replay != REPLAY_NONE) {
        gdb->history.canceled |= why.cause == ZIRCONIA_STOP_REQUEST;
        replay(gdb, ZX_ERR_STOP, why.cause);
    } else if (why.cause == ZIRCONIA_STOP_REQUEST) {
        tell(gdb);
    } else {
        stop_by(gdb, vcpu, GDB_TRAP, &why);
    }
}

static bool is_held(const struct zirconia_gdb *gdb, const struct gdb_vcpu *vcpu) {
    return (gdb->stopped || vcpu->action == GDB_WAITS) && !gdb->over && !gdb->killed &&
           gdb->history.replay == REPLAY_NONE;
}

// The budget of a run call has come to its end. True if it was the server's.
static bool spent(struct zirconia_gdb *gdb, const struct gdb_vcpu *vcpu) {
    if (gdb->history.replay != REPLAY_NONE) {
        replay(gdb, ZX_ERR_TIMED_OUT, ZIRCONIA_STOP_NONE);
        return true;
    }
    if (vcpu->sliced && gdb->slices && !history_slice(&gdb->history)) {
        sleep_on(gdb, vcpu->handle);
    }
    return vcpu->sliced;
}

// What has come of a run call. True when the client is to hear of it now.
static bool is_for_client(struct zirconia_gdb *gdb, struct gdb_vcpu *vcpu, zx_status_t status) {
    switch (status) {
    case ZX_OK:
        vcpu->answering = vcpu->action == GDB_STEPS || gdb->history.replay != REPLAY_NONE;
        tell(gdb);
        return true;
    case ZX_ERR_STOP:
        stopped(gdb, vcpu);
        return false;
    case ZX_ERR_TIMED_OUT:
        return !spent(gdb, vcpu);
    case ZX_ERR_CANCELED:
        tell(gdb);
        return true;
    default:
        if (gdb->history.replay != REPLAY_NONE) {
            replay(gdb, status, ZIRCONIA_STOP_NONE);
            return false;
        }
        vcpu->ended = !is_left_alone(gdb);
        vcpu->status = status;
        stop_by(gdb, vcpu, GDB_FAULT, NULL);
        return !vcpu->ended;
    }
}

// The exit of a step was answered, with which the step is done.
static void end_answer(struct zirconia_gdb *gdb, struct gdb_vcpu *vcpu) {
    if (!vcpu->answering) {
        return;
    }
    vcpu->answering = false;
    if (gdb->history.replay != REPLAY_NONE) {
        replay(gdb, ZX_OK, ZIRCONIA_STOP_STEP);
    } else {
        stop_by(gdb, vcpu, GDB_TRAP, NULL);
    }
}

// A kick of the client's is answered by a run call, also while the guest is stopped.
static bool is_kicked(const struct gdb_vcpu *vcpu) {
    zx_info_vcpu_t info = {0};
    return zx_object_get_info(vcpu->handle, ZX_INFO_VCPU, &info, sizeof info, NULL, NULL) ==
               ZX_OK &&
           (info.flags & ZX_INFO_VCPU_FLAG_KICKED) != 0;
}

static void hold(struct zirconia_gdb *gdb, const struct gdb_vcpu *vcpu) REQUIRES(gdb->lock) {
    while (is_held(gdb, vcpu) && !is_kicked(vcpu)) {
        gdb_wait(gdb);
    }
}

static zx_status_t run(struct zirconia_gdb *gdb, struct gdb_vcpu *vcpu, zx_port_packet_t *packet)
    REQUIRES(gdb->lock) {
    vcpu->inside = true;
    vcpu->sliced = gdb->slices;
    gdb_unlock(gdb);
    const zx_status_t status = zx_vcpu_enter(vcpu->handle, packet);
    gdb_lock(gdb);
    vcpu->inside = false;
    platform_condition_broadcast(&gdb->changed);
    return status;
}

static zx_status_t enter(struct zirconia_gdb *gdb, struct gdb_vcpu *vcpu, zx_port_packet_t *packet)
    REQUIRES(gdb->lock) {
    end_answer(gdb, vcpu);
    for (;;) {
        hold(gdb, vcpu);
        if (gdb->killed) {
            return ZX_ERR_STOP;
        }
        if (vcpu->ended) {
            vcpu->ended = false;
            return vcpu->status;
        }
        const zx_status_t status = run(gdb, vcpu, packet);
        if (is_for_client(gdb, vcpu, status)) {
            return status;
        }
    }
}

zx_status_t zirconia_gdb_enter(zirconia_gdb_t *gdb, zx_handle_t vcpu, zx_port_packet_t *packet) {
    gdb_lock(gdb);
    struct gdb_vcpu *known = vcpu_of(gdb, vcpu);
    const zx_status_t status = known != NULL ? enter(gdb, known, packet) : ZX_ERR_NO_RESOURCES;
    gdb_unlock(gdb);
    return status;
}

bool zirconia_gdb_replays(zirconia_gdb_t *gdb) {
    gdb_lock(gdb);
    const bool replays = gdb->history.replay != REPLAY_NONE;
    gdb_unlock(gdb);
    return replays;
}
