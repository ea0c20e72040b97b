// SPDX-License-Identifier: MIT
//
// A thread that the host cancels (pthread_cancel) in any call that blocks ends there, as POSIX has
// it for calls of its own: its handlers for cleaning up run, nothing stays locked, and what it
// waited for goes on without it.

#include "guest_fixture.h"
#include "other_thread.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#if !THREAD_SANITIZED // ThreadSanitizer does not survive the cancellation of a thread that sleeps.

static zx_handle_t event;
static zx_handle_t port;
static _Atomic(zx_handle_t) waiting; // The thread that waits.
static _Atomic(zx_handle_t) own;     // The VCPU of that thread.
static atomic_int cleaned;

static void clean(void *unused) {
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
}

static void make_event(void) {
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
}

static zx_status_t wait_one(void) {
    return zx_object_wait_one(event, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
}

static zx_status_t wait_many(void) {
    zx_wait_item_t items[2] = {{event, ZX_EVENT_SIGNALED, 0}, {port, ZX_EVENT_SIGNALED, 0}};
    return zx_object_wait_many(items, 1, ZX_TIME_INFINITE);
}

static zx_status_t wait_port(void) {
    zx_port_packet_t packet;
    return zx_port_wait(port, ZX_TIME_INFINITE, &packet);
}

static zx_status_t sleep_for_ever(void) {
    return zx_nanosleep(ZX_TIME_INFINITE);
}

static void event_still_works(void) {
    ck_assert_int_eq(zx_object_signal(event, 0, ZX_EVENT_SIGNALED), ZX_OK);
    ck_assert_int_eq(zx_object_wait_one(event, ZX_EVENT_SIGNALED, 0, NULL), ZX_OK);
    ck_assert_int_eq(zx_object_signal(event, ZX_EVENT_SIGNALED, 0), ZX_OK);
    const zx_port_packet_t sent = {.type = ZX_PKT_TYPE_USER};
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_queue(port, &sent), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
}

static void halted_guest(void) {
    static const uint8_t halt[] = {0xf4, 0xeb, 0xfd};
    guest_open();
    memory_write(ENTRY, halt, sizeof halt);
}

// A guest whose second VCPU never has its turn.
static void virtual_guest(void) {
    halted_guest();
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

// A guest that rings a bell for ever, and nobody answers. The code is for real mode, in which all
// VCPUs but the first begin.
static void ringing_guest(void) {
    static const uint8_t ring[] = {0xa2, 0x00, 0x80, 0xeb, 0xfb};
    guest_open();
    memory_write(ENTRY, ring, sizeof ring);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, 0x8000, 0x1000, port, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

static zx_status_t enter_own(void) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    const zx_status_t status = zx_vcpu_create(guest, 0, ENTRY, &handle);
    atomic_store(&own, handle);
    return status == ZX_OK ? zx_vcpu_enter(handle, &packet) : status;
}

static void guest_still_works(void) {
    zx_vaddr_t address = 0;
    if (atomic_load(&own) != ZX_HANDLE_INVALID) {
        ck_assert_int_eq(zx_vcpu_kick(atomic_load(&own)), ZX_OK);
        ck_assert_int_eq(zx_vcpu_interrupt(atomic_load(&own), 32), ZX_OK);
        ck_assert_int_eq(zx_handle_close(atomic_load(&own)), ZX_OK);
        atomic_store(&own, ZX_HANDLE_INVALID);
    }
    ck_assert_int_eq(zx_vmar_map(vmar, ZX_VM_PERM_READ, 0, memory, 0, 0x1000, &address), ZX_OK);
    ck_assert_int_eq(zx_vmar_unmap(vmar, address, 0x1000), ZX_OK);
    zx_handle_t next = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &next), vcpu != 0 ? ZX_ERR_BAD_STATE : ZX_OK);
    if (next != ZX_HANDLE_INVALID) {
        ck_assert_int_eq(zx_vcpu_kick(next), ZX_OK);
        ck_assert_int_eq(zx_vcpu_enter(next, &packet), ZX_ERR_CANCELED);
        ck_assert_int_eq(zx_handle_close(next), ZX_OK);
    }
}

