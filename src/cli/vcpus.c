// SPDX-License-Identifier: MIT
//
// The loop around the run call. In virtual time the others wait for their turn while a VCPU is
// outside of it, so that what is told of a guest is in the same order every time.

#include "cli/vcpus.h"

#include <inttypes.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

#include "cli/host.h"
#include "cli/talk.h"

static const struct ending endings[] = {
    [ANSWER_GUEST_OK] = {EXIT_CODE_OK, "guest_ok"},
    [ANSWER_GUEST_FAILED] = {EXIT_CODE_GUEST_FAILED, "guest_failed"},
    [ANSWER_GUEST_FAULT] = {EXIT_CODE_GUEST_FAULT, "guest_fault"},
};

static const struct ending tool_failed = {EXIT_CODE_TOOL_FAILED, "tool_failed"};
static const struct ending killed_by_gdb = {EXIT_CODE_INTERRUPTED, "killed_by_gdb"};

// --- The end ---

static void say_stopped(const struct vcpus *vcpus, uint64_t number, const char *why) {
    const zirconia_exit_t *last = &vcpus->log->of[number].last;
    if (last->kind == ZIRCONIA_EXIT_HLT && vcpus->options->cpus == 1)
        talk("stopped: %s; the guest was still in the HLT at 0x%" PRIx64, why, last->rip);
    else
        talk("stopped: %s", why);
}

static struct ending stopped_by_kick(const struct vcpus *vcpus, uint64_t number) {
    if (atomic_load(&vcpus->attendant->time_is_up)) {
        say_stopped(vcpus, number, "the time is up (--timeout)");
        return (struct ending){EXIT_CODE_LIMIT, "timeout"};
    }
    if (atomic_load(vcpus->interrupted)) {
        say_stopped(vcpus, number, "interrupted");
        return (struct ending){EXIT_CODE_INTERRUPTED, "interrupted"};
    }
    talk("stopped after %" PRIu64 " exits (--max-exits)", vcpus->log->count);
    return (struct ending){EXIT_CODE_LIMIT, "max_exits"};
}

static struct ending ending_of(const struct vcpus *vcpus, uint64_t number, zx_status_t status,
                               enum answer answer) {
    if (status == ZX_ERR_CANCELED)
        return stopped_by_kick(vcpus, number);
    if (status == ZX_ERR_STOP)
        return killed_by_gdb;
    return status == ZX_OK ? endings[answer]
                           : ending_by_error(vcpus->log, number, vcpus->symbols, status);
}

static bool has_ended(struct vcpus *vcpus) {
    host_lock(vcpus->lock);
    const bool ended = vcpus->ended;
    host_unlock(vcpus->lock);
    return ended;
}

static void leave(struct vcpus *vcpus, uint64_t number) {
    exit_log_vcpu_ends(vcpus->log, number);
    host_lock(vcpus->lock);
    vcpus->gone[number] = true;
    host_lock_wake(vcpus->lock);
    host_unlock(vcpus->lock);
}

// One after the other, so that what is told last is in the same order every time too.
static void end_others(struct vcpus *vcpus, uint64_t number) {
    host_lock(vcpus->lock);
    for (uint64_t i = 0; i < OPTIONS_MAX_CPUS; i++) {
        if (i == number || vcpus->handles[i] == ZX_HANDLE_INVALID)
            continue;
        (void)zx_vcpu_kick(vcpus->handles[i]);
        while (!vcpus->gone[i])
            host_lock_wait(vcpus->lock);
    }
    host_unlock(vcpus->lock);
}

// The first to come here ends the run; the others were kicked for it.
static void end(struct vcpus *vcpus, uint64_t number, zx_status_t status, enum answer answer) {
    host_lock(vcpus->lock);
    const bool first = !vcpus->ended;
    if (first) {
        vcpus->ended = true;
        vcpus->ended_by = number;
        serial_flush(&vcpus->serial);
        vcpus->ending = ending_of(vcpus, number, status, answer);
        registers_read(vcpus->handles[number], vcpus->registers);
    }
    host_unlock(vcpus->lock);
    leave(vcpus, number);
    if (first)
        end_others(vcpus, number);
}

// --- What VCPUs ask of each other ---

static void run_other(void *context);

