// SPDX-License-Identifier: MIT
//
// Debug registers of stopped threads as values (objects ABI 6.4), and that a client does not
// notice how the library gets at them.

#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__) || defined(_WIN32))

#define _GNU_SOURCE // __WALL, struct user

#include "debug_fixture.h"
#include "other_thread.h"

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/syscall.h>
#endif
#include <zirconia/zirconia.h>

static void spin(uintptr_t first, uintptr_t second) {
    (void)second;
    struct worker_memory *own = (struct worker_memory *)first;
    own->thread = pthread_self();
    atomic_store(&own->finished, 1);
    for (;;) {
    }
}

// --- Values ---

START_TEST(debug_registers_are_read_back_as_written_and_stay_over_a_resume) {
    if (!start(spin)) {
        return;
    }
    zx_thread_state_debug_regs_t debug = registers();
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(debug.dr[i], 0);
    }
    ck_assert_uint_eq(debug.dr6, DR6_NO_EVENT);
    ck_assert_uint_eq(debug.dr7, DR7_NOTHING);
    const uint64_t base = (uintptr_t)&worker_memory; // No thread executes that.
    debug = (zx_thread_state_debug_regs_t){
        .dr = {base, base + 0x4000, base + 0x8000, 0}, .dr6 = 0xf, .dr7 = 0x33};
    ck_assert_int_eq(write_debug(&debug), ZX_OK);
    for (int i = 0; i < 2; i++) {
        const zx_thread_state_debug_regs_t now = registers();
        ck_assert_int_eq(memcmp(now.dr, debug.dr, sizeof now.dr), 0);
        ck_assert_uint_eq(now.dr6, DR6_NO_EVENT); // It is the processor's to write.
        ck_assert_uint_eq(now.dr7, 0x733);
        resume();
        suspend();
    }
    debug.dr7 = 0xd9330000 | DR7_NOTHING; // All kinds and lengths, and nothing enabled
    ck_assert_int_eq(write_debug(&debug), ZX_OK);
    ck_assert_uint_eq(registers().dr7, debug.dr7);
    end();
}
END_TEST

START_TEST(bad_addresses_and_bits_are_refused_and_change_nothing) {
    if (!start(spin)) {
        return;
    }
    set_breakpoint((uintptr_t)&worker_memory.go, DR7_WRITE_8);
    const zx_thread_state_debug_regs_t before = registers();
    for (int i = 0; i < 4; i++) {
        zx_thread_state_debug_regs_t debug = before;
        debug.dr[i] = UINT64_C(1) << 47;
        ck_assert_int_eq(write_debug(&debug), ZX_ERR_INVALID_ARGS);
        debug.dr[i] = UINT64_MAX;
        ck_assert_int_eq(write_debug(&debug), ZX_ERR_INVALID_ARGS);
    }
    static const uint64_t bad[] = {
        1 << 11,
        1 << 12,
        1 << 13,
        1 << 14,
        1 << 15,
        UINT64_C(1) << 32,
        UINT64_C(1) << 63,
        DR7_ENABLE_0 | 2 << 16, // An access to a port
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const zx_thread_state_debug_regs_t debug = {.dr = {64, 64, 64, 64}, .dr7 = bad[i]};
        ck_assert_int_eq(write_debug(&debug), ZX_ERR_INVALID_ARGS);
    }
    const zx_thread_state_debug_regs_t after = registers();
    ck_assert_int_eq(memcmp(&after, &before, sizeof after), 0);
    end();
}
END_TEST

START_TEST(a_thread_that_runs_shows_no_debug_registers) {
    if (!start(spin)) {
        return;
    }
    resume();
    zx_thread_state_debug_regs_t debug = {.dr7 = DR7_NOTHING};
    ck_assert_int_eq(read_debug(&debug), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(write_debug(&debug), ZX_ERR_BAD_STATE);
    end();
}
END_TEST

START_TEST(the_structure_of_2018_is_longer_and_its_end_is_ignored) {
    if (!start(spin)) {
        return;
    }
    const uint32_t kind = ZX_THREAD_STATE_DEBUG_REGS;
    uint64_t values[9] = {(uintptr_t)&worker_memory, 0, 0, 0, 0, 0x701, UINT64_MAX, UINT64_MAX};
    ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, values, 47),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, kind, values, 63),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, kind, values, 65),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, kind, values, 64), ZX_OK);
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, kind, values, 64), ZX_OK);
    ck_assert_uint_eq(values[0], (uintptr_t)&worker_memory);
    ck_assert_uint_eq(values[5], 0x701);
    ck_assert_uint_eq(values[6], 0);
    ck_assert_uint_eq(values[7], 0);
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, values, sizeof values), ZX_OK);
    end();
}
END_TEST

