// SPDX-License-Identifier: MIT
//
// The VMM of lessons: runs a guest in virtual time, so that it does the same each time, with a
// budget of work, so that it ends, and keeps what it does. A second VCPU runs on a thread of its
// own.

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

#include "cli/access.h"
#include "cli/attendant.h"
#include "cli/ending.h"
#include "cli/host.h"
#include "cli/lesson.h"
#include "cli/talk.h"
#include "cli/vm.h"

static const uint64_t budget = 1000000;
static const uint64_t memory_size = (uint64_t)64 << 20;

// A limit in real time, for a guest whose single instructions take very long.
static const zx_duration_t longest_run = ZX_SEC(60);

enum { VCPUS = 2 };

struct run {
    const struct lesson *lesson;
    struct vm vm;
    struct lesson_record *record;
    struct host_lock *lock; // Guards the record and the fields of VCPUs here.
    zx_handle_t vcpus[VCPUS];
    zirconia_exit_t last[VCPUS];
    size_t open[VCPUS]; // The deed whose packet may come; LESSON_MAX_DEEDS: none.
    atomic_bool ended;
    atomic_bool failed; // The host or the library has failed, and that has been printed.
    bool second_ready;  // The second VCPU has been created, or cannot be.
    zx_vaddr_t second_entry;
    struct host_thread *second;
    zx_handle_t snapshot;
};

// --- What is kept ---

static bool has_kind(const struct lesson *lesson, enum deed_kind kind) {
    for (size_t i = 0; i < lesson->step_count; i++)
        if (lesson->steps[i].deed.kind == kind)
            return true;
    return false;
}

// Accesses to devices are kept always. MSRs that a careful guest may write as well are not.
static bool is_of_interest(const struct lesson *lesson, const struct deed *deed) {
    enum { X2APIC_EOI = 0x80b, X2APIC_SPURIOUS = 0x80f, X2APIC_DIVIDE = 0x83e };
    switch (deed->kind) {
    case DEED_OUT:
    case DEED_IN:
    case DEED_STORE:
    case DEED_LOAD:
    case DEED_RING:
        return true;
    case DEED_MSR_WRITE:
        return has_kind(lesson, deed->kind) && deed->where != X2APIC_EOI &&
               deed->where != X2APIC_SPURIOUS && deed->where != X2APIC_DIVIDE;
    default:
        return has_kind(lesson, deed->kind);
    }
}

static bool is_bell(const struct lesson *lesson, uint64_t address) {
    for (size_t i = 0; i < LESSON_MAX_TRAPS; i++) {
        const struct trap_option *trap = &lesson->traps[i];
        if (trap->size && trap->kind == ZX_GUEST_TRAP_BELL && address - trap->address < trap->size)
            return true;
    }
    return false;
}

static bool is_at(const struct deed *one, const struct deed *other) {
    return one->kind == other->kind && one->where == other->where;
}

// The step that a deed may be: the n-th of its kind and place for the n-th such deed, or the last.
static const struct lesson_step *step_of(const struct run *run, const struct deed *deed,
                                         size_t before) {
    size_t nth = 0;
    for (size_t i = 0; i < before; i++)
        nth += is_at(&run->record->deeds[i].deed, deed);
    const struct lesson_step *found = NULL;
    for (size_t i = 0; i < run->lesson->step_count; i++) {
        const struct lesson_step *step = &run->lesson->steps[i];
        if (!is_at(&step->deed, deed))
            continue;
        found = step;
        if (nth-- == 0)
            break;
    }
    return found;
}

// A zirconia_exit_observer_t.
static void observe(void *context, const zirconia_exit_t *exit) {
    struct run *run = context;
    struct deed deed;
    if (exit->vcpu >= VCPUS)
        return;
    host_lock(run->lock);
    run->last[exit->vcpu] = *exit;
    run->open[exit->vcpu] = LESSON_MAX_DEEDS;
    struct lesson_record *record = run->record;
    if (deed_of_exit(exit, &deed) && record->count < LESSON_MAX_DEEDS) {
        if (deed.kind == DEED_STORE && is_bell(run->lesson, deed.where))
            deed.kind = DEED_RING;
        if (is_of_interest(run->lesson, &deed)) {
            const struct lesson_step *step = step_of(run, &deed, record->count);
            if (step && step->action == ACTION_INTERRUPT)
                (void)zx_vcpu_interrupt(run->vcpus[0], LESSON_VECTOR);
            run->open[exit->vcpu] = record->count;
            record->deeds[record->count++] = (struct lesson_deed){deed, *exit};
        }
    }
    host_unlock(run->lock);
}

