// SPDX-License-Identifier: MIT
//
// Threads are stopped and ended whatever state their code has left the processor in: unaligned
// accesses fault, strings go backwards, every floating-point exception is unmasked and one pending.

#include "other_thread.h"
#include "run_tests.h"
#include "sanitized.h"
#include "thread_fixture.h"

#include <pthread.h>

#if defined(__x86_64__) && defined(__linux__)

#define FLAG_DIRECTION (UINT64_C(1) << 10)
#define FLAG_ALIGNMENT_CHECK (UINT64_C(1) << 18)

static _Atomic(uint64_t) counter;

// Counts for ever.
static void count_oddly(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    static const uint16_t unmasked = 0x340;
    static const uint32_t unmasked_sse = 0;
    __asm__ volatile("fninit\n"
                     "fldcw %[x87]\n"
                     "ldmxcsr %[sse]\n"
                     "fldz\n"
                     "fld1\n"
                     "fdivp\n" // Pending until the next instruction of the x87.
                     "pushfq\n"
                     "orq $0x40400, (%%rsp)\n"
                     "popfq\n"
                     "1: lock incq %[counter]\n"
                     "jmp 1b\n"
                     : [counter] "+m"(counter)
                     : [x87] "m"(unmasked), [sse] "m"(unmasked_sse)
                     : "memory", "cc");
}

static void suspend_and_resume(zx_handle_t thread) {
    zx_handle_t token = ZX_HANDLE_INVALID;
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(zx_task_suspend_token(thread, &token), ZX_OK);
    until(thread, ZX_THREAD_SUSPENDED);
    ck_assert_int_eq(
        zx_thread_read_state(thread, ZX_THREAD_STATE_GENERAL_REGS, &registers, sizeof registers),
        ZX_OK);
    ck_assert_uint_ne(registers.rflags & FLAG_ALIGNMENT_CHECK, 0);
    ck_assert_uint_ne(registers.rflags & FLAG_DIRECTION, 0);
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(thread, ZX_THREAD_RUNNING);
    until_counted(&counter);
}

START_TEST(a_thread_is_stopped_and_goes_on_in_its_odd_state) {
    struct worker worker = worker_run(count_oddly, NULL);
    until_counted(&counter);
    for (int i = 0; i < 100; i++) {
        suspend_and_resume(worker.handle);
    }
    worker_end(&worker);
}
END_TEST

#if !THREAD_SANITIZED // Under ThreadSanitizer a host thread is killed at a call, and this one makes
                      // none.

static pthread_key_t key;
static _Atomic(zx_handle_t) adopted;
static atomic_int destructors;

// What compiled code may do: an access that is not aligned, and a division that is not exact.
static void on_exit_of_thread(void *value) {
    static const volatile struct __attribute__((packed)) {
        uint8_t first;
        uint64_t unaligned;
    } sample = {1, 3};
    volatile long double x87 = (long double)sample.unaligned;
    volatile double sse = (double)sample.unaligned;
    x87 = 1 / x87;
    sse = 1 / sse;
    ck_assert(value != NULL && x87 > 0.3L && sse > 0.3);
    atomic_fetch_add(&destructors, 1);
}

static void *be_adopted(void *unused) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(pthread_setspecific(key, &key), 0);
    ck_assert_int_eq(zx_handle_duplicate(zx_thread_self(), ZX_RIGHT_SAME_RIGHTS, &handle), ZX_OK);
    atomic_store(&adopted, handle);
    count_oddly(0, 0);
    return unused;
}

START_TEST(a_host_thread_that_is_killed_ends_in_a_plain_state) {
    ck_assert_int_eq(pthread_key_create(&key, on_exit_of_thread), 0);
    const pthread_t thread = start_thread(be_adopted, NULL);
    until_counted(&counter);
    suspend_and_resume(atomic_load(&adopted));
    ck_assert_int_eq(zx_task_kill(atomic_load(&adopted)), ZX_OK);
    until(atomic_load(&adopted), ZX_THREAD_TERMINATED);
    join_thread(thread);
    ck_assert_int_eq(atomic_load(&destructors), 1);
}
END_TEST

#endif

static void add_tests(TCase *tcase) {
    tcase_add_test(tcase, a_thread_is_stopped_and_goes_on_in_its_odd_state);
#if !THREAD_SANITIZED
    tcase_add_test(tcase, a_host_thread_that_is_killed_ends_in_a_plain_state);
#endif
}

#else

static void add_tests(TCase *tcase) {
    (void)tcase;
}

#endif

int main(void) {
    Suite *suite = suite_create("stop_state");
    TCase *tcase = tcase_create("stop state");
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