// --- What the client must not notice ---

#ifdef __linux__

static atomic_int children_told;
static atomic_int signals_handled;

static void count_signal(int number) {
    atomic_fetch_add(number == SIGCHLD ? &children_told : &signals_handled, 1);
}

START_TEST(no_child_and_no_signal_of_it_is_seen_and_none_of_the_threads_is_lost) {
    signal(SIGCHLD, count_signal);
    signal(SIGUSR1, count_signal);
    if (!start(spin)) {
        return;
    }
    resume();
    until_set(&worker_memory.finished);
    suspend();
    ck_assert_int_eq(pthread_kill(worker_memory.thread, SIGUSR1), 0);
    for (int i = 0; i < 20; i++) {
        set_breakpoint((uintptr_t)&worker_memory, DR7_WRITE_8);
        ck_assert_uint_eq(registers().dr[0], (uintptr_t)&worker_memory);
    }
    ck_assert_int_eq(atomic_load(&signals_handled), 0);
    resume();
    until_set(&signals_handled);
    suspend();
    ck_assert_int_eq(atomic_load(&signals_handled), 1);
    ck_assert_int_eq(atomic_load(&children_told), 0);
    ck_assert_int_eq(waitpid(-1, NULL, __WALL | WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
    end();
}
END_TEST

#endif

START_TEST(an_access_lets_a_suspended_thread_execute_nothing) {
    if (!start(spin)) {
        return;
    }
    static _Atomic(uint64_t) counter;
    end();
    channel = ZX_HANDLE_INVALID;
    worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
    suspend();
    const uint64_t before = atomic_load(&counter);
    const uint64_t rip = general_registers().rip;
    for (int i = 0; i < 20; i++) {
        set_breakpoint((uintptr_t)&worker_memory, DR7_WRITE_8);
    }
    assert_stands_still(&counter);
    ck_assert_uint_eq(atomic_load(&counter), before);
    ck_assert_uint_eq(general_registers().rip, rip);
    resume();
    until_counted(&counter);
    end();
}
END_TEST

// --- Hosts that forbid it ---

#ifdef __linux__

static atomic_int lines;

static void count_line(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    ck_assert_int_eq(level, ZIRCONIA_LOG_WARNING);
    ck_assert_ptr_nonnull(strstr(line, "debug registers"));
    atomic_fetch_add(&lines, 1);
}

// As containers do.
static void forbid_ptrace(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

static zx_status_t read_forbidden(void) {
    zx_thread_state_debug_regs_t debug;
    forbid_ptrace();
    return read_debug(&debug);
}

static zx_status_t write_forbidden(void) {
    const zx_thread_state_debug_regs_t nothing = {.dr7 = DR7_NOTHING};
    forbid_ptrace();
    return write_debug(&nothing);
}

// The ban is that of the thread that calls: a leak checker at the end of the process uses ptrace.
START_TEST(where_ptrace_is_forbidden_they_are_not_supported_and_the_log_says_why) {
    worker = worker_run(spin, &worker_memory);
    suspend();
    zirconia_set_log(count_line, NULL, ZIRCONIA_LOG_WARNING);
    ck_assert_int_eq(on_other_thread(read_forbidden), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(atomic_load(&lines), 1);
    ck_assert_int_eq(on_other_thread(write_forbidden), ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(atomic_load(&lines), 2);
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_WARNING);
    end();
}
END_TEST

#endif

int main(void) {
    const TTest *const tests[] = {
        debug_registers_are_read_back_as_written_and_stay_over_a_resume,
        bad_addresses_and_bits_are_refused_and_change_nothing,
        a_thread_that_runs_shows_no_debug_registers,
        the_structure_of_2018_is_longer_and_its_end_is_ignored,
#ifdef __linux__
        no_child_and_no_signal_of_it_is_seen_and_none_of_the_threads_is_lost,
#endif
        an_access_lets_a_suspended_thread_execute_nothing,
#ifdef __linux__
        where_ptrace_is_forbidden_they_are_not_supported_and_the_log_says_why,
#endif
    };
    allowed = ask_host();
    return run_tests("debug_registers", tests, sizeof tests / sizeof tests[0]);
}

#else

#include "debug_fixture.h"

int main(void) {
    return run_refused("debug_registers");
}

#endif
