// SPDX-License-Identifier: MIT
//
// Threads that take, restore, save, load and close snapshots of one guest, and change what it has,
// under each other and while its VCPU runs, and at last close it under all of them: no status that
// the calls do not promise, no thread stuck, and a snapshot of before brings back what was then.
// ZIRCONIA_STRESS_SECONDS, which all storms share, makes one longer than its one second.

#include "other_thread.h"
#include "snapshot_fixture.h"
#include "stress_watch.h"

#include <sched.h>
#include <stdio.h>
#include <zircon/process.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

enum { WORKERS = 4, SLOTS = 6, STUCK_SECONDS = 60, DEVICE_SIZE = 64, MAP_SIZE = 0x1000 };

#define BELL 0x400000u
#define EXTRA 0x2000000u // Where a VMO is mapped that loses pages and changes its size.
#define EXTRA_SIZE 0x20000u

static _Atomic(zx_handle_t) slots[SLOTS];
static zx_handle_t first; // A snapshot of before, which stays.
static zx_handle_t extra;
static zx_handle_t port;
static atomic_bool stop;
static uint8_t map[MAP_SIZE]; // Coverage is counted here.

struct worker {
    struct watched *watched;
    uint64_t random;
    uint8_t *file; // A snapshot's.
    size_t file_size;
    const char *failed; // The call with an unexpected status, which is in `status`.
    zx_status_t status;
};

static struct watched watched[WORKERS + 1]; // The last is the VCPU's.

static uint64_t below(struct worker *worker, uint64_t limit) {
    worker->random = worker->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (worker->random >> 33) % limit;
}

static zx_handle_t any_snapshot(struct worker *worker) {
    const uint64_t i = below(worker, SLOTS + 1);
    return i == SLOTS ? first : atomic_load(&slots[i]);
}

static zx_status_t put(struct worker *worker, zx_status_t status, zx_handle_t handle) {
    if (status == ZX_OK) {
        zx_handle_close(atomic_exchange(&slots[below(worker, SLOTS)], handle));
    }
    return status;
}

// --- Snapshots ---

static zx_status_t take(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    const uint32_t options = (uint32_t)below(worker, 4);
    const zx_status_t status = zirconia_guest_snapshot(guest, options, &handle);
    return put(worker, status, handle);
}

static zx_status_t restore_any(struct worker *worker) {
    return zirconia_guest_restore(guest, any_snapshot(worker));
}

static zx_status_t close_any(struct worker *worker) {
    return zx_handle_close(atomic_exchange(&slots[below(worker, SLOTS)], ZX_HANDLE_INVALID));
}

static bool keep(void *context, const void *bytes, size_t size) {
    struct worker *worker = context;
    uint8_t *bytes_kept = realloc(worker->file, worker->file_size + size);
    if (bytes_kept == NULL) {
        return false;
    }
    worker->file = bytes_kept;
    memcpy(bytes_kept + worker->file_size, bytes, size);
    worker->file_size += size;
    return below(worker, 50) != 0;
}

static zx_status_t save(struct worker *worker) {
    worker->file_size = 0;
    return zirconia_snapshot_save(guest, any_snapshot(worker), keep, worker);
}

static zx_status_t load(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    if (worker->file_size > 0 && below(worker, 2) == 0) {
        worker->file[below(worker, worker->file_size)] ^= 1;
    }
    const zx_status_t status = zirconia_snapshot_load(
        guest, (uint32_t)below(worker, 4), worker->file,
        below(worker, 8) == 0 ? worker->file_size / 2 : worker->file_size, &handle);
    return put(worker, status, handle);
}

// --- What a guest has beside ---

static bool save_device(void *context, void *state, size_t size) {
    memset(state, *(const int *)context, size);
    return true;
}

static void restore_device(void *context, const void *state, size_t size) {
    (void)context;
    (void)state;
    (void)size;
}

static zx_status_t set_devices(struct worker *worker) {
    static int device = 5;
    const bool any = below(worker, 8) == 0;
    return zirconia_guest_set_devices(guest, any ? DEVICE_SIZE : 0, any ? save_device : NULL,
                                      any ? restore_device : NULL, any ? &device : NULL);
}

