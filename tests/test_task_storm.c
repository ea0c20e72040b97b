// SPDX-License-Identifier: MIT
//
// Threads that are suspended, resumed, killed and made to fault at random, by several others at
// once. At the end every token has been closed, every exception answered, every thread has ended
// and no object is left. ZIRCONIA_STORM_SECONDS makes it longer.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "guest_fixture.h"
#include "object_fixture.h"
#include "other_thread.h"
#include "sanitized.h"
#include "thread_fixture.h"

// Under ThreadSanitizer a thread can stop, but neither be killed nor be stopped as it starts. There
// it is asked to leave by itself. Races that are reported between two holders of one lock are
// none.
enum { KILLS = !THREAD_SANITIZED };

enum { VICTIMS = 8, TORMENTORS = 2, TOKENS = 8 };

static struct victim {
    struct worker worker;
    atomic_bool leaves;
    _Atomic(uint64_t) steps;
} victims[VICTIMS];

static zx_handle_t event;
static zx_handle_t exception_port;
static atomic_bool over;
static atomic_uint faults;

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

// Computes, waits, sleeps and faults in turn. What faults is skipped by the handler.
static void suffer(uintptr_t argument, uintptr_t unused) {
    struct victim *self = (struct victim *)argument;
    uint32_t random = (uint32_t)(uintptr_t)self;
    (void)unused;
    while (!atomic_load(&self->leaves)) {
        atomic_fetch_add(&self->steps, 1);
        switch (next_random(&random) % 4) {
        case 0:
            zx_object_wait_one(event, ZX_EVENT_SIGNALED, zx_deadline_after(ZX_USEC(50)), NULL);
            break;
        case 1:
            zx_nanosleep(zx_deadline_after(ZX_USEC(20)));
            break;
#ifdef HOST_SHOWS_REGISTERS
        case 2:
            __asm__ volatile(UNDEFINED_INSTRUCTION);
            break;
#endif
        default:
            for (volatile int i = 0; i < 1000; i++) {
            }
            break;
        }
    }
    zx_thread_exit();
}

// Check records every assertion that holds and reads all records at the end, which takes minutes in
// a soak.
static void expect(bool holds) {
    if (!holds) {
        ck_abort_msg("a suspend or its end failed");
    }
}

static zx_handle_t tokens[TORMENTORS][TOKENS];

static void *torment(void *argument) {
    const size_t me = (size_t)(uintptr_t)argument;
    uint32_t random = (uint32_t)me + 1;
    while (!atomic_load(&over)) {
        zx_handle_t *token = &tokens[me][next_random(&random) % TOKENS];
        const zx_handle_t thread = victims[next_random(&random) % VICTIMS].worker.handle;
        if (*token != ZX_HANDLE_INVALID) {
            expect(zx_handle_close(*token) == ZX_OK);
            *token = ZX_HANDLE_INVALID;
        } else if (next_random(&random) % 4 == 0) {
            zirconia_2018_task_suspend(thread);
            zx_task_resume(thread, 0);
        } else {
            const zx_status_t status = zx_task_suspend(thread, token);
            expect(status == ZX_OK || status == ZX_ERR_BAD_STATE);
        }
    }
    for (size_t i = 0; i < TOKENS; i++) {
        ck_assert_int_eq(zx_handle_close(tokens[me][i]), ZX_OK);
        tokens[me][i] = ZX_HANDLE_INVALID;
    }
    return NULL;
}

// Lets the thread go on behind the instruction that it cannot execute.
static void skip_instruction(zx_handle_t thread) {
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    if (zx_thread_read_state(thread, kind, &registers, sizeof registers) == ZX_OK) {
        registers.CODE_ADDRESS += UNDEFINED_SIZE;
        zx_thread_write_state(thread, kind, &registers, sizeof registers);
    }
    zx_task_resume(thread, ZX_RESUME_EXCEPTION);
    atomic_fetch_add(&faults, 1);
}

static void *handle_exceptions(void *unused) {
    (void)unused;
    zx_port_packet_t packet;
    while (zx_port_wait(exception_port, ZX_TIME_INFINITE, &packet) == ZX_OK &&
           packet.type != ZX_PKT_TYPE_USER) {
        zx_handle_t thread = ZX_HANDLE_INVALID;
        if (zx_object_get_child(zx_process_self(), packet.user.u64[1], ZX_RIGHT_SAME_RIGHTS,
                                &thread) == ZX_OK) {
            skip_instruction(thread);
            zx_handle_close(thread);
        }
    }
    return NULL;
}

// The thread goes on by itself, because no token is open.
static void until_step(struct victim *victim) {
    const uint64_t before = atomic_load(&victim->steps);
    while (atomic_load(&victim->steps) == before) {
        zx_nanosleep(0);
    }
}

static void victim_begin(struct victim *victim) {
    atomic_store(&victim->leaves, false);
    victim->worker = worker_run(suffer, victim);
    if (!KILLS) {
        until_step(victim);
    }
}

static void victim_end(struct victim *victim) {
    if (!KILLS) {
        atomic_store(&victim->leaves, true);
        until(victim->worker.handle, ZX_THREAD_TERMINATED);
    }
    worker_end(&victim->worker);
}

static int64_t storm_seconds(void) {
    const char *wish = getenv("ZIRCONIA_STORM_SECONDS");
    return wish != NULL ? atoll(wish) : 2;
}

START_TEST(a_storm_of_suspends_kills_and_faults_leaves_nothing_behind) {
    exception_port = new_port();
    event = new_event();
    ck_assert_int_eq(zx_task_bind_exception_port(zx_process_self(), exception_port, 0, 0), ZX_OK);
    const uint64_t objects = objects_so_far();
    const pthread_t handler = start_thread(handle_exceptions, NULL);
    for (size_t i = 0; i < VICTIMS; i++) {
        victim_begin(&victims[i]);
    }
    const zx_time_t end = zx_deadline_after(ZX_SEC(storm_seconds()));
    uint32_t random = 99;
    while (zx_clock_get_monotonic() < end) {
        pthread_t tormentors[TORMENTORS];
        atomic_store(&over, false);
        for (uintptr_t i = 0; i < TORMENTORS; i++) {
            tormentors[i] = start_thread(torment, (void *)i);
        }
        zx_nanosleep(zx_deadline_after(ZX_MSEC(50)));
        atomic_store(&over, true);
        for (size_t i = 0; i < TORMENTORS; i++) {
            join_thread(tormentors[i]);
        }
        for (size_t i = 0; i < VICTIMS; i++) {
            until_step(&victims[i]);
        }
        struct victim *renewed = &victims[next_random(&random) % VICTIMS];
        victim_end(renewed);
        victim_begin(renewed);
    }
    for (size_t i = 0; i < VICTIMS; i++) {
        victim_end(&victims[i]);
    }
    const zx_port_packet_t stop = {.key = 0};
    ck_assert_int_eq(zx_port_queue(exception_port, &stop), ZX_OK);
    join_thread(handler);
#ifdef HOST_SHOWS_REGISTERS
    ck_assert_uint_gt(atomic_load(&faults), 0);
#endif
    until_objects(objects);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK);
    ck_assert_int_eq(zx_handle_close(exception_port), ZX_OK);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("task_storm");
    TCase *tcase = tcase_create("task_storm");
    tcase_set_timeout(tcase, (double)storm_seconds() + 60);
    tcase_add_test(tcase, a_storm_of_suspends_kills_and_faults_leaves_nothing_behind);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
