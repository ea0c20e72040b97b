// SPDX-License-Identifier: MIT
//
// Hosts that give an engine less than it needs: the call fails with its documented error and a line
// in the log, and works as soon as the host gives more (hypervisor ABI 3.1). Unicorn itself would
// end the process.

#define _GNU_SOURCE // MAP_ANONYMOUS

#include "address_limit.h"
#include "guest_fixture.h"
#include "sanitized.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zirconia/zirconia.h>

#ifdef __linux__
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_MDWE_REFUSE_EXEC_GAIN 1ul
#endif
#endif

static char said[2000];

static void remember(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    (void)level;
    strncat(said, line, sizeof said - strlen(said) - 1);
}

static zx_status_t create(void) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t its_vmar = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zirconia_hypervisor_resource(&resource), ZX_OK);
    guest = ZX_HANDLE_INVALID;
    const zx_status_t status = zx_guest_create(resource, 0, &guest, &its_vmar);
    if (status == ZX_OK) {
        ck_assert_int_eq(zx_handle_close(its_vmar), ZX_OK);
        ck_assert_int_eq(zx_handle_close(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_handle_close(resource), ZX_OK);
    return status;
}

static struct rlimit limit_address_space(rlim_t bytes) {
    struct rlimit before;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    const struct rlimit limit = {.rlim_cur = bytes, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    return before;
}

// The first guest of a process, which also looks how Unicorn keeps its state.
START_TEST(a_first_guest_that_failed_is_tried_again) {
    if (SANITIZED || !address_limit_holds()) {
        return; // Their own memory takes terabytes of address space.
    }
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_ERROR);
    const struct rlimit before = limit_address_space(64u << 20);
    const zx_status_t status = create();
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    ck_assert_msg(strstr(said, "address space") != NULL, "%s", said);
    ck_assert_int_eq(create(), ZX_OK);
}
END_TEST

// The engine comes with the first VCPU.
START_TEST(a_vcpu_needs_what_an_engine_takes) {
    if (SANITIZED || !address_limit_holds()) {
        return;
    }
    guest_open();
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_ERROR);
    const struct rlimit before = limit_address_space(64u << 20);
    const zx_status_t status = zx_vcpu_create(guest, 0, ENTRY, &vcpu);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    ck_assert_int_eq(status, ZX_ERR_NO_MEMORY);
    ck_assert_msg(strstr(said, "address space") != NULL, "%s", said);
    guest_load("access", ENTRY);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
    guest_close();
}
END_TEST

// A guest takes the address space of what is mapped, an engine's, and little besides.
START_TEST(a_guest_runs_in_four_gigabytes_of_address_space) {
    if (SANITIZED || !address_limit_holds()) {
        return;
    }
    limit_address_space((rlim_t)4000000 << 10);
    guest_start("access");
    enter_to_end();
    guest_close();
}
END_TEST

#ifdef __linux__
static void *executable_page(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
#endif

// The process keeps what it set here; each test has one of its own.
START_TEST(where_pages_may_not_be_written_and_executed_there_are_no_guests) {
#ifdef __linux__
    if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) != 0) {
        return; // Linux before 6.3.
    }
    ck_assert_ptr_eq(executable_page(), MAP_FAILED);
    zirconia_set_log(remember, NULL, ZIRCONIA_LOG_ERROR);
    ck_assert_int_eq(create(), ZX_ERR_NOT_SUPPORTED);
    ck_assert_uint_eq(guest, ZX_HANDLE_INVALID);
    ck_assert_msg(strstr(said, "writable and executable") != NULL, "%s", said);
#endif
}
END_TEST

#ifdef __linux__

// What the library and Unicorn ask a Linux for and can do without, and what they are known not to
// ask for.
static const int refused[] = {
    SYS_getrandom, SYS_madvise,          SYS_membarrier, SYS_memfd_create,      SYS_prctl,
    SYS_prlimit64, SYS_process_vm_readv, SYS_ptrace,     SYS_sched_getaffinity, SYS_sigaltstack,
    SYS_sysinfo,   SYS_userfaultfd,
};

// Does this process without the call, for its life.
static bool refuse(int number) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof steps / sizeof steps[0], steps};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void run_without(int number) {
    if (refuse(number)) {
        guest_start("access");
        enter_to_end();
        guest_close();
    }
    _exit(0);
}

// The library needs handlers of signals, to stop threads among others.
static void ask_without_handlers(int number) {
    if (refuse(number)) { // Before the first call.
        guest_open();
        ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_ERR_NO_MEMORY);
    }
    _exit(0);
}

static void in_child(void (*function)(int argument), int argument) {
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        function(argument);
    }
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(status == 0, "without system call %d: %#x", argument, (unsigned)status);
}

#endif

START_TEST(a_guest_runs_without_system_calls_that_a_sandbox_may_refuse) {
    if (SANITIZED || !address_limit_holds()) {
        return; // Sanitizers and emulators end the process where such calls are refused.
    }
#ifdef __linux__
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        in_child(run_without, refused[i]);
    }
    in_child(ask_without_handlers, SYS_rt_sigaction);
#endif
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_first_guest_that_failed_is_tried_again,
        a_vcpu_needs_what_an_engine_takes,
        a_guest_runs_in_four_gigabytes_of_address_space,
        where_pages_may_not_be_written_and_executed_there_are_no_guests,
        a_guest_runs_without_system_calls_that_a_sandbox_may_refuse,
    };
    return run_tests("host limits", tests, sizeof tests / sizeof tests[0]);
}