static void observe(void *context, const zirconia_exit_t *exit) {
    atomic_fetch_add((atomic_uint *)context, (unsigned)exit->kind);
}

static zx_status_t set_observer(struct worker *worker) {
    static atomic_uint seen;
    return zirconia_guest_observe(guest, below(worker, 2) == 0 ? observe : NULL, &seen);
}

static void compared(void *context, uint64_t address, uint64_t left, uint64_t right, size_t size) {
    atomic_fetch_add((atomic_ullong *)context, address + left + right + size);
}

static zx_status_t set_coverage(struct worker *worker) {
    static atomic_ullong seen;
    const zirconia_address_range_t range = {0x10000, 0x10000 + below(worker, 0x1000)};
    switch (below(worker, 4)) {
    case 0:
        return zirconia_guest_set_coverage(guest, (uint32_t)below(worker, 2), map, MAP_SIZE);
    case 1:
        return zirconia_guest_set_coverage(guest, 0, NULL, 0);
    case 2:
        return zirconia_guest_set_coverage_ranges(guest, &range, (size_t)below(worker, 2));
    default:
        return zirconia_guest_set_comparisons(guest, below(worker, 2) == 0 ? compared : NULL,
                                              &seen);
    }
}

static zx_status_t set_budget(struct worker *worker) {
    return zirconia_guest_set_budget(guest, below(worker, 10000));
}

static zx_status_t kick(struct worker *worker) {
    (void)worker;
    return zx_vcpu_kick(vcpu);
}

static zx_status_t interrupt(struct worker *worker) {
    return zx_vcpu_interrupt(vcpu, 0x40 + (uint32_t)below(worker, 4));
}

static zx_status_t read_bells(struct worker *worker) {
    zx_port_packet_t packet;
    (void)worker;
    return zx_port_wait(port, 0, &packet);
}

// --- Its memory ---

static zx_status_t store(struct worker *worker) {
    const uint64_t value = below(worker, 3);
    const uint64_t address = below(worker, EXTRA_SIZE - 8);
    return zx_vmo_write(below(worker, 2) == 0 ? extra : memory, &value,
                        0x300000 % EXTRA_SIZE + address, sizeof value);
}

static zx_status_t note(struct worker *worker) {
    return zirconia_guest_note_store(guest, EXTRA + below(worker, EXTRA_SIZE), below(worker, 9999));
}

static zx_status_t lose_pages(struct worker *worker) {
    const uint64_t page = below(worker, EXTRA_SIZE / 0x1000);
    return zx_vmo_op_range(extra, ZX_VMO_OP_DECOMMIT, page * 0x1000, 0x1000, NULL, 0);
}

static zx_status_t change_size(struct worker *worker) {
    return zx_vmo_set_size(extra, below(worker, 8) == 0 ? 0x2000 : EXTRA_SIZE);
}

static zx_status_t map_here(struct worker *worker) {
    const zx_handle_t root = zx_vmar_root_self();
    zx_vaddr_t address = 0;
    (void)worker;
    const zx_status_t status =
        zx_vmar_map(root, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory, 0, MEMORY_SIZE, &address);
    if (status != ZX_OK) {
        return status;
    }
    ((_Atomic uint64_t *)address)[0x380000 / 8] = 7; // NOLINT(performance-no-int-to-ptr)
    const zx_status_t unmapped = zx_vmar_unmap(root, address, MEMORY_SIZE);
    const zx_status_t noted = zirconia_guest_note_store(guest, 0x380000, 8);
    return unmapped == ZX_OK ? noted : unmapped;
}

// --- The storms ---

static const struct storm {
    uint64_t program;
    bool virtual_time;
    bool closes; // The guest goes while the threads go on.
} storms[] = {
    {4, false, false}, {5, false, true}, {6, false, false}, {9, false, false},
    {4, true, false},  {6, true, true},  {9, true, false},  {10, true, false},
};