static void bell_still_works(void) {
    zx_port_packet_t packet;
    while (zx_port_wait(port, 0, &packet) == ZX_OK) {
    }
    guest_still_works();
}

static const struct blocking_call {
    void (*prepare)(void);
    zx_status_t (*call)(void);
    uint32_t state; // The thread's state when it blocks; RUNNING where the state does not tell.
    void (*check)(void);
} blocking_calls[] = {
    {make_event, wait_one, ZX_THREAD_STATE_BLOCKED_WAIT_ONE, event_still_works},
    {make_event, wait_many, ZX_THREAD_STATE_BLOCKED_WAIT_MANY, event_still_works},
    {make_event, wait_port, ZX_THREAD_STATE_BLOCKED_PORT, event_still_works},
    {make_event, sleep_for_ever, ZX_THREAD_STATE_BLOCKED_SLEEPING, event_still_works},
    {halted_guest, enter_own, ZX_THREAD_STATE_RUNNING, guest_still_works},
    {virtual_guest, enter_own, ZX_THREAD_STATE_RUNNING, guest_still_works},
    {ringing_guest, enter_own, ZX_THREAD_STATE_RUNNING, bell_still_works},
};

enum { CALL_COUNT = sizeof blocking_calls / sizeof blocking_calls[0], ROUNDS = 40 };

// AddressSanitizer does not see a cancelled thread leave a function: its marks stay on the stack
// and are found where the thread goes on.
#define LEFT_UNSEEN __attribute__((no_sanitize("address")))

// Makes no assertion, because Check's functions are points of cancellation.
LEFT_UNSEEN static void *block(void *call) {
    zx_handle_t self = ZX_HANDLE_INVALID;
    pthread_cleanup_push(clean, NULL);
    zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &self);
    atomic_store(&waiting, self);
    ((const struct blocking_call *)call)->call();
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel_and_join(const struct blocking_call *call, bool early) {
    void *result = NULL;
    atomic_store(&waiting, ZX_HANDLE_INVALID);
    const pthread_t thread = start_thread(block, (void *)(uintptr_t)call);
    while (!early && atomic_load(&waiting) == ZX_HANDLE_INVALID) {
        sched_yield();
    }
    if (!early) {
        until_state(atomic_load(&waiting), call->state);
    }
    ck_assert_int_eq(pthread_cancel(thread), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
}

// Even rounds cancel the thread at once, odd ones when it blocks or is about to.
START_TEST(a_thread_that_the_host_cancels_leaves_the_call_and_ends) {
    const struct blocking_call *call = &blocking_calls[_i];
    call->prepare();
    for (int i = 0; i < ROUNDS; i++) {
        cancel_and_join(call, i % 2 == 0);
        const zx_handle_t thread = atomic_load(&waiting);
        if (thread != ZX_HANDLE_INVALID) {
            until(thread, ZX_THREAD_TERMINATED);
            ck_assert_int_eq(zx_handle_close(thread), ZX_OK);
        }
        call->check();
    }
    ck_assert_int_ge(atomic_load(&cleaned), ROUNDS / 2);
}
END_TEST

static void *be_cancelled_by_itself(void *unused) {
    int old = 0;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    pthread_cancel(pthread_self());
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(zx_nanosleep(zx_deadline_after(1000)), ZX_OK);
        ck_assert_int_eq(zx_handle_close(ZX_HANDLE_INVALID), ZX_OK);
    }
    atomic_store(&cleaned, 1);
    pthread_setcancelstate(old, NULL);
    zx_nanosleep(0);
    return unused;
}

