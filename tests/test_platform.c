// SPDX-License-Identifier: MIT
//
// What the library asks of the host: the copy that survives bad pointers, and leaves the program's
// own faults alone; reserved addresses; waiting with a deadline; sockets; the end of a thread.

#define _GNU_SOURCE // sigaltstack(), and the names in a signal's frame

#include "bad_memory.h"
#include "platform/platform.h"
#include "platform/publish.h"
#include "run_tests.h"

#include <check.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>

#ifndef _WIN32
#include "platform/posix_faults.h"
#include "platform/posix_trap.h"
#include "platform/socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

START_TEST(copy_is_exact) {
    uint8_t source[64];
    for (size_t i = 0; i < sizeof(source); i++) {
        source[i] = (uint8_t)(i + 1);
    }
    for (size_t from = 0; from < 9; from++) {
        for (size_t to = 0; to < 9; to++) {
            for (size_t size = 0; size < 40; size++) {
                uint8_t got[64] = {0};
                uint8_t expected[64] = {0};
                memcpy(expected + to, source + from, size);
                ck_assert(platform_copy(got + to, source + from, size));
                ck_assert_mem_eq(got, expected, sizeof(got));
            }
        }
    }
}
END_TEST

START_TEST(copy_says_where_it_stopped) {
    uint8_t buffer[128] = {0};
    for (size_t size = 1; size < 20; size++) {
        uint8_t *edge = before_bad_memory(size);
        uintptr_t fault = 1;
        ck_assert(platform_copy_or_fault(buffer, edge, size, &fault));
        ck_assert(!platform_copy_or_fault(buffer, edge, size + 17, &fault));
        ck_assert_uint_eq(fault, (uintptr_t)edge + size);
        ck_assert(!platform_copy_or_fault(edge, buffer, size + 17, &fault));
        ck_assert_uint_eq(fault, (uintptr_t)edge + size);
    }
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert(platform_copy(bad_pointer(i), buffer, 0));
        ck_assert(!platform_copy(bad_pointer(i), buffer, 1));
        ck_assert(!platform_copy(buffer, bad_pointer(i), 1));
    }
}
END_TEST

#ifndef _WIN32

static char handler_stack[65536];
static volatile bool was_on_handler_stack;

static void note_stack(int number) {
    const char here = (char)number;
    was_on_handler_stack = (uintptr_t)&here - (uintptr_t)handler_stack < sizeof handler_stack;
}

START_TEST(after_a_fault_handlers_still_use_the_alternate_stack) {
    uint8_t byte = 0;
    const stack_t own = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    struct sigaction action = {.sa_flags = SA_ONSTACK};
    action.sa_handler = note_stack;
    ck_assert_int_eq(sigaltstack(&own, NULL), 0);
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert(!platform_copy(&byte, bad_pointer(3), 1));
        was_on_handler_stack = false;
        raise(SIGUSR1);
        ck_assert(was_on_handler_stack);
    }
    const stack_t none = {.ss_flags = SS_DISABLE, .ss_size = sizeof handler_stack};
    ck_assert_int_eq(sigaltstack(&none, NULL), 0);
}
END_TEST

#endif

enum { FAULTS = 2000 };