static zx_duration_t storm_time(void) {
    const char *seconds = getenv("ZIRCONIA_STRESS_SECONDS");
    const zx_duration_t all = seconds != NULL ? ZX_SEC((int64_t)strtoull(seconds, NULL, 10)) : 0;
    const zx_duration_t share = all / (zx_duration_t)COUNT_OF(storms);
    return share > ZX_SEC(1) ? share : ZX_SEC(1);
}

// --- The threads ---

static const struct {
    const char *name;
    zx_status_t (*function)(struct worker *worker);
} calls[] = {
    {"zirconia_guest_snapshot", take},
    {"zirconia_guest_snapshot", take},
    {"zirconia_guest_restore", restore_any},
    {"zirconia_guest_restore", restore_any},
    {"zirconia_guest_restore", restore_any},
    {"zx_handle_close", close_any},
    {"zirconia_snapshot_save", save},
    {"zirconia_snapshot_load", load},
    {"zirconia_guest_set_devices", set_devices},
    {"zirconia_guest_observe", set_observer},
    {"zirconia_guest_set_coverage", set_coverage},
    {"zirconia_guest_set_budget", set_budget},
    {"zx_vcpu_kick", kick},
    {"zx_vcpu_kick", kick},
    {"zx_vcpu_interrupt", interrupt},
    {"zx_port_wait", read_bells},
    {"zx_vmo_write", store},
    {"zirconia_guest_note_store", note},
    {"zx_vmo_op_range", lose_pages},
    {"zx_vmo_set_size", change_size},
    {"zx_vmar_map", map_here},
};

static bool is_promised(zx_status_t status) {
    static const zx_status_t promised[] = {
        ZX_OK,
        ZX_ERR_BAD_HANDLE,        // What was closed.
        ZX_ERR_BAD_STATE,         // A guest that runs, or has other parts.
        ZX_ERR_CANCELED,          // A save that was given up.
        ZX_ERR_NO_RESOURCES,      // A tower that is too high.
        ZX_ERR_IO_DATA_INTEGRITY, // A damaged file.
        ZX_ERR_NOT_SUPPORTED,
        ZX_ERR_TIMED_OUT, // A port without packets.
        ZX_ERR_OUT_OF_RANGE,
        ZX_ERR_INVALID_ARGS, // No file yet.
    };
    for (size_t i = 0; i < COUNT_OF(promised); i++) {
        if (promised[i] == status) {
            return true;
        }
    }
    return false;
}

static void call_any(struct worker *worker) {
    const uint64_t i = below(worker, COUNT_OF(calls));
    atomic_store(&worker->watched->doing, calls[i].name);
    const zx_status_t status = calls[i].function(worker);
    atomic_fetch_add(&worker->watched->steps, 1);
    if (!is_promised(status)) {
        worker->failed = calls[i].name;
        worker->status = status;
    }
}

static void *work(void *argument) {
    struct worker *worker = argument;
    while (!atomic_load(&stop) && worker->failed == NULL) {
        call_any(worker);
    }
    atomic_store(&worker->watched->doing, NULL);
    return NULL;
}

// Between its run calls the VCPU's thread makes calls as the others do.
static void run_vcpu(struct worker *self) {
    const zx_time_t end = zx_deadline_after(storm_time());
    while (zx_clock_get_monotonic() < end && self->failed == NULL) {
        zx_port_packet_t packet;
        atomic_store(&self->watched->doing, "zx_vcpu_enter");
        (void)zx_vcpu_enter(vcpu, &packet);
        for (uint64_t i = below(self, 6); i > 0; i--) {
            call_any(self);
        }
    }
    atomic_store(&self->watched->doing, NULL);
}

static void *watch_all(void *unused) {
    while (!atomic_load(&stop)) {
        zx_nanosleep(zx_deadline_after(ZX_MSEC(50)));
        const int stuck = watch_find_stuck(watched, WORKERS + 1, ZX_SEC(STUCK_SECONDS));
        if (stuck >= 0) {
            watch_report(watched, WORKERS + 1);
            abort();
        }
    }
    return unused;
}