// A kernel starts each twice, of which the second is to have no effect, and in the order of their
// numbers: that of a VCPU is how many were created before it.
static void start(struct vcpus *vcpus, uint64_t number, zx_vaddr_t entry) {
    host_lock(vcpus->lock);
    if (number >= vcpus->options->cpus)
        talk("the guest starts processor %" PRIu64 ", but there %s %" PRIu64 " (--cpus)", number,
             vcpus->options->cpus == 1 ? "is" : "are", vcpus->options->cpus);
    else if (number > vcpus->started)
        talk("the guest starts processor %" PRIu64 " before %" PRIu64, number, vcpus->started);
    if (number == vcpus->started && number < vcpus->options->cpus && !vcpus->ended) {
        struct vcpu_seat *seat = &vcpus->seats[number];
        *seat = (struct vcpu_seat){.vcpus = vcpus, .number = number, .entry = entry};
        vcpus->created = false;
        vcpus->started++;
        seat->thread = host_thread_start(run_other, seat);
        if (!seat->thread)
            talk("cannot start a thread");
        while (seat->thread && !vcpus->created)
            host_lock_wait(vcpus->lock);
    }
    host_unlock(vcpus->lock);
}

static void interrupt(struct vcpus *vcpus, uint64_t mask, uint8_t vector) {
    host_lock(vcpus->lock);
    for (uint64_t i = 0; i < OPTIONS_MAX_CPUS; i++)
        if ((mask >> i & 1) != 0 && vcpus->handles[i] != ZX_HANDLE_INVALID)
            (void)zx_vcpu_interrupt(vcpus->handles[i], vector);
    host_unlock(vcpus->lock);
}

static enum answer answer(struct vcpus *vcpus, uint64_t number, const zx_port_packet_t *packet) {
    if (packet->type == ZX_PKT_TYPE_GUEST_VCPU) {
        const zirconia_2022_packet_guest_vcpu_t *vcpu = &packet->guest_vcpu_2022;
        if (vcpu->type == ZX_PKT_GUEST_VCPU_STARTUP)
            start(vcpus, vcpu->startup.id, vcpu->startup.entry);
        else
            interrupt(vcpus, vcpu->interrupt.mask, vcpu->interrupt.vector);
        return ANSWER_GO_ON;
    }
    host_lock(vcpus->lock);
    vcpus->serial.vcpu = number;
    vcpus->serial.silent = debugger_replays(vcpus->debugger);
    const enum answer answer =
        answer_packet(vcpus->handles[number], &vcpus->serial, vcpus->options->serial_port,
                      &vcpus->log->of[number].last, packet);
    host_unlock(vcpus->lock);
    return answer;
}

// --- The loop ---

static void run(struct vcpus *vcpus, uint64_t number) {
    while (!has_ended(vcpus)) {
        zx_port_packet_t packet;
        enum answer given = ANSWER_GO_ON;
        const zx_status_t status = debugger_enter(vcpus->debugger, vcpus->handles[number], &packet);
        exit_log_returned(vcpus->log, number, status, &packet);
        if (status == ZX_OK)
            given = answer(vcpus, number, &packet);
        if (status != ZX_OK || given != ANSWER_GO_ON) {
            end(vcpus, number, status, given);
            return;
        }
    }
    leave(vcpus, number);
}

static void run_other(void *context) {
    const struct vcpu_seat *seat = context;
    struct vcpus *vcpus = seat->vcpus;
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_vcpu_create(vcpus->vm->guest, 0, seat->entry, &vcpu);
    host_lock(vcpus->lock);
    vcpus->handles[seat->number] = vcpu;
    vcpus->created = true;
    host_lock_wake(vcpus->lock);
    host_unlock(vcpus->lock);
    if (status == ZX_OK)
        run(vcpus, seat->number);
    else
        talk("cannot create a VCPU: %s", zx_status_get_string(status));
}

struct ending vcpus_run(struct vcpus *vcpus) {
    vcpus->started = 1;
    vcpus->ending = tool_failed;
    run(vcpus, 0);
    for (uint64_t i = 1; i < OPTIONS_MAX_CPUS; i++)
        if (vcpus->seats[i].thread)
            host_thread_join(vcpus->seats[i].thread);
    return vcpus->ending;
}

void vcpus_close(struct vcpus *vcpus) {
    for (uint64_t i = 1; i < OPTIONS_MAX_CPUS; i++)
        if (vcpus->handles[i] != ZX_HANDLE_INVALID)
            zx_handle_close(vcpus->handles[i]);
}
