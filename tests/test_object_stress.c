// SPDX-License-Identifier: MIT
//
// Threads that do random calls on a few shared handles, which they open and close under each other:
// no status that the calls do not promise, every packet delivered or dropped once, no object alive
// in the end, no thread stuck. ZIRCONIA_STRESS_SECONDS makes it longer than its one second.

#include "object_fixture.h"
#include "run_tests.h"
#include "stress_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/process.h>

enum { THREADS = 8, SLOTS = 8, STUCK_SECONDS = 60, MARK = 0x5a, VMO_SIZE = 0x4000 };

static _Atomic(zx_handle_t) slots[SLOTS];
static zx_handle_t kept_port; // Nobody closes it, so no packet of it is dropped.
static atomic_uint queued;
static atomic_uint received;
static atomic_bool stop;

static struct watched watched[THREADS];

struct worker {
    struct watched *watched;
    uint64_t random;
    const char *failed; // The call with an unexpected status, which is in `status`.
    zx_status_t status;
};

static unsigned below(struct worker *worker, unsigned limit) {
    worker->random = worker->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(worker->random >> 33) % limit;
}

static zx_handle_t any_handle(struct worker *worker) {
    const unsigned i = below(worker, SLOTS + 1);
    return i == SLOTS ? kept_port : atomic_load(&slots[i]);
}

static zx_signals_t any_signals(struct worker *worker) {
    return (below(worker, 8) * ZX_USER_SIGNAL_0) | (below(worker, 2) * ZX_EVENT_SIGNALED);
}

static zx_time_t soon(struct worker *worker) {
    return below(worker, 2) == 0 ? 0 : zx_deadline_after(ZX_USEC(below(worker, 200)));
}

// Puts a new handle into a slot and closes the one that was there.
static zx_status_t put(struct worker *worker, zx_status_t status, const zx_handle_t *handle) {
    if (status == ZX_OK) {
        const zx_handle_t old = atomic_exchange(&slots[below(worker, SLOTS)], *handle);
        return zx_handle_close(old);
    }
    return status;
}

// --- The calls ---

static zx_status_t create_event(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    return put(worker, zx_event_create(0, &handle), &handle);
}

static zx_status_t create_pair(struct worker *worker) {
    zx_handle_t ends[2] = {ZX_HANDLE_INVALID, ZX_HANDLE_INVALID};
    const zx_status_t status = zx_eventpair_create(0, &ends[0], &ends[1]);
    const zx_status_t first = put(worker, status, &ends[0]);
    return first == ZX_OK ? put(worker, status, &ends[1]) : first;
}

static zx_status_t create_port(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    const bool old = below(worker, 2) == 0;
    return put(worker, old ? zirconia_2018_port_create(0, &handle) : zx_port_create(0, &handle),
               &handle);
}

static zx_status_t create_timer(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    return put(worker, zx_timer_create(0, ZX_CLOCK_MONOTONIC, &handle), &handle);
}

static zx_status_t close_slot(struct worker *worker) {
    return zx_handle_close(atomic_exchange(&slots[below(worker, SLOTS)], ZX_HANDLE_INVALID));
}

static zx_status_t duplicate(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    return put(worker, zx_handle_duplicate(any_handle(worker), ZX_RIGHT_SAME_RIGHTS, &handle),
               &handle);
}

static zx_status_t replace(struct worker *worker) {
    zx_handle_t handle = atomic_exchange(&slots[below(worker, SLOTS)], ZX_HANDLE_INVALID);
    const zx_status_t status = zx_handle_replace(handle, ZX_RIGHT_SAME_RIGHTS, &handle);
    return put(worker, status, &handle);
}

static zx_status_t raise_signals(struct worker *worker) {
    return zx_object_signal(any_handle(worker), any_signals(worker), any_signals(worker));
}

static zx_status_t signal_peer(struct worker *worker) {
    return zx_object_signal_peer(any_handle(worker), any_signals(worker), any_signals(worker));
}

static zx_status_t wait_one(struct worker *worker) {
    zx_signals_t observed = 0;
    return zx_object_wait_one(any_handle(worker), any_signals(worker), soon(worker), &observed);
}

static zx_status_t wait_one_2018(struct worker *worker) {
    zx_signals_t observed = 0;
    return zirconia_2018_object_wait_one(any_handle(worker), any_signals(worker), soon(worker),
                                         &observed);
}