static void make_guest(uint64_t program, bool virtual_time) {
    zx_vaddr_t address = 0;
    guest_open();
    guest_load("snapshot", ENTRY);
    ck_assert_int_eq(zx_vmo_create(EXTRA_SIZE, ZX_VMO_RESIZABLE, &extra), ZX_OK);
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_ALLOW_FAULTS;
    ck_assert_int_eq(zx_vmar_map(vmar, options, EXTRA, extra, 0, EXTRA_SIZE, &address), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_BELL, BELL + 0x2000, 0x1000, port, 2);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = program;
    write_state(&state);
    enter_to_end();
    first = snapshot_of(guest);
}

// The first snapshot brings everything back, once the guest has its parts again.
static void expect_first(uint64_t hash, uint64_t r12) {
    zx_status_t status = ZX_ERR_CANCELED;
    ck_assert_int_eq(zx_vmo_set_size(extra, EXTRA_SIZE), ZX_OK);
    ck_assert_int_eq(zirconia_guest_set_devices(guest, 0, NULL, NULL, NULL), ZX_OK);
    for (unsigned i = 0; i < 3; i++) {
        restore(first);
        ck_assert_uint_eq(memory_hash(), hash);
        ck_assert_uint_eq(read_state().r12, r12);
        do {
            zx_port_packet_t packet;
            status = zx_vcpu_enter(vcpu, &packet);
        } while (status == ZX_ERR_CANCELED); // By a kick of the storm's.
        ck_assert_int_eq(status, ZX_OK);
    }
}

static void close_slots(void) {
    for (unsigned i = 0; i < SLOTS; i++) {
        zx_handle_close(atomic_exchange(&slots[i], ZX_HANDLE_INVALID));
    }
}

// The last of the workers is this thread.
static void start_workers(struct worker *workers, unsigned seed) {
    atomic_store(&stop, false);
    for (unsigned i = 0; i <= WORKERS; i++) {
        watch_begin(&watched[i]);
        workers[i] = (struct worker){.watched = &watched[i], .random = i + 1 + seed};
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        watched[i].thread = start_thread(work, &workers[i]);
    }
}

static void end_workers(struct worker *workers) {
    atomic_store(&stop, true);
    for (unsigned i = 0; i < WORKERS; i++) {
        join_thread(watched[i].thread);
    }
    for (unsigned i = 0; i <= WORKERS; i++) {
        ck_assert_msg(workers[i].failed == NULL, "%s returned %d", workers[i].failed,
                      workers[i].status);
        free(workers[i].file);
    }
}

// Ends when the others have made calls on handles that are closed.
static void close_under_workers(void) {
    const zx_handle_t handles[] = {guest, vcpu, vmar};
    unsigned steps[WORKERS];
    ck_assert_int_eq(zx_handle_close_many(handles, COUNT_OF(handles)), ZX_OK);
    for (unsigned i = 0; i < WORKERS; i++) {
        steps[i] = atomic_load(&watched[i].steps);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        while (atomic_load(&watched[i].doing) != NULL &&
               atomic_load(&watched[i].steps) - steps[i] < 100) {
            sched_yield();
        }
    }
}

START_TEST(a_storm_leaves_the_guest_whole) {
    const struct storm *plan = &storms[_i];
    static struct worker workers[WORKERS + 1];
    make_guest(plan->program, plan->virtual_time);
    const uint64_t hash = memory_hash();
    const uint64_t r12 = read_state().r12;
    start_workers(workers, 10 * (unsigned)_i);
    const pthread_t watcher = start_thread(watch_all, NULL);
    run_vcpu(&workers[WORKERS]);
    if (plan->closes) {
        close_under_workers();
    }
    end_workers(workers);
    join_thread(watcher);
    if (!plan->closes) {
        expect_first(hash, r12);
        guest_close();
    }
    close_slots();
}
END_TEST

int main(void) {
    Suite *suite = suite_create("a storm of snapshots");
    TCase *tcase = tcase_create("storms");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, a_storm_leaves_the_guest_whole, 0, COUNT_OF(storms));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
