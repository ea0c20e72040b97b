// SPDX-License-Identifier: MIT
//
// How long a kick takes to bring a spinning guest out. The other thread kicks only once it has seen
// the guest run since the last return, so each latency is that of a guest in its loop.

#include "own_guest.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

struct kicks {
    double *latencies;
    uint64_t count;
    atomic_uint_fast64_t returned; // How often zx_vcpu_enter() has.
    _Atomic int64_t returned_at;
};

static uint64_t guest_counter(void) {
    return *(volatile uint64_t *)(own_memory + BENCH_COUNTER);
}

static void *kick_each_time(void *context) {
    struct kicks *kicks = context;
    for (uint64_t i = 0; i < kicks->count; i++) {
        const uint64_t counter = guest_counter();
        while (guest_counter() == counter) {
            sched_yield();
        }
        const int64_t kicked_at = zx_clock_get_monotonic();
        const zx_status_t status = zx_vcpu_kick(own_vcpu);
        if (status != ZX_OK) {
            bench_fail("kicking", zx_status_get_string(status));
        }
        while (atomic_load(&kicks->returned) == i) {
            sched_yield();
        }
        kicks->latencies[i] = (double)(atomic_load(&kicks->returned_at) - kicked_at);
    }
    return NULL;
}

void own_measure_kicks(double *latencies, uint64_t count) {
    struct kicks kicks = {.latencies = latencies, .count = count};
    pthread_t thread;
    own_start_spin();
    if (pthread_create(&thread, NULL, kick_each_time, &kicks) != 0) {
        bench_fail("kicks", "no thread");
    }
    for (uint64_t i = 0; i < count; i++) {
        zx_port_packet_t packet;
        const zx_status_t status = zx_vcpu_enter(own_vcpu, &packet);
        atomic_store(&kicks.returned_at, zx_clock_get_monotonic());
        atomic_store(&kicks.returned, i + 1);
        if (status != ZX_ERR_CANCELED) {
            bench_fail("kicks", zx_status_get_string(status));
        }
    }
    pthread_join(thread, NULL);
    own_end_spin();
}