static zx_status_t wait_many(struct worker *worker) {
    zx_wait_item_t items[3];
    for (int i = 0; i < 3; i++) {
        items[i] = (zx_wait_item_t){any_handle(worker), any_signals(worker), 0};
    }
    return zx_object_wait_many(items, 1 + below(worker, 3), soon(worker));
}

static zx_status_t wait_async(struct worker *worker) {
    return zx_object_wait_async(any_handle(worker), any_handle(worker), below(worker, 4),
                                any_signals(worker), below(worker, 4));
}

static zx_status_t wait_async_2018(struct worker *worker) {
    return zirconia_2018_object_wait_async(any_handle(worker), any_handle(worker), below(worker, 4),
                                           any_signals(worker), below(worker, 2));
}

// What goes to the kept port is marked, because slots may hold copies of its handle.
static zx_status_t queue(struct worker *worker) {
    const zx_handle_t port = any_handle(worker);
    const bool counted = port == kept_port;
    const zx_port_packet_t packet = {.key = below(worker, 4), .user.u64[0] = counted ? MARK : 0};
    const zx_status_t status = zx_port_queue(port, &packet);
    atomic_fetch_add(&queued, counted && status == ZX_OK ? 1 : 0);
    return status;
}

static void count_received(const zx_port_packet_t *packet) {
    const bool counted = packet->type == ZX_PKT_TYPE_USER && packet->user.u64[0] == MARK;
    atomic_fetch_add(&received, counted ? 1 : 0);
}

static zx_status_t read_port(struct worker *worker) {
    zx_port_packet_t packet;
    const zx_status_t status = zx_port_wait(any_handle(worker), soon(worker), &packet);
    if (status == ZX_OK) {
        count_received(&packet);
    }
    return status;
}

static zx_status_t cancel(struct worker *worker) {
    return zx_port_cancel(any_handle(worker), any_handle(worker), below(worker, 4));
}

static zx_status_t cancel_key(struct worker *worker) {
    return zx_port_cancel_key(any_handle(worker), 0, below(worker, 4));
}

static zx_status_t set_timer(struct worker *worker) {
    return zx_timer_set(any_handle(worker), soon(worker), 0);
}

static zx_status_t cancel_timer(struct worker *worker) {
    return zx_timer_cancel(any_handle(worker));
}

static zx_status_t create_vmo(struct worker *worker) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    return put(worker, zx_vmo_create(VMO_SIZE, ZX_VMO_RESIZABLE, &handle), &handle);
}

static zx_status_t write_vmo(struct worker *worker) {
    const uint64_t value = MARK;
    return zx_vmo_write(any_handle(worker), &value, below(worker, VMO_SIZE), sizeof(value));
}

static zx_status_t read_vmo(struct worker *worker) {
    uint64_t value = 0;
    return zx_vmo_read(any_handle(worker), &value, below(worker, VMO_SIZE), sizeof(value));
}

static zx_status_t resize_vmo(struct worker *worker) {
    return zx_vmo_set_size(any_handle(worker), below(worker, VMO_SIZE));
}

// What a mapping shows is not touched: it may be cut off at any moment.
static zx_status_t map_vmo(struct worker *worker) {
    const zx_handle_t root = zx_vmar_root_self();
    zx_vaddr_t address = 0;
    const zx_status_t status = zx_vmar_map(root, ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0,
                                           any_handle(worker), 0, VMO_SIZE, &address);
    return status == ZX_OK ? zx_vmar_unmap(root, address, VMO_SIZE) : status;
}

static zx_status_t get_info(struct worker *worker) {
    zx_info_handle_basic_t info;
    return zx_object_get_info(any_handle(worker), ZX_INFO_HANDLE_BASIC, &info, sizeof(info), NULL,
                              NULL);
}

static const struct {
    const char *name;
    zx_status_t (*function)(struct worker *worker);
} calls[] = {
    {"event_create", create_event},
    {"eventpair_create", create_pair},
    {"port_create", create_port},
    {"timer_create", create_timer},
    {"vmo_create", create_vmo},
    {"handle_close", close_slot},
    {"handle_duplicate", duplicate},
    {"handle_replace", replace},
    {"object_signal", raise_signals},
    {"object_signal", raise_signals},
    {"object_signal_peer", signal_peer},
    {"object_wait_one", wait_one},
    {"object_wait_one (2018)", wait_one_2018},
    {"object_wait_many", wait_many},
    {"object_wait_async", wait_async},
    {"object_wait_async", wait_async},
    {"object_wait_async (2018)", wait_async_2018},
    {"port_queue", queue},
    {"port_wait", read_port},
    {"port_wait", read_port},
    {"port_cancel", cancel},
    {"port_cancel_key", cancel_key},
    {"timer_set", set_timer},
    {"timer_cancel", cancel_timer},
    {"object_get_info", get_info},
    {"vmo_write", write_vmo},
    {"vmo_read", read_vmo},
    {"vmo_set_size", resize_vmo},
    {"vmar_map", map_vmo},
};

