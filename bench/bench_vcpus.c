// SPDX-License-Identifier: MIT
//
// The cost of turns between the VCPUs of a guest: a switch between two of them and an interrupt
// from one to the other, beside the time in which the host wakes a thread, which is a part of both;
// and how much slower two VCPUs are that make exits all the time. --short makes one quick pass.

#include "vcpu_guest.h"
#include "vcpu_pair.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>

#define ENTRY VCPU_GUEST_ENTRY

static void run_vcpu(zx_vaddr_t entry, uint32_t packet_type) {
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    vcpu_guest_check(zx_vcpu_create(vcpu_guest, 0, entry, &vcpu), "create a VCPU");
    vcpu_guest_check(zx_vcpu_enter(vcpu, &packet), "run a VCPU");
    vcpu_guest_check(packet.type == packet_type ? ZX_OK : ZX_ERR_BAD_STATE, "end of a VCPU");
    vcpu_guest_check(zx_handle_close(vcpu), "close");
}

static void *run_other(void *nothing) {
    run_vcpu(ENTRY + 0x1000, ZX_PKT_TYPE_GUEST_IO);
    return nothing;
}

// The boot processor is the first to be created; it waits for the other one in the guest.
static double time_switches(uint32_t rounds) {
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    pthread_t other;
    vcpu_guest_open("bench_vcpus", false);
    vcpu_guest_write(0x8004, &rounds, sizeof rounds);
    vcpu_guest_check(zx_vcpu_create(vcpu_guest, 0, ENTRY, &vcpu), "create a VCPU");
    vcpu_guest_check(pthread_create(&other, NULL, run_other, NULL) == 0 ? ZX_OK
                                                                        : ZX_ERR_NO_RESOURCES,
                     "create a thread");
    const zx_time_t start = zx_clock_get_monotonic();
    vcpu_guest_check(zx_vcpu_enter(vcpu, &packet), "run a VCPU");
    const zx_time_t end = zx_clock_get_monotonic();
    pthread_join(other, NULL);
    vcpu_guest_check(zx_handle_close(vcpu), "close");
    vcpu_guest_close();
    return (double)(end - start) / (2.0 * rounds);
}

// --- The same between two threads, with a mutex and a condition ---

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t token;
} shared = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void pass(uint32_t parity, uint32_t rounds) {
    for (uint32_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&shared.lock);
        while (shared.token % 2 != parity) {
            pthread_cond_wait(&shared.changed, &shared.lock);
        }
        shared.token++;
        pthread_cond_signal(&shared.changed);
        pthread_mutex_unlock(&shared.lock);
    }
}

static void *pass_back(void *rounds) {
    pass(1, *(const uint32_t *)rounds);
    return NULL;
}

static double time_threads(uint32_t rounds) {
    pthread_t other;
    const zx_time_t start = zx_clock_get_monotonic();
    vcpu_guest_check(pthread_create(&other, NULL, pass_back, &rounds) == 0 ? ZX_OK
                                                                           : ZX_ERR_NO_RESOURCES,
                     "create a thread");
    pass(0, rounds);
    pthread_join(other, NULL);
    return (double)(zx_clock_get_monotonic() - start) / (2.0 * rounds);
}

// --- Figures ---

enum { MOST_TIMES = 2000 };

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double times[MOST_TIMES];

static double show(const char *name, size_t count) {
    qsort(times, count, sizeof times[0], compare);
    printf("  %-45s %9.0f  p99 %9.0f\n", name, times[count / 2], times[count - 1 - count / 100]);
    return times[count / 2];
}

static void measure_switches(uint32_t rounds) {
    const double threads = time_threads(rounds);
    const double switches = time_switches(rounds);
    printf("Switches, ns each\n"
           "  %-45s %9.0f\n  %-45s %9.0f  %.1f times\n",
           "threads of the host", threads, "VCPUs that wait for each other with PAUSE", switches,
           switches / threads);
}

static void measure_interrupts(size_t count) {
    printf("From one VCPU to the handler of another, ns (median)\n");
    vcpu_pair_wake(times, count);
    const double wake = show("bare: a post, and the thread that it wakes", count);
    vcpu_pair_interrupt(false, false, times, count);
    show("to one that runs (target 50000)", count);
    vcpu_pair_interrupt(true, false, times, count);
    const double halted = show("to one that is halted", count);
    printf("  %-45s %9.0f\n", "the same less the bare one (target 30000)", halted - wake);
    vcpu_pair_interrupt(false, true, times, count);
    show("virtual time: to one that runs", count);
    vcpu_pair_interrupt(true, true, times, count);
    show("virtual time: to one that is halted", count);
}

static void measure_reads(int64_t time) {
    const uint64_t one = vcpu_pair_reads(1, time);
    const uint64_t two = vcpu_pair_reads(2, time);
    printf("Port reads to the caller and back, a second\n"
           "  %-45s %9.0f\n  %-45s %9.0f  %.2f times (target 0.70)\n",
           "one VCPU", (double)one * 1e9 / (double)time, "two together",
           (double)two * 1e9 / (double)time, (double)two / (double)one);
}

int main(int argc, char **argv) {
    const bool brief = argc == 2 && strcmp(argv[1], "--short") == 0;
    if (argc > 2 || (argc == 2 && !brief)) {
        fprintf(stderr, "usage: bench_vcpus [--short]\n");
        return 2;
    }
    measure_switches(brief ? 100 : 20000);
    measure_interrupts(brief ? 20 : MOST_TIMES);
    measure_reads(brief ? ZX_MSEC(20) : ZX_SEC(1));
    return EXIT_SUCCESS;
}