// --- Its end ---

// Notes how the run ends, unless that was noted before.
static void end(struct run *run, enum lesson_end how, unsigned vcpu) {
    host_lock(run->lock);
    if (!run->ended) {
        run->ended = true;
        run->record->end = how;
        run->record->last = run->last[vcpu];
    }
    host_unlock(run->lock);
}

static void kick_all(struct run *run) {
    host_lock(run->lock);
    for (unsigned i = 0; i < VCPUS; i++)
        if (run->vcpus[i] != ZX_HANDLE_INVALID)
            (void)zx_vcpu_kick(run->vcpus[i]);
    host_unlock(run->lock);
}

static void fail(struct run *run, const char *what, zx_status_t status) {
    talk("cannot %s: %s", what, zx_status_get_string(status));
    run->failed = true;
}

static void end_by_error(struct run *run, unsigned vcpu, zx_status_t status) {
    const bool asleep = run->last[vcpu].kind == ZIRCONIA_EXIT_HLT;
    if (status == ZX_ERR_TIMED_OUT || status == ZX_ERR_CANCELED) {
        end(run, asleep ? END_ASLEEP : END_ENDLESS, vcpu);
        return;
    }
    if (status == ZX_ERR_INTERNAL || status == ZX_ERR_NO_MEMORY)
        fail(run, "run the guest", status);
    else
        snprintf(run->record->fault, sizeof(run->record->fault), "%s", ending_noted(vcpu));
    end(run, END_FAULT, vcpu);
}

// --- What the VMM does ---

static void act(struct run *run, const struct lesson_step *step) {
    zx_status_t status = ZX_OK;
    if (step && step->action == ACTION_SNAPSHOT) {
        zx_handle_close(run->snapshot);
        run->snapshot = ZX_HANDLE_INVALID;
        status = zirconia_guest_snapshot(run->vm.guest, 0, &run->snapshot);
    } else if (step && step->action == ACTION_GO_BACK && run->snapshot != ZX_HANDLE_INVALID) {
        status = zirconia_guest_restore(run->vm.guest, run->snapshot);
    }
    if (status != ZX_OK)
        fail(run, "take or restore a snapshot", status);
}

// NULL when the record is full.
static struct deed *open_deed(struct run *run, unsigned vcpu) {
    const size_t at = run->open[vcpu];
    return at < LESSON_MAX_DEEDS ? &run->record->deeds[at].deed : NULL;
}

static const struct lesson_step *open_step(struct run *run, unsigned vcpu) {
    const struct deed *deed = open_deed(run, vcpu);
    return deed ? step_of(run, deed, run->open[vcpu]) : NULL;
}

static void answer_io(struct run *run, unsigned vcpu, const zx_packet_guest_io_t *io) {
    const struct lesson_step *step = open_step(run, vcpu);
    if (io->input) {
        const uint64_t value = step ? step->deed.value : 0;
        if (access_input(run->vcpus[vcpu], io->access_size, (uint32_t)value) != ZX_OK)
            run->failed = true;
        return;
    }
    struct deed *deed = open_deed(run, vcpu);
    if (deed)
        deed->value = access_output(io);
    if (io->port == VM_EXIT_PORT)
        end(run, END_BY_GUEST, vcpu);
    else
        act(run, step);
}

static void answer_memory(struct run *run, unsigned vcpu) {
    const struct lesson_step *step = open_step(run, vcpu);
    struct deed *deed = open_deed(run, vcpu);
    zirconia_mmio_access_t access = {0};
    uint64_t stored = 0;
    const zx_status_t status = access_memory(run->vcpus[vcpu], &run->last[vcpu],
                                             step ? step->deed.value : 0, &access, &stored);
    if (status == ZX_OK && deed) {
        deed->size = access.size;
        deed->value = stored;
    }
    if (status != ZX_OK) {
        run->record->count = run->open[vcpu];
        snprintf(run->record->fault, sizeof(run->record->fault),
                 "zirconia_mmio_decode() does not know that instruction");
        end(run, END_FAULT, vcpu);
    }
}

static void run_second(void *context);