// Handles are of any type and may be closed at any moment.
static bool is_promised(zx_status_t status) {
    static const zx_status_t promised[] = {
        ZX_OK,
        ZX_ERR_BAD_HANDLE,
        ZX_ERR_WRONG_TYPE,
        ZX_ERR_ACCESS_DENIED,
        ZX_ERR_CANCELED,
        ZX_ERR_TIMED_OUT,
        ZX_ERR_NOT_FOUND,
        ZX_ERR_SHOULD_WAIT,
        ZX_ERR_PEER_CLOSED,
        ZX_ERR_INVALID_ARGS,
        ZX_ERR_OUT_OF_RANGE,
    };
    for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
        if (promised[i] == status) {
            return true;
        }
    }
    return false;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    while (!atomic_load(&stop) && worker->failed == NULL) {
        const unsigned i = below(worker, sizeof(calls) / sizeof(calls[0]));
        atomic_store(&worker->watched->doing, calls[i].name);
        const zx_status_t status = calls[i].function(worker);
        atomic_fetch_add(&worker->watched->steps, 1);
        if (!is_promised(status)) {
            worker->failed = calls[i].name;
            worker->status = status;
        }
    }
    atomic_store(&worker->watched->doing, NULL);
    return NULL;
}

// --- The watch over the workers ---

static void check_progress(void) {
    const int stuck = watch_find_stuck(watched, THREADS, ZX_SEC(STUCK_SECONDS));
    if (stuck >= 0) {
        watch_report(watched, THREADS);
        ck_abort_msg("worker %d is stuck", stuck);
    }
}

static unsigned stress_seconds(void) {
    const char *seconds = getenv("ZIRCONIA_STRESS_SECONDS");
    return seconds != NULL ? (unsigned)strtoul(seconds, NULL, 10) : 1;
}

static void run_workers(struct worker *workers) {
    for (unsigned i = 0; i < THREADS; i++) {
        watch_begin(&watched[i]);
        workers[i] = (struct worker){.watched = &watched[i], .random = i + 1};
        ck_assert_int_eq(pthread_create(&watched[i].thread, NULL, work, &workers[i]), 0);
    }
    const zx_time_t end = zx_deadline_after(ZX_SEC(stress_seconds()));
    while (zx_clock_get_monotonic() < end) {
        zx_nanosleep(zx_deadline_after(ZX_MSEC(50)));
        check_progress();
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        while (atomic_load(&watched[i].doing) != NULL) {
            zx_nanosleep(zx_deadline_after(ZX_MSEC(1)));
            check_progress();
        }
        pthread_join(watched[i].thread, NULL);
    }
}

START_TEST(random_calls_keep_the_invariants) {
    static struct worker workers[THREADS];
    zx_vmar_root_self();
    const uint64_t objects = objects_so_far();
    kept_port = new_port();
    run_workers(workers);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_msg(workers[i].failed == NULL, "%s returned %d", workers[i].failed,
                      workers[i].status);
        ck_assert_uint_gt(atomic_load(&watched[i].steps), 0);
    }
    for (int i = 0; i < SLOTS; i++) {
        ck_assert_int_eq(zx_handle_close(atomic_load(&slots[i])), ZX_OK);
    }
    zx_port_packet_t packet;
    while (zx_port_wait(kept_port, 0, &packet) == ZX_OK) {
        count_received(&packet);
    }
    const unsigned sent = atomic_load(&queued);
    const unsigned got = atomic_load(&received);
    ck_assert_uint_eq(got, sent);
    zx_handle_close(kept_port);
    ck_assert_uint_eq(object_count(), objects);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("object_stress");
    TCase *tcase = tcase_create("stress");
    tcase_set_timeout(tcase, stress_seconds() + 2 * STUCK_SECONDS);
    tcase_add_test(tcase, random_calls_keep_the_invariants);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
