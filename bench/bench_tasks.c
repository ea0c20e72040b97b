// SPDX-License-Identifier: MIT
//
// What it costs to suspend and resume a thread and to answer an exception, beside the barest way to
// stop a thread that the host has: a signal whose handler waits on a semaphore. Measured in turns,
// so that a busy host slows all of them down. --short makes fewer rounds.

#define _GNU_SOURCE

#include "platform/platform.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

enum { STACK_SIZE = 1 << 18, PASSES = 15 };

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "%s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static void until(zx_handle_t thread, zx_signals_t signals) {
    check(zx_object_wait_one(thread, signals, ZX_TIME_INFINITE, NULL), "zx_object_wait_one");
}

// --- The threads that are stopped ---

static void spin(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    for (volatile uint64_t count = 0;; count++) {
    }
}

static void sleep_for_ever(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    zx_nanosleep(ZX_TIME_INFINITE);
}

static zx_handle_t start(void (*function)(uintptr_t first, uintptr_t second)) {
    unsigned char *stack = malloc(STACK_SIZE);
    zx_handle_t thread = ZX_HANDLE_INVALID;
    check(zx_thread_create(zx_process_self(), "bench", 5, 0, &thread), "zx_thread_create");
    const uintptr_t top = ((uintptr_t)stack + STACK_SIZE) & ~(uintptr_t)15;
    check(zx_thread_start(thread, (zx_vaddr_t)function, top - 8, 0, 0), "zx_thread_start");
    return thread;
}

static void finish(zx_handle_t thread) {
    check(zx_task_kill(thread), "zx_task_kill");
    until(thread, ZX_THREAD_TERMINATED);
}

// --- The bare way: asked, told, let go on, told ---

static pthread_t bare_thread;
static struct platform_semaphore stopped;
static struct platform_semaphore go_on;
static struct platform_semaphore running;

static void stop_in_handler(int number) {
    (void)number;
    platform_semaphore_post(&stopped);
    platform_semaphore_wait_until(&go_on, INT64_MAX);
    platform_semaphore_post(&running);
}

static atomic_bool bare_over;

static void *bare_spin(void *unused) {
    (void)unused;
    while (!atomic_load(&bare_over)) {
    }
    return NULL;
}

static struct platform_semaphore bare_end;

static void *bare_sleep(void *unused) {
    (void)unused;
    platform_semaphore_wait_until(&bare_end, INT64_MAX);
    return NULL;
}

static void bare_start(void *(*function)(void *)) {
    struct sigaction action = {.sa_handler = stop_in_handler};
    sigaction(SIGUSR1, &action, NULL);
    platform_semaphore_init(&stopped);
    platform_semaphore_init(&go_on);
    platform_semaphore_init(&running);
    platform_semaphore_init(&bare_end);
    atomic_store(&bare_over, false);
    pthread_create(&bare_thread, NULL, function, NULL);
}

static void bare_finish(void) {
    atomic_store(&bare_over, true);
    platform_semaphore_post(&bare_end);
    pthread_join(bare_thread, NULL);
}

static void bare_stop(void) {
    pthread_kill(bare_thread, SIGUSR1);
    platform_semaphore_wait_until(&stopped, INT64_MAX);
}

static void bare_go_on(void) {
    platform_semaphore_post(&go_on);
    platform_semaphore_wait_until(&running, INT64_MAX);
}

static void bare_round(zx_handle_t unused) {
    (void)unused;
    bare_stop();
    bare_go_on();
}

// --- Rounds of the library ---

static zx_handle_t own_stop(zx_handle_t thread) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    check(zx_task_suspend(thread, &token), "zx_task_suspend");
    until(thread, ZX_THREAD_SUSPENDED);
    return token;
}

static void own_go_on(zx_handle_t thread, zx_handle_t token) {
    check(zx_handle_close(token), "zx_handle_close");
    until(thread, ZX_THREAD_RUNNING);
}

static void suspend_round(zx_handle_t thread) {
    own_go_on(thread, own_stop(thread));
}

static zx_handle_t port;

static void exception_round(zx_handle_t thread) {
    zx_port_packet_t packet;
    check(zx_port_wait(port, ZX_TIME_INFINITE, &packet), "zx_port_wait");
    check(zx_task_resume(thread, ZX_RESUME_EXCEPTION), "zx_task_resume");
}

static volatile uintptr_t nowhere = 64;

static void fault_for_ever(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    *(volatile int *)nowhere = 0; // Nobody mends it, so it faults again and again.
}

// --- Measuring ---

static int rounds = 4000;

static double measure(void (*one_round)(zx_handle_t thread), zx_handle_t thread) {
    const zx_time_t begin = zx_clock_get_monotonic();
    for (int i = 0; i < rounds; i++) {
        one_round(thread);
    }
    return (double)(zx_clock_get_monotonic() - begin) / rounds;
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

// The median of the passes; bare and own rounds alternate. The thread that is not measured is
// stopped meanwhile, so that each has the host's processors to itself.
static void report(const char *what, void *(*bare)(void *), zx_handle_t thread) {
    double bare_times[PASSES];
    double own_times[PASSES];
    bare_start(bare);
    for (int i = 0; i < PASSES; i++) {
        const zx_handle_t token = own_stop(thread);
        bare_times[i] = measure(bare_round, thread);
        bare_stop();
        own_go_on(thread, token);
        own_times[i] = measure(suspend_round, thread);
        bare_go_on();
    }
    bare_finish();
    qsort(bare_times, PASSES, sizeof bare_times[0], compare);
    qsort(own_times, PASSES, sizeof own_times[0], compare);
    const double ratio = own_times[PASSES / 2] / bare_times[PASSES / 2];
    printf("%-34s %8.0f ns   bare %8.0f ns   ratio %.2f (target 2) %s\n", what,
           own_times[PASSES / 2], bare_times[PASSES / 2], ratio, ratio <= 2 ? "PASS" : "miss");
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--short") == 0) {
        rounds = 200;
    }
    const zx_handle_t spinning = start(spin);
    report("suspend and resume, spinning", bare_spin, spinning);
    finish(spinning);
    const zx_handle_t sleeping = start(sleep_for_ever);
    report("suspend and resume, blocked", bare_sleep, sleeping);
    finish(sleeping);
    check(zx_port_create(0, &port), "zx_port_create");
    check(zx_task_bind_exception_port(zx_process_self(), port, 0, 0),
          "zx_task_bind_exception_port");
    const zx_handle_t faulting = start(fault_for_ever);
    printf("%-34s %8.0f ns\n", "fault, packet, answer, retry", measure(exception_round, faulting));
    finish(faulting);
    return EXIT_SUCCESS;
}