// Returns once the second VCPU takes part in the order of turns. There are two.
static void start_second(struct run *run, zx_vaddr_t entry) {
    if (run->second)
        return;
    run->second_entry = entry;
    run->second = host_thread_start(run_second, run);
    if (!run->second) {
        talk("cannot start a thread");
        run->failed = true;
        return;
    }
    host_lock(run->lock);
    while (!run->second_ready)
        host_lock_wait(run->lock);
    host_unlock(run->lock);
}

static void answer_vcpu(struct run *run, const zirconia_2022_packet_guest_vcpu_t *vcpu) {
    if (vcpu->type == ZX_PKT_GUEST_VCPU_STARTUP) {
        start_second(run, vcpu->startup.entry);
        return;
    }
    for (unsigned i = 0; i < VCPUS; i++)
        if (vcpu->interrupt.mask >> i & 1 && run->vcpus[i] != ZX_HANDLE_INVALID)
            (void)zx_vcpu_interrupt(run->vcpus[i], vcpu->interrupt.vector);
}

// Until one VCPU has come to an end. The other one does not wait for it then.
static void run_vcpu(struct run *run, unsigned vcpu) {
    while (!run->failed && !run->ended) {
        zx_port_packet_t packet;
        const zx_status_t status = zx_vcpu_enter(run->vcpus[vcpu], &packet);
        if (status != ZX_OK)
            end_by_error(run, vcpu, status);
        else if (packet.type == ZX_PKT_TYPE_GUEST_IO)
            answer_io(run, vcpu, &packet.guest_io);
        else if (packet.type == ZX_PKT_TYPE_GUEST_MEM)
            answer_memory(run, vcpu);
        else if (packet.type == ZX_PKT_TYPE_GUEST_VCPU)
            answer_vcpu(run, &packet.guest_vcpu_2022);
    }
    kick_all(run);
}

static void run_second(void *context) {
    struct run *run = context;
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_vcpu_create(run->vm.guest, 0, run->second_entry, &vcpu);
    host_lock(run->lock);
    if (status != ZX_OK)
        fail(run, "create a VCPU", status);
    run->vcpus[1] = vcpu;
    run->second_ready = true;
    host_lock_wake(run->lock);
    host_unlock(run->lock);
    run_vcpu(run, 1);
}

// --- The whole ---

static void run_observed(struct run *run) {
    struct attendant attendant = {
        .port = run->vm.port,
        .vcpu = run->vm.vcpu,
        .deadline = zx_deadline_after(longest_run),
    };
    zx_status_t status = zirconia_guest_set_budget(run->vm.guest, budget);
    if (status == ZX_OK)
        status = zirconia_guest_observe(run->vm.guest, observe, run);
    if (status != ZX_OK) {
        fail(run, "observe the guest", status);
        return;
    }
    if (!attendant_start(&attendant)) {
        talk("cannot start a thread");
        run->failed = true;
        return;
    }
    run_vcpu(run, 0);
    if (run->second)
        host_thread_join(run->second);
    attendant_stop(&attendant);
    (void)zirconia_guest_observe(run->vm.guest, NULL, NULL);
}

static int run_image(const struct lesson *lesson, const struct options *options,
                     const struct image *image, struct lesson_record *record) {
    struct run run = {.lesson = lesson, .record = record, .lock = host_lock_create()};
    if (!run.lock) {
        talk("no memory");
        return EXIT_CODE_TOOL_FAILED;
    }
    enum exit_code code = vm_create(options, image, &run.vm);
    if (code == EXIT_CODE_OK) {
        if (lesson->cleared)
            memset((uint8_t *)run.vm.memory + lesson->cleared, 0, sizeof(uint64_t));
        run.vcpus[0] = run.vm.vcpu;
        run_observed(&run);
        code = run.failed ? EXIT_CODE_TOOL_FAILED : EXIT_CODE_OK;
    }
    zx_handle_close(run.snapshot);
    zx_handle_close(run.vcpus[1]);
    vm_destroy(&run.vm);
    host_lock_destroy(run.lock);
    return (int)code;
}

int lesson_run(const struct lesson *lesson, const char *image_name, struct lesson_record *record) {
    struct options options = {
        .image = image_name,
        .memory_size = memory_size,
        .virtual_time = true,
    };
    for (size_t i = 0; i < LESSON_MAX_TRAPS && lesson->traps[i].size; i++)
        options.traps[options.trap_count++] = lesson->traps[i];
    *record = (struct lesson_record){0};
    struct image image;
    if (!image_open(&options, &image))
        return EXIT_CODE_USAGE;
    const int code = run_image(lesson, &options, &image, record);
    image_close(&image);
    return code;
}
