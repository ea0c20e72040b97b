// SPDX-License-Identifier: MIT
//
// Divisions whose quotient does not fit: the guest's #DE, at the instruction. Those of the client's
// own code stay the client's.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "execute.h"
#include "platform/division.h"

#ifndef _WIN32
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { DIVIDE_ERROR = 0 };

#define OPERAND 0x300000u
#define LOWEST_64 0x8000000000000000ull
#define LOWEST_32 0x80000000ull
#define OVERFLOWS UINT64_MAX

struct division {
    const char *name;
    const char *bytes;
    uint64_t rdx;
    uint64_t rax;
    uint64_t divisor; // In RCX and at OPERAND, which is in RBX.
    uint64_t quotient;
    uint64_t remainder;
};

#define IDIV_8 "\xf6\xf9"
#define IDIV_16 "\x66\xf7\xf9"
#define IDIV_32 "\xf7\xf9"
#define IDIV_64 "\x48\xf7\xf9"
#define IDIV_32_MEMORY "\xf7\x3b"
#define IDIV_64_MEMORY "\x48\xf7\x3b"
#define DIV_32 "\xf7\xf1"
#define DIV_64 "\x48\xf7\xf1"

static const struct division divisions[] = {
    {"IDIV CL: -128 by -1", IDIV_8, 0, 0xff80, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV CL: -32768 by -1", IDIV_8, 0, 0x8000, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV CL: -127 by -1", IDIV_8, 0, 0xff81, UINT64_MAX, 0x7f, 0},
    {"IDIV CX: -2^31 by -1", IDIV_16, 0x8000, 0, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV CX: -2^15 by -1", IDIV_16, 0xffff, 0x8000, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV CX: -32767 by -1", IDIV_16, 0xffff, 0x8001, UINT64_MAX, 0x7fff, 0},
    {"IDIV ECX: -2^63 by -1", IDIV_32, LOWEST_32, 0, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV [RBX]: -2^63 by -1", IDIV_32_MEMORY, LOWEST_32, 0, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV ECX: -2^63 by 0", IDIV_32, LOWEST_32, 0, 0, OVERFLOWS, 0},
    {"IDIV ECX: -2^63 by 1", IDIV_32, LOWEST_32, 0, 1, OVERFLOWS, 0},
    {"IDIV ECX: -2^31 by -1", IDIV_32, UINT32_MAX, LOWEST_32, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV ECX: 1-2^31 by -1", IDIV_32, UINT32_MAX, LOWEST_32 + 1, UINT64_MAX, INT32_MAX, 0},
    {"IDIV ECX: -2^31 by 7", IDIV_32, UINT32_MAX, LOWEST_32, 7, 0xedb6db6e, 0xfffffffe},
    {"IDIV RCX: -2^127 by -1", IDIV_64, LOWEST_64, 0, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV RCX: -2^63 by -1", IDIV_64, UINT64_MAX, LOWEST_64, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV [RBX]: -2^63 by -1", IDIV_64_MEMORY, UINT64_MAX, LOWEST_64, UINT64_MAX, OVERFLOWS, 0},
    {"IDIV RCX: 1-2^63 by -1", IDIV_64, UINT64_MAX, LOWEST_64 + 1, UINT64_MAX, INT64_MAX, 0},
    {"DIV ECX: 2^63 by 1", DIV_32, LOWEST_32, 0, 1, OVERFLOWS, 0},
    {"DIV ECX: 2^63 by 2^32-1", DIV_32, LOWEST_32, 0, UINT64_MAX, 0x80000000, 0x80000000},
    {"DIV RCX: 2^127 by 1", DIV_64, LOWEST_64, 0, 1, OVERFLOWS, 0},
};

static zx_vcpu_state_t divide_in_guest(const struct division *division) {
    zx_vcpu_state_t state = {
        .rax = division->rax, .rdx = division->rdx, .rcx = division->divisor, .rbx = OPERAND};
    memory_write(OPERAND, &division->divisor, sizeof division->divisor);
    put_code_bytes(division->bytes, strlen(division->bytes));
    run_code(&state);
    return state;
}

static void expect(const struct division *division) {
    const zx_vcpu_state_t state = divide_in_guest(division);
    if (division->quotient == OVERFLOWS) {
        ck_assert_msg(state.r10 == DIVIDE_ERROR && state.r8 == EXECUTE_SLOT, "%s: vector %llu",
                      division->name, (unsigned long long)state.r10);
        ck_assert_uint_eq(state.rdx, division->rdx);
        return;
    }
    ck_assert_msg(state.r10 == NO_VECTOR, "%s: a vector", division->name);
    const bool byte = division->bytes[0] == IDIV_8[0];
    const uint64_t mask = byte ? 0xff : UINT64_MAX;
    const bool word = division->bytes[0] == 0x66;
    ck_assert_msg((state.rax & mask) == division->quotient, "%s", division->name);
    ck_assert_msg(((byte ? state.rax >> 8 : state.rdx) & (word ? 0xffff : UINT64_MAX)) ==
                      division->remainder,
                  "%s", division->name);
}

START_TEST(a_quotient_that_does_not_fit_is_the_guests_exception) {
    execute_start();
    for (size_t i = 0; i < sizeof divisions / sizeof divisions[0]; i++) {
        expect(&divisions[i]);
    }
}
END_TEST

#ifndef _WIN32

static const struct division lowest = {
    "IDIV ECX: -2^63 by -1", IDIV_32, LOWEST_32, 0, UINT64_MAX, OVERFLOWS, 0};

static void *divide_with_all_signals_blocked(void *unused) {
    (void)unused;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    execute_start();
    expect(&lowest);
    guest_close();
    return NULL;
}

START_TEST(a_thread_that_blocks_all_signals_runs_the_guest_as_well) {
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, divide_with_all_signals_blocked, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

#endif

// --- The client's own ---

#if defined(__x86_64__) && !defined(_WIN32)

static sigjmp_buf recovery;
static volatile sig_atomic_t signals;

static void on_signal(int number) {
    signals += number == SIGFPE ? 1 : 100;
    siglongjmp(recovery, 1);
}

static void divide_here(int64_t dividend, int64_t divisor) {
    int64_t high = dividend >> 63;
    __asm__ volatile("idivq %2" : "+a"(dividend), "+d"(high) : "r"(divisor) : "cc");
}

static void expect_signal(int64_t divisor) {
    signals = 0;
    if (sigsetjmp(recovery, 1) == 0) {
        divide_here(INT64_MIN, divisor);
    }
    ck_assert_int_eq(signals, 1);
}

START_TEST(a_handler_of_the_clients_gets_the_clients_divisions) {
    signal(SIGFPE, on_signal);
    execute_start();
    for (int i = 0; i < 2; i++) {
        expect(&lowest);
        ck_assert_int_eq(signals, i);
        expect_signal(-1);
        expect_signal(0);
    }
}
END_TEST

static int end_of_child(int64_t divisor) {
    const pid_t child = fork();
    if (child == 0) {
        divide_here(INT64_MIN, divisor);
        _exit(0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(without_a_handler_the_clients_divisions_end_it) {
    signal(SIGFPE, SIG_DFL); // A sanitizer has one.
    execute_start();
    expect(&lowest);
    const int64_t divisors[] = {-1, 0};
    for (size_t i = 0; i < 2; i++) {
        const int status = end_of_child(divisors[i]);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGFPE);
    }
}
END_TEST

static void divide_by_zero(void *context) {
    divide_here(1, *(const int64_t *)context);
}

START_TEST(what_cannot_be_learned_is_given_up) {
    int64_t zero = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert(!platform_learn_division(divide_by_zero, &zero));
    }
    signal(SIGFPE, on_signal);
    expect_signal(0);
    signal(SIGFPE, SIG_DFL);
}
END_TEST

#endif

int main(void) {
    const TTest *const tests[] = {
        a_quotient_that_does_not_fit_is_the_guests_exception,
#ifndef _WIN32
        a_thread_that_blocks_all_signals_runs_the_guest_as_well,
#endif
#if defined(__x86_64__) && !defined(_WIN32)
        a_handler_of_the_clients_gets_the_clients_divisions,
        without_a_handler_the_clients_divisions_end_it,
        what_cannot_be_learned_is_given_up,
#endif
    };
    return run_tests("division", tests, sizeof tests / sizeof tests[0]);
}