START_TEST(a_client_that_has_cancellation_off_is_not_cancelled) {
    void *result = NULL;
    ck_assert_int_eq(pthread_join(start_thread(be_cancelled_by_itself, NULL), &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_int_eq(atomic_load(&cleaned), 1);
}
END_TEST

static zx_status_t cleaning[3];

static void clean_by_calls(void *unused) {
    (void)unused;
    cleaning[0] = zx_object_signal(event, 0, ZX_USER_SIGNAL_0);
    cleaning[1] = zx_object_wait_one(event, ZX_USER_SIGNAL_0, ZX_TIME_INFINITE, NULL);
    cleaning[2] = zx_nanosleep(zx_deadline_after(1000));
    atomic_fetch_add(&cleaned, 1);
}

LEFT_UNSEEN static void *block_and_clean_by_calls(void *unused) {
    pthread_cleanup_push(clean, NULL);
    pthread_cleanup_push(clean_by_calls, NULL);
    atomic_store(&waiting, zx_thread_self());
    wait_one();
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return unused;
}

// The second time it is killed.
START_TEST(a_cancelled_thread_makes_calls_as_it_cleans_up) {
    const bool killed = _i == 1;
    void *result = NULL;
    make_event();
    const pthread_t thread = start_thread(block_and_clean_by_calls, NULL);
    while (atomic_load(&waiting) == ZX_HANDLE_INVALID) {
        sched_yield();
    }
    until_state(atomic_load(&waiting), ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    if (killed) {
        ck_assert_int_eq(zx_task_kill(atomic_load(&waiting)), ZX_OK);
    } else {
        ck_assert_int_eq(pthread_cancel(thread), 0);
    }
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, killed ? NULL : PTHREAD_CANCELED);
    ck_assert_int_eq(atomic_load(&cleaned), 2);
    for (size_t i = 0; i < sizeof cleaning / sizeof cleaning[0]; i++) {
        ck_assert_int_eq(cleaning[i], ZX_OK);
    }
}
END_TEST

static void exit_thread(void *unused) {
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
    zx_thread_exit();
}

LEFT_UNSEEN static void *block_and_exit_at_cleaning(void *unused) {
    pthread_cleanup_push(clean, NULL);
    pthread_cleanup_push(exit_thread, NULL);
    atomic_store(&waiting, zx_thread_self());
    wait_one();
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return unused;
}

// As anywhere else: what would follow does not. The second time the thread is killed, and those
// who wait for its end see it each time.
START_TEST(a_cancelled_thread_may_end_as_it_cleans_up) {
    const bool killed = _i == 1;
    zx_handle_t handle = ZX_HANDLE_INVALID;
    make_event();
    const pthread_t thread = start_thread(block_and_exit_at_cleaning, NULL);
    while (atomic_load(&waiting) == ZX_HANDLE_INVALID) {
        sched_yield();
    }
    ck_assert_int_eq(zx_handle_duplicate(atomic_load(&waiting), ZX_RIGHT_SAME_RIGHTS, &handle),
                     ZX_OK);
    until_state(handle, ZX_THREAD_STATE_BLOCKED_WAIT_ONE);
    if (killed) {
        ck_assert_int_eq(zx_task_kill(handle), ZX_OK);
    } else {
        ck_assert_int_eq(pthread_cancel(thread), 0);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(zx_object_wait_one(handle, ZX_THREAD_TERMINATED, 0, NULL), ZX_OK);
    ck_assert_int_eq(atomic_load(&cleaned), 1);
    event_still_works();
}
END_TEST

static void test_for_cancellation(void *context, const zirconia_exit_t *exit) {
    (void)exit;
    pthread_cancel(pthread_self());
    pthread_testcancel();
    atomic_fetch_add((atomic_int *)context, 1);
}

static zx_status_t statuses[7];

// A pending request takes effect in no call that does not block. In Check's functions it would.
LEFT_UNSEEN static void *work_while_a_request_waits(void *unused) {
    static const uint64_t word = 1;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    pthread_cleanup_push(clean, NULL);
    pthread_cancel(pthread_self());
    statuses[0] = zx_vmo_create(0x4000, ZX_VMO_RESIZABLE, &vmo);
    statuses[1] = zx_vmo_write(vmo, &word, 0, sizeof word);
    statuses[2] = zx_vmo_op_range(vmo, ZX_VMO_OP_DECOMMIT, 0, 0x4000, NULL, 0);
    statuses[3] = zx_vmo_set_size(vmo, 0x8000);
    statuses[4] = zx_handle_close(vmo);
    statuses[5] = zx_event_create(0, &event);
    statuses[6] = zx_handle_close(event);
    atomic_store(&waiting, 1);
    zx_nanosleep(0);
    pthread_cleanup_pop(0);
    return unused;
}

START_TEST(a_request_that_waits_takes_effect_in_a_call_that_blocks) {
    void *result = NULL;
    ck_assert_int_eq(pthread_join(start_thread(work_while_a_request_waits, NULL), &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_uint_eq(atomic_load(&waiting), 1);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        ck_assert_int_eq(statuses[i], ZX_OK);
    }
    ck_assert_int_eq(atomic_load(&cleaned), 1);
}
END_TEST

// The guest halts: the exit observer is told of it, and the thread ends there.
static void *enter_and_be_cancelled_by_the_observer(void *count) {
    zx_port_packet_t packet;
    halted_guest();
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, test_for_cancellation, count), ZX_OK);
    zx_vcpu_enter(vcpu, &packet);
    return NULL;
}

START_TEST(an_observer_is_not_where_a_thread_ends) {
    void *result = NULL;
    atomic_int observed = 0;
    const pthread_t thread = start_thread(enter_and_be_cancelled_by_the_observer, &observed);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    ck_assert_int_ge(atomic_load(&observed), 1);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
}
END_TEST

static atomic_bool kicking;

LEFT_UNSEEN static void kick_often(int number) {
    (void)number;
    atomic_store(&kicking, true);
    for (int i = 0; i < 10000; i++) {
        zx_vcpu_kick(vcpu);
    }
}

LEFT_UNSEEN static void *wait_and_be_cancelled(void *unused) {
    zx_port_packet_t packet;
    atomic_store(&waiting, zx_thread_self());
    zx_port_wait(port, ZX_TIME_INFINITE, &packet);
    return unused;
}

// Closing waits for every call that has found the handle.
START_TEST(a_thread_that_is_cancelled_in_its_signal_handler_lets_go_of_the_vcpu_that_it_kicks) {
    const struct sigaction action = {.sa_handler = kick_often};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    make_event();
    halted_guest();
    for (int i = 0; i < ROUNDS; i++) {
        void *result = NULL;
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
        atomic_store(&waiting, ZX_HANDLE_INVALID);
        atomic_store(&kicking, false);
        const pthread_t thread = start_thread(wait_and_be_cancelled, NULL);
        while (atomic_load(&waiting) == ZX_HANDLE_INVALID) {
            sched_yield();
        }
        until_state(atomic_load(&waiting), ZX_THREAD_STATE_BLOCKED_PORT);
        ck_assert_int_eq(pthread_kill(thread, SIGUSR1), 0);
        while (!atomic_load(&kicking)) {
            sched_yield();
        }
        ck_assert_int_eq(pthread_cancel(thread), 0);
        ck_assert_int_eq(zx_handle_close(vcpu), ZX_OK);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert_ptr_eq(result, PTHREAD_CANCELED);
    }
}
END_TEST

static atomic_int called;

// Calls that take locks of the library and allocate memory; none of them blocks.
LEFT_UNSEEN static void *call_until_cancelled(void *unused) {
    int old = 0;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    for (;;) {
        zx_handle_t one = ZX_HANDLE_INVALID;
        zx_port_packet_t packet = {.type = ZX_PKT_TYPE_USER};
        zx_event_create(0, &one);
        zx_handle_close(one);
        zx_port_queue(port, &packet);
        zx_port_wait(port, 0, &packet);
        atomic_fetch_add(&called, 1);
    }
    return unused;
}

// POSIX asks no library for this. Here it takes effect between two calls, or where one sleeps.
START_TEST(a_thread_that_may_be_cancelled_at_any_instruction_is_not_inside_of_a_call) {
    make_event();
    for (int i = 0; i < 5 * ROUNDS; i++) {
        void *result = NULL;
        const int before = atomic_load(&called);
        const pthread_t thread = start_thread(call_until_cancelled, NULL);
        while (atomic_load(&called) == before) {
            sched_yield();
        }
        for (volatile int moment = 0; moment < 37 * i; moment++) {
        }
        ck_assert_int_eq(pthread_cancel(thread), 0);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert_ptr_eq(result, PTHREAD_CANCELED);
        zx_port_packet_t packet;
        while (zx_port_wait(port, 0, &packet) == ZX_OK) {
        }
        event_still_works();
    }
}
END_TEST

LEFT_UNSEEN static void *spin_until_cancelled(void *unused) {
    int old = 0;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    atomic_store(&waiting, zx_thread_self());
    for (;;) {
        atomic_fetch_add(&called, 1);
    }
    return unused;
}

static void expect_suspended(zx_handle_t thread) {
    zx_signals_t signals = 0;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(zx_object_wait_one(thread, ZX_THREAD_TERMINATED, 0, &signals),
                         ZX_ERR_TIMED_OUT);
        ck_assert_uint_eq(signals & ZX_THREAD_SUSPENDED, ZX_THREAD_SUSPENDED);
        sched_yield();
    }
}

// It stops in a handler of the library's, which has locks, and sleeps.
START_TEST(a_thread_that_may_be_cancelled_at_any_instruction_is_not_while_it_is_suspended) {
    for (int i = 0; i < 5 * ROUNDS; i++) {
        void *result = NULL;
        zx_handle_t suspended = ZX_HANDLE_INVALID;
        zx_handle_t token = ZX_HANDLE_INVALID;
        atomic_store(&waiting, ZX_HANDLE_INVALID);
        const pthread_t thread = start_thread(spin_until_cancelled, NULL);
        while (atomic_load(&waiting) == ZX_HANDLE_INVALID) {
            sched_yield();
        }
        ck_assert_int_eq(
            zx_handle_duplicate(atomic_load(&waiting), ZX_RIGHT_SAME_RIGHTS, &suspended), ZX_OK);
        ck_assert_int_eq(zx_task_suspend(suspended, &token), ZX_OK);
        if (i % 2 == 0) {
            until(suspended, ZX_THREAD_SUSPENDED);
        }
        ck_assert_int_eq(pthread_cancel(thread), 0);
        if (i % 2 == 0) {
            expect_suspended(suspended);
        }
        ck_assert_int_eq(zx_handle_close(token), ZX_OK);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert_ptr_eq(result, PTHREAD_CANCELED);
        until(suspended, ZX_THREAD_TERMINATED);
        ck_assert_int_eq(zx_handle_close(suspended), ZX_OK);
    }
}
END_TEST

static void add_tests(TCase *tcase) {
    tcase_add_loop_test(tcase, a_thread_that_the_host_cancels_leaves_the_call_and_ends, 0,
                        CALL_COUNT);
    tcase_add_test(tcase, a_client_that_has_cancellation_off_is_not_cancelled);
    tcase_add_test(tcase, a_request_that_waits_takes_effect_in_a_call_that_blocks);
    tcase_add_test(tcase,
                   a_thread_that_may_be_cancelled_at_any_instruction_is_not_inside_of_a_call);
    tcase_add_loop_test(tcase, a_cancelled_thread_makes_calls_as_it_cleans_up, 0, 2);
    tcase_add_loop_test(tcase, a_cancelled_thread_may_end_as_it_cleans_up, 0, 2);
    tcase_add_test(tcase,
                   a_thread_that_may_be_cancelled_at_any_instruction_is_not_while_it_is_suspended);
    tcase_add_test(tcase, an_observer_is_not_where_a_thread_ends);
    tcase_add_test(
        tcase, a_thread_that_is_cancelled_in_its_signal_handler_lets_go_of_the_vcpu_that_it_kicks);
}

#else

static void add_tests(TCase *tcase) {
    (void)tcase;
}

#endif

int main(void) {
    Suite *suite = suite_create("cancel");
    TCase *tcase = tcase_create("cancel");
    tcase_set_timeout(tcase, 30);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