static void *fault_often(void *argument) {
    uint8_t bytes[8] = {0};
    const uint8_t *bad = argument;
    for (size_t i = 0; i < FAULTS; i++) {
        if (platform_copy(bytes, bad + i % 16, 1 + i % sizeof bytes)) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(threads_fault_at_once) {
    pthread_t threads[4];
    void *bad = bad_pointer(3);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fault_often, bad), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
}
END_TEST

#ifndef _WIN32
static sigjmp_buf out_of_handler;
static volatile sig_atomic_t handler_calls;

static void count_and_leave(int number) {
    (void)number;
    handler_calls++;
    siglongjmp(out_of_handler, 1);
}

START_TEST(faults_of_the_program_reach_its_handler) {
    struct sigaction action = {.sa_flags = 0};
    action.sa_handler = count_and_leave;
    sigemptyset(&action.sa_mask);
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    volatile uint8_t *bad = bad_pointer(3);
    uint8_t byte = 0;
    for (volatile int i = 0; i < 3; i++) {
        ck_assert(!platform_copy(&byte, (const void *)(uintptr_t)bad, 1));
        ck_assert_int_eq(handler_calls, i);
        if (sigsetjmp(out_of_handler, 1) == 0) {
            byte = *bad;
        }
        ck_assert_int_eq(handler_calls, i + 1);
    }
}
END_TEST

static void *fault_and_copy(void *bad) {
    uint8_t byte = 0;
#if defined(__APPLE__) || defined(ZIRCONIA_PORTABLE)
    ck_assert(!posix_faults_know_thread());
#endif
    if (sigsetjmp(out_of_handler, 1) == 0) {
        byte = *(volatile uint8_t *)bad;
    }
    ck_assert(!platform_copy(&byte, bad, 1));
    ck_assert(posix_faults_know_thread());
    return NULL;
}

START_TEST(a_thread_that_was_never_in_the_library_has_its_own_faults) {
    struct sigaction action = {.sa_flags = 0};
    pthread_t thread;
    action.sa_handler = count_and_leave;
    sigemptyset(&action.sa_mask);
    uint8_t byte = 0;
    ck_assert_int_eq(sigaction(SIGSEGV, &action, NULL), 0);
    ck_assert(!platform_copy(&byte, bad_pointer(3), 1)); // Takes the signals over.
    const int before = handler_calls;
    ck_assert_int_eq(pthread_create(&thread, NULL, fault_and_copy, bad_pointer(3)), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(handler_calls, before + 1);
}
END_TEST
#endif

#ifndef _WIN32

static bool can_read(const uint8_t *at) {
    uint8_t byte = 0;
    return platform_copy(&byte, at, 1);
}

START_TEST(memory_faults_beyond_its_end) {
    const size_t page = platform_page_size();
    const unsigned writable = PLATFORM_READ | PLATFORM_WRITE;
    struct platform_memory *memory = platform_memory_create(page, false);
    ck_assert_ptr_nonnull(memory);
    uint8_t *whole = platform_memory_map(memory, 0, 3 * page, writable, NULL);
    ck_assert_ptr_nonnull(whole);
    whole[page - 1] = 7;
    ck_assert_ptr_eq(platform_memory_map(memory, 0, 2 * page, PLATFORM_READ, whole), whole);
    ck_assert_uint_eq(whole[page - 1], 7);
    ck_assert_ptr_eq(platform_memory_map(memory, 2 * page, page, PLATFORM_READ, whole + 2 * page),
                     whole + 2 * page);
    ck_assert(platform_protect(whole, 3 * page, writable));
    ck_assert(can_read(whole + page - 1));
    ck_assert(!can_read(whole + page));
    ck_assert(!can_read(whole + 2 * page));
    platform_memory_destroy(memory);
    ck_assert(platform_unmap(whole, 3 * page));
}
END_TEST

START_TEST(memory_that_grows_shows_in_what_was_mapped_before) {
    const size_t page = platform_page_size();
    const unsigned writable = PLATFORM_READ | PLATFORM_WRITE;
    struct platform_memory *memory = platform_memory_create(0, true);
    ck_assert_ptr_nonnull(memory);
    uint8_t *whole = platform_memory_map(memory, 0, 3 * page, writable, NULL);
    ck_assert_ptr_nonnull(whole);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(!can_read(whole + i * page));
        ck_assert(platform_memory_grow(memory, (i + 1) * page));
        whole[i * page] = (uint8_t)i;
    }
    ck_assert_uint_eq(whole[page], 1);
    platform_memory_destroy(memory);
    ck_assert(platform_unmap(whole, 3 * page));
}
END_TEST

#endif

#if defined(POSIX_CONTEXT_REGISTERS)

// What a trap raises on some host, and what it is called.
static const struct {
    uint64_t code;
    bool raises_segv, raises_bus, raises_fpe, raises_ill, raises_trap;
    zx_excp_type_t type;
} traps[] = {
#if defined(__x86_64__)
    {.code = 0, .raises_fpe = true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {.code = 1, .raises_trap = true, .raises_ill = true, .type = ZX_EXCP_HW_BREAKPOINT},
    {.code = 3, .raises_trap = true, .raises_ill = true, .type = ZX_EXCP_SW_BREAKPOINT},
    {.code = 6, .raises_ill = true, .type = ZX_EXCP_UNDEFINED_INSTRUCTION},
    {.code = 13, .raises_segv = true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {14, true, true, .raises_ill = true, .type = ZX_EXCP_FATAL_PAGE_FAULT},
    {.code = 17, .raises_bus = true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {.code = 19, .raises_fpe = true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {.code = 0x20, .type = ZX_EXCP_GENERAL}, // Interrupts and system calls.
    {.code = 0x80, .type = ZX_EXCP_GENERAL},
#else
    {.code = 0, .raises_ill = true, .type = ZX_EXCP_UNDEFINED_INSTRUCTION},
    {.code = 0x56000080, .type = ZX_EXCP_GENERAL}, // SVC
    {0x92000006, true, true, .raises_ill = true, .type = ZX_EXCP_FATAL_PAGE_FAULT},
    {0x92000021, true, true, .raises_ill = true, .type = ZX_EXCP_UNALIGNED_ACCESS},
    {0x82000006, true, true, .raises_ill = true, .type = ZX_EXCP_FATAL_PAGE_FAULT},
    {0x8a000000, true, true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {.code = 0xb2000000, .raises_fpe = true, .raises_ill = true, .type = ZX_EXCP_GENERAL},
    {.code = 0xca000022, .raises_trap = true, .raises_ill = true, .type = ZX_EXCP_HW_BREAKPOINT},
    {.code = 0xf2000001, .raises_trap = true, .raises_ill = true, .type = ZX_EXCP_SW_BREAKPOINT},
#endif
};

START_TEST(traps_are_told_apart) {
    for (size_t i = 0; i < sizeof traps / sizeof traps[0]; i++) {
        const struct posix_trap trap = {.code = traps[i].code};
        ck_assert_int_eq(posix_trap_raises(&trap, SIGSEGV), traps[i].raises_segv);
        ck_assert_int_eq(posix_trap_raises(&trap, SIGBUS), traps[i].raises_bus);
        ck_assert_int_eq(posix_trap_raises(&trap, SIGFPE), traps[i].raises_fpe);
        ck_assert_int_eq(posix_trap_raises(&trap, SIGILL), traps[i].raises_ill);
        ck_assert_int_eq(posix_trap_raises(&trap, SIGTRAP), traps[i].raises_trap);
        ck_assert_uint_eq(posix_trap_type(&trap), traps[i].type);
    }
}
END_TEST

#endif

START_TEST(reservations_take_only_free_addresses) {
    const size_t page = platform_page_size();
    uint8_t *base = platform_reserve(4 * page);
    ck_assert_ptr_nonnull(base);
    bool taken = false;
    ck_assert(!platform_reserve_at(base + page, page, &taken));
    ck_assert(taken);
    ck_assert(platform_unmap(base + page, page));
    ck_assert(platform_reserve_at(base + page, page, &taken));

    struct platform_memory *memory = platform_memory_create(page, false);
    ck_assert_ptr_nonnull(memory);
    const unsigned writable = PLATFORM_READ | PLATFORM_WRITE;
    ck_assert_ptr_eq(platform_memory_map(memory, 0, page, writable, base + page), base + page);
    base[page] = 9;
    ck_assert(platform_reset(base + page, page));
    uint8_t byte = 0;
    ck_assert(!platform_copy(&byte, base + page, 1));
    ck_assert_ptr_eq(platform_memory_map(memory, 0, page, PLATFORM_READ, base + page), base + page);
    ck_assert_uint_eq(base[page], 9);
    platform_memory_destroy(memory);
    platform_unmap(base, 4 * page);
}
END_TEST

START_TEST(waits_end_at_their_deadline) {
    struct platform_mutex mutex;
    struct platform_condition condition;
    platform_mutex_init(&mutex, LOCK_UNRANKED);
    platform_condition_init(&condition);
    platform_mutex_lock(&mutex);
    ck_assert(!platform_condition_wait_until(&condition, &mutex, INT64_MIN));
    const int64_t deadline = platform_monotonic() + 5000000;
    while (platform_condition_wait_until(&condition, &mutex, deadline)) {
        ck_assert_int_lt(platform_monotonic(), deadline + INT64_C(10000000000));
    }
    ck_assert_int_ge(platform_monotonic(), deadline);
    platform_mutex_unlock(&mutex);
    platform_condition_destroy(&condition);
    platform_mutex_destroy(&mutex);
}
END_TEST

#ifndef _WIN32

enum { MEBIBYTE = 1 << 20, SENT = 16 * MEBIBYTE };

static void ignore(int number) {
    (void)number;
}

static void *send_much(void *argument) {
    static const uint8_t bytes[MEBIBYTE];
    const struct platform_socket socket = *(struct platform_socket *)argument;
    for (int i = 0; i < SENT / MEBIBYTE; i++) {
        if (!platform_socket_send(socket, bytes, sizeof bytes)) {
            return NULL;
        }
    }
    return argument;
}

// A signal before each read finds the sender waiting for room nearly every time.
static size_t read_with_signals(int file, pthread_t sender, size_t size) {
    static uint8_t bytes[32768];
    size_t got = 0;
    while (got < size) {
        pthread_kill(sender, SIGUSR1);
        const ssize_t count = read(file, bytes, sizeof bytes);
        if (count <= 0) {
            break;
        }
        got += (size_t)count;
    }
    return got;
}

START_TEST(signals_do_not_end_what_is_sent) {
    const struct sigaction action = {.sa_handler = ignore};
    struct platform_socket listener;
    uint16_t port = 0;
    ck_assert_int_eq(platform_socket_listen("127.0.0.1", 0, &listener, &port), PLATFORM_LISTENS);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int file = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(file, (const struct sockaddr *)&address, sizeof address), 0);
    struct platform_socket sent_to = platform_socket_accept(listener);
    sigaction(SIGUSR1, &action, NULL);
    pthread_t sender;
    void *result = NULL;
    ck_assert_int_eq(pthread_create(&sender, NULL, send_much, &sent_to), 0);
    // The last bytes are read when nothing is sent to the thread any more.
    const size_t got = read_with_signals(file, sender, SENT - MEBIBYTE);
    ck_assert_uint_ge(got, SENT - MEBIBYTE);
    static uint8_t rest[2 * MEBIBYTE];
    ck_assert_int_eq(recv(file, rest, SENT - got, MSG_WAITALL), (ssize_t)(SENT - got));
    pthread_join(sender, &result);
    ck_assert_ptr_nonnull(result);
    platform_socket_close(sent_to);
    platform_socket_close(listener);
    close(file);
}
END_TEST

#endif

static struct platform_thread_slot exit_slot;

static void note_exit(void *value) {
    *(int *)value += 1;
}

static void *use_slot(void *argument) {
    if (platform_thread_slot_get(&exit_slot) == NULL) {
        platform_thread_slot_set(&exit_slot, argument);
    }
    pthread_exit(platform_thread_slot_get(&exit_slot));
    return NULL; // Not every host's header says that it does not get here.
}

START_TEST(thread_slots_tell_of_the_end) {
    int exits = 0;
    void *result = NULL;
    pthread_t thread;
    ck_assert(platform_thread_slot_create(&exit_slot, note_exit));
    ck_assert_int_eq(pthread_create(&thread, NULL, use_slot, &exits), 0);
    pthread_join(thread, &result);
    ck_assert_ptr_eq(result, &exits);
    ck_assert_int_eq(exits, 1);
    ck_assert_ptr_null(platform_thread_slot_get(&exit_slot));
}
END_TEST

enum { PUBLISH_ROUNDS = 20000 };

// The round in which each thread has stored, each in a line of the cache of its own.
static _Alignas(128) atomic_uint published[2][32];
static atomic_uint looked; // How often they have looked since the test began.

// Returns what this thread saw of the other one in that round.
static bool store_and_look(unsigned number, unsigned round) {
    for (unsigned i = round % 2 == number ? round / 2 % 32 : 0; i > 0; i--) {
        atomic_signal_fence(memory_order_seq_cst); // Each is the first now and then.
    }
    if (number == 0) {
        platform_publish(&published[number][0], round);
    } else {
        atomic_store_explicit(&published[number][0], round, memory_order_relaxed);
        platform_published();
    }
    const bool seen = atomic_load(&published[1 - number][0]) == round;
    atomic_fetch_add(&looked, 1);
    for (unsigned tries = 1; atomic_load(&looked) < 2 * round; tries++) {
        platform_back_off(tries);
    }
    return seen;
}

static void *store_and_look_often(void *seen) {
    for (unsigned round = 1; round <= PUBLISH_ROUNDS; round++) {
        ((bool *)seen)[round] = store_and_look(1, round);
    }
    return NULL;
}

// QEMU on x86-64 fails this with stores of arm64 that are sequentially consistent.
START_TEST(of_two_that_publish_and_look_one_sees_the_other) {
    static bool seen[PUBLISH_ROUNDS + 1];
    static bool seen_by_other[PUBLISH_ROUNDS + 1];
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, store_and_look_often, seen_by_other), 0);
    for (unsigned round = 1; round <= PUBLISH_ROUNDS; round++) {
        seen[round] = store_and_look(0, round);
    }
    pthread_join(other, NULL);
    for (unsigned round = 1; round <= PUBLISH_ROUNDS; round++) {
        ck_assert_msg(seen[round] || seen_by_other[round], "round %u", round);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        copy_is_exact,
        copy_says_where_it_stopped,
        threads_fault_at_once,
#ifndef _WIN32
        faults_of_the_program_reach_its_handler,
        a_thread_that_was_never_in_the_library_has_its_own_faults,
        after_a_fault_handlers_still_use_the_alternate_stack,
        memory_faults_beyond_its_end,
        memory_that_grows_shows_in_what_was_mapped_before,
#if defined(POSIX_CONTEXT_REGISTERS)
        traps_are_told_apart,
#endif
        signals_do_not_end_what_is_sent,
#endif
        reservations_take_only_free_addresses,
        waits_end_at_their_deadline,
        thread_slots_tell_of_the_end,
        of_two_that_publish_and_look_one_sees_the_other,
    };
    return run_tests("platform", tests, sizeof tests / sizeof tests[0]);
}
