// SPDX-License-Identifier: MIT
//
// Exception ports of 2018 with real faults (objects ABI 8.3 to 8.8), and what the page of
// zx_task_resume() says of exceptions.

#define ZIRCONIA_ABI_2018

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "guest_fixture.h"
#include "platform/platform.h"
#include "thread_fixture.h"

#include <string.h>
#ifndef _WIN32
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

enum { KEY = 0x1234, NEXT = ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT };

static struct worker worker;
static zx_handle_t port;
static volatile uint32_t *page; // Inaccessible at first.
static atomic_int survived;

static void open_all(void) {
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    page = platform_reserve(platform_page_size());
    ck_assert_ptr_nonnull((void *)(uintptr_t)page);
    atomic_store(&survived, 0);
}

static void close_all(void) {
    ck_assert_int_eq(zx_handle_close(port), ZX_OK);
    platform_unmap((void *)(uintptr_t)page, platform_page_size());
}

static void allow_page(void) {
    platform_protect((void *)(uintptr_t)page, platform_page_size(), PLATFORM_READ | PLATFORM_WRITE);
}

static void touch_page(uintptr_t first, uintptr_t second) {
    (void)first;
    (void)second;
    *page = 77;
    atomic_store(&survived, 1);
    zx_nanosleep(ZX_TIME_INFINITE);
}

static void bind(zx_handle_t task, uint32_t options) {
    ck_assert_int_eq(zx_task_bind_exception_port(task, port, KEY, options), ZX_OK);
}

static void unbind(zx_handle_t task, uint32_t options) {
    ck_assert_int_eq(zx_task_bind_exception_port(task, ZX_HANDLE_INVALID, 0, options), ZX_OK);
}

static zx_port_packet_t next_exception(uint32_t type) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, type);
    ck_assert_uint_eq(packet.key, KEY);
    ck_assert_int_eq(packet.status, ZX_OK);
    ck_assert_uint_eq(packet.exception.pid, koid_of(zx_process_self()));
    ck_assert_uint_eq(packet.exception.tid, koid_of(worker.handle));
    ck_assert_uint_eq(packet.exception.reserved0, 0);
    ck_assert_uint_eq(packet.exception.reserved1, 0);
    return packet;
}

static bool port_is_empty(void) {
    zx_port_packet_t packet;
    return zx_port_wait(port, 0, &packet) == ZX_ERR_TIMED_OUT;
}

static uint32_t wait_type(void) {
    zx_info_thread_t info = {0};
    ck_assert_int_eq(
        zx_object_get_info(worker.handle, ZX_INFO_THREAD, &info, sizeof info, NULL, NULL), ZX_OK);
    return info.wait_exception_port_type;
}

static void resume(uint32_t options) {
    ck_assert_int_eq(zx_task_resume(worker.handle, options), ZX_OK);
}

static void until_survived(void) {
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    ck_assert_int_eq(atomic_load(&survived), 1);
}

// The thread has a handler of its own and stands in the fault.
static void start_faulting(void) {
    open_all();
    worker = worker_new();
    bind(worker.handle, 0);
    worker_start(&worker, touch_page, NULL);
    next_exception(ZX_EXCP_FATAL_PAGE_FAULT);
}

static void end_faulting(void) {
    worker_end(&worker);
    close_all();
}

START_TEST(a_page_fault_is_told_and_resuming_retries_the_instruction) {
    start_faulting();
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    ck_assert_uint_eq(wait_type(), ZX_EXCEPTION_PORT_TYPE_THREAD);
    resume(ZX_RESUME_EXCEPTION);
    next_exception(ZX_EXCP_FATAL_PAGE_FAULT); // Nothing has changed, so it faults again.
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until_survived();
    ck_assert_uint_eq(*page, 77);
    ck_assert(port_is_empty());
    end_faulting();
}
END_TEST

START_TEST(the_report_tells_what_the_processor_told) {
    start_faulting();
    zx_exception_report_t report = {0};
    ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                        sizeof report, NULL, NULL),
                     ZX_OK);
    ck_assert_uint_eq(report.header.size, 32);
    ck_assert_uint_eq(report.header.type, ZX_EXCP_FATAL_PAGE_FAULT);
#ifdef HOST_SHOWS_X86_REGISTERS
    ck_assert_uint_eq(report.context.arch.u.x86_64.vector, 14);
    ck_assert_uint_eq(report.context.arch.u.x86_64.err_code & 6, 6); // A write by a program.
    ck_assert_uint_eq(report.context.arch.u.x86_64.cr2, (uintptr_t)page);
#endif
#ifdef HOST_SHOWS_ARM64_REGISTERS
    ck_assert_uint_eq(report.context.arch.u.arm_64.far, (uintptr_t)page);
    // Emulated hosts may not tell the syndrome: the class of a data abort, and that it was a write.
    const uint32_t syndrome = report.context.arch.u.arm_64.esr;
    ck_assert(syndrome == 0 || (syndrome >> 26 == 0x24 && (syndrome & 0x40) != 0));
#endif
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until_survived();
    ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                        sizeof report, NULL, NULL),
                     ZX_ERR_BAD_STATE);
    end_faulting();
}
END_TEST

START_TEST(passing_an_exception_on_asks_the_next_handler_in_the_search_order) {
    open_all();
    worker = worker_new();
    bind(zx_job_default(), 0);
    bind(zx_process_self(), 0);
    bind(worker.handle, 0);
    bind(zx_process_self(), ZX_EXCEPTION_PORT_DEBUGGER);
    worker_start(&worker, touch_page, NULL);
    next_exception(ZX_EXCP_THREAD_STARTING);
    ck_assert_uint_eq(wait_type(), ZX_EXCEPTION_PORT_TYPE_DEBUGGER);
    resume(ZX_RESUME_EXCEPTION);
    static const uint32_t order[] = {ZX_EXCEPTION_PORT_TYPE_DEBUGGER, ZX_EXCEPTION_PORT_TYPE_THREAD,
                                     ZX_EXCEPTION_PORT_TYPE_PROCESS, ZX_EXCEPTION_PORT_TYPE_JOB};
    for (int i = 0; i < 4; i++) {
        next_exception(ZX_EXCP_FATAL_PAGE_FAULT);
        ck_assert_uint_eq(wait_type(), order[i]);
        if (i < 3) {
            resume(NEXT);
        }
    }
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until_survived();
    end_faulting();
}
END_TEST

START_TEST(a_thread_can_be_suspended_and_in_an_exception_each_with_its_own_resume) {
    start_faulting();
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_OK);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until(worker.handle, ZX_THREAD_SUSPENDED);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_SUSPENDED);
    ck_assert_int_eq(atomic_load(&survived), 0);
    resume(0);
    until_survived();
    end_faulting();
}
END_TEST

START_TEST(resuming_from_suspend_leaves_the_exception_alone) {
    start_faulting();
    ck_assert_int_eq(zx_task_suspend(worker.handle), ZX_OK);
    resume(0);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    resume(0);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until_survived();
    end_faulting();
}
END_TEST

START_TEST(the_first_answer_wins_and_anybody_may_give_it) {
    start_faulting();
    zx_handle_t weak = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_handle_duplicate(worker.handle, 0, &weak), ZX_OK);
    allow_page();
    ck_assert_int_eq(zx_task_resume(weak, ZX_RESUME_EXCEPTION), ZX_OK);
    ck_assert_int_eq(zx_task_resume(weak, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_task_resume(weak, NEXT), ZX_ERR_BAD_STATE);
    until_survived();
    ck_assert_int_eq(zx_handle_close(weak), ZX_OK);
    end_faulting();
}
END_TEST

START_TEST(an_answer_with_a_port_is_checked_step_by_step) {
    start_faulting();
    zx_handle_t other = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(0, &other), ZX_OK);
    const zx_handle_t thread = worker.handle;
    ck_assert_int_eq(zx_task_resume_from_exception(0, port, 23), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_resume_from_exception(port, port, 23), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_resume_from_exception(thread, 0, 23), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_resume_from_exception(thread, thread, 23), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_resume_from_exception(thread, port, 23), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_resume_from_exception(thread, port, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_resume_from_exception(thread, other, 0), ZX_ERR_ACCESS_DENIED);
    allow_page();
    ck_assert_int_eq(zx_task_resume_from_exception(thread, port, 0), ZX_OK);
    until_survived();
    ck_assert_int_eq(zx_task_resume_from_exception(thread, port, 0), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_handle_close(other), ZX_OK);
    end_faulting();
}
END_TEST

START_TEST(unbinding_passes_the_exception_on) {
    for (int by_closing = 0; by_closing < 2; by_closing++) {
        start_faulting();
        const zx_handle_t first = port;
        ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
        bind(zx_process_self(), 0);
        if (by_closing == 1) {
            ck_assert_int_eq(zx_handle_close(first), ZX_OK);
        } else {
            unbind(worker.handle, 0);
        }
        next_exception(ZX_EXCP_FATAL_PAGE_FAULT);
        ck_assert_uint_eq(wait_type(), ZX_EXCEPTION_PORT_TYPE_PROCESS);
        allow_page();
        resume(ZX_RESUME_EXCEPTION);
        until_survived();
        ck_assert_int_eq(zx_task_bind_exception_port(worker.handle, 0, 0, 0), ZX_ERR_BAD_STATE);
        if (by_closing == 0) {
            ck_assert_int_eq(zx_handle_close(first), ZX_OK);
        }
        end_faulting();
        ck_assert_int_eq(zx_task_bind_exception_port(zx_process_self(), 0, 0, 0),
                         ZX_ERR_BAD_STATE); // Gone with its port.
    }
}
END_TEST

START_TEST(unbinding_quietly_leaves_the_thread_in_its_exception) {
    start_faulting();
    unbind(worker.handle, ZX_EXCEPTION_PORT_UNBIND_QUIETLY);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_BLOCKED_EXCEPTION);
    ck_assert_uint_eq(wait_type(), ZX_EXCEPTION_PORT_TYPE_THREAD);
    bind(worker.handle, 0);
    ck_assert(port_is_empty());
    allow_page();
    resume(ZX_RESUME_EXCEPTION);
    until_survived();
    end_faulting();
}
END_TEST

START_TEST(killing_a_thread_in_an_exception_asks_nobody_else) {
    start_faulting();
    bind(zx_process_self(), 0);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    ck_assert_int_eq(zx_task_resume(worker.handle, ZX_RESUME_EXCEPTION), ZX_ERR_BAD_STATE);
    ck_assert(port_is_empty());
    ck_assert_int_eq(atomic_load(&survived), 0);
    end_faulting();
}
END_TEST

START_TEST(binding_errors_come_in_order) {
    open_all();
    worker = worker_new();
    const zx_handle_t thread = worker.handle;
    const uint32_t debugger = ZX_EXCEPTION_PORT_DEBUGGER;
    const uint32_t quietly = ZX_EXCEPTION_PORT_UNBIND_QUIETLY;
    ck_assert_int_eq(zx_task_bind_exception_port(0, thread, 0, 4), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_bind_exception_port(0, port, 0, quietly), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_bind_exception_port(0, thread, 0, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_bind_exception_port(0, port, 0, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_task_bind_exception_port(port, port, 0, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_task_bind_exception_port(thread, port, 0, debugger), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_bind_exception_port(thread, 0, 0, debugger), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_task_bind_exception_port(thread, 0, 0, 0), ZX_ERR_BAD_STATE);
    bind(thread, 0);
    ck_assert_int_eq(zx_task_bind_exception_port(thread, port, 0, 0), ZX_ERR_ALREADY_BOUND);
    unbind(thread, 0);
    bind(thread, 0);
    worker_start(&worker, (thread_fn *)(uintptr_t)zx_thread_exit, NULL);
    until(thread, ZX_THREAD_TERMINATED);
    unbind(thread, 0); // Bound while it lived.
    ck_assert_int_eq(zx_task_bind_exception_port(thread, port, 0, 0), ZX_ERR_NOT_FOUND);
    end_faulting();
}
END_TEST

START_TEST(the_debugger_hears_of_threads_that_start_and_exit) {
    open_all();
    worker = worker_new();
    bind(zx_process_self(), ZX_EXCEPTION_PORT_DEBUGGER);
    worker_start(&worker, (thread_fn *)(uintptr_t)zx_thread_exit, NULL);
    next_exception(ZX_EXCP_THREAD_STARTING);
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &registers,
                                          sizeof registers),
                     ZX_ERR_NOT_SUPPORTED);
    resume(NEXT);
    next_exception(ZX_EXCP_THREAD_EXITING);
    ck_assert_uint_eq(state_of(worker.handle), ZX_THREAD_STATE_DYING);
    ck_assert_uint_eq(signals_of(worker.handle), ZX_THREAD_RUNNING);
    resume(ZX_RESUME_EXCEPTION);
    until(worker.handle, ZX_THREAD_TERMINATED);
    unbind(zx_process_self(), ZX_EXCEPTION_PORT_DEBUGGER);
    end_faulting();
}
END_TEST

START_TEST(a_killed_thread_tells_its_debugger_and_does_not_wait) {
    open_all();
    static _Atomic(uint64_t) counter;
    worker = worker_run(count_for_ever, &counter);
    until_counted(&counter);
    bind(zx_process_self(), ZX_EXCEPTION_PORT_DEBUGGER);
    ck_assert_int_eq(zx_task_kill(worker.handle), ZX_OK);
    until(worker.handle, ZX_THREAD_TERMINATED);
    next_exception(ZX_EXCP_THREAD_EXITING);
    unbind(zx_process_self(), ZX_EXCEPTION_PORT_DEBUGGER);
    end_faulting();
}
END_TEST

#ifdef HOST_SHOWS_REGISTERS

#ifdef HOST_SHOWS_ARM64_REGISTERS
#define BREAKPOINT_SIZE 4 // The host tells where the breakpoint is, and x86-64 what follows.
__asm__(".text\n"
        ".globl breakpoint, breakpoint_end, undefined\n"
        "breakpoint:\n"
        "    brk #0\n"
        "breakpoint_end:\n"
        "    b breakpoint_end\n"
        "undefined:\n"
        "    .inst 0\n");
#else
#define BREAKPOINT_SIZE 0
__asm__(".text\n"
        "breakpoint:\n"
        "    int3\n"
        "breakpoint_end:\n"
        "    jmp breakpoint_end\n"
        "undefined:\n"
        "    ud2\n"
        "divide:\n"
        "    xor %ecx, %ecx\n"
        "    div %ecx\n"
        "not_canonical:\n"
        "    mov $0x8000000000000000, %rax\n"
        "    mov (%rax), %rax\n");
#endif
void breakpoint(uintptr_t first, uintptr_t second) IN_ASSEMBLY(breakpoint);
void breakpoint_end(void) IN_ASSEMBLY(breakpoint_end);
void undefined(uintptr_t first, uintptr_t second) IN_ASSEMBLY(undefined);
void divide(uintptr_t first, uintptr_t second) IN_ASSEMBLY(divide);
void not_canonical(uintptr_t first, uintptr_t second) IN_ASSEMBLY(not_canonical);

START_TEST(each_fault_has_its_type_and_vector) {
    static const struct {
        thread_fn *function;
        uint32_t type;
        uint64_t vector;
    } faults[] = {
        {breakpoint, ZX_EXCP_SW_BREAKPOINT, 3},
        {undefined, ZX_EXCP_UNDEFINED_INSTRUCTION, 6},
#ifdef HOST_SHOWS_X86_REGISTERS
        {divide, ZX_EXCP_GENERAL, 0},
        {not_canonical, ZX_EXCP_GENERAL, 13},
#endif
    };
    open_all();
    bind(zx_process_self(), 0);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        worker = worker_run(faults[i].function, NULL);
        next_exception(faults[i].type);
        zx_exception_report_t report = {0};
        ck_assert_int_eq(zx_object_get_info(worker.handle, ZX_INFO_THREAD_EXCEPTION_REPORT, &report,
                                            sizeof report, NULL, NULL),
                         ZX_OK);
#ifdef HOST_SHOWS_X86_REGISTERS
        ck_assert_uint_eq(report.context.arch.u.x86_64.vector, faults[i].vector);
#endif
        worker_end(&worker);
    }
    close_all();
}
END_TEST

START_TEST(registers_of_a_thread_in_an_exception_can_be_changed) {
    open_all();
    bind(zx_process_self(), 0);
    worker = worker_run(breakpoint, NULL);
    next_exception(ZX_EXCP_SW_BREAKPOINT);
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, &registers, sizeof registers),
                     ZX_OK);
    ck_assert_uint_eq(registers.CODE_ADDRESS, (uintptr_t)breakpoint_end - BREAKPOINT_SIZE);
    registers.CODE_ADDRESS = (uintptr_t)undefined;
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &registers, sizeof registers),
                     ZX_OK);
    resume(ZX_RESUME_EXCEPTION);
    next_exception(ZX_EXCP_UNDEFINED_INSTRUCTION);
    end_faulting();
}
END_TEST

// The last page of user addresses, the kernel's half, and an address that is not canonical.
START_TEST(a_thread_that_is_sent_to_no_code_faults_there) {
    const uint64_t nowhere[] = {0x7ffffffff000, 0xffff800000000000, 0x8887868584838281};
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    open_all();
    bind(zx_process_self(), 0);
    worker = worker_run(breakpoint, NULL);
    next_exception(ZX_EXCP_SW_BREAKPOINT);
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, &registers, sizeof registers),
                         ZX_OK);
        registers.CODE_ADDRESS = nowhere[i];
        ck_assert_int_eq(
            zirconia_2018_thread_write_state(worker.handle, kind, &registers, GENERAL_SIZE_2018),
            ZX_OK);
        resume(ZX_RESUME_EXCEPTION);
#ifdef HOST_SHOWS_X86_REGISTERS
        next_exception(i == 2 ? ZX_EXCP_GENERAL : ZX_EXCP_FATAL_PAGE_FAULT);
#else
        next_exception(i == 2 ? ZX_EXCP_FATAL_PAGE_FAULT : ZX_EXCP_FATAL_PAGE_FAULT);
#endif
    }
    end_faulting();
}
END_TEST

#ifdef HOST_SHOWS_X86_REGISTERS
START_TEST(a_single_step_is_a_hardware_breakpoint_after_one_instruction) {
    open_all();
    bind(zx_process_self(), 0);
    worker = worker_run(breakpoint, NULL);
    next_exception(ZX_EXCP_SW_BREAKPOINT);
    const zx_thread_state_single_step_t on = 1;
    ck_assert_int_eq(
        zx_thread_write_state(worker.handle, ZX_THREAD_STATE_SINGLE_STEP, &on, sizeof on), ZX_OK);
    resume(ZX_RESUME_EXCEPTION);
    next_exception(ZX_EXCP_HW_BREAKPOINT);
    end_faulting();
}
END_TEST
#endif

#endif

// --- What no handler takes ---

#ifndef _WIN32

static void die_unhandled(bool with_handler) {
    open_all();
    worker = worker_new();
    if (with_handler) {
        bind(worker.handle, 0);
    }
    worker_start(&worker, touch_page, NULL);
    if (with_handler) {
        next_exception(ZX_EXCP_FATAL_PAGE_FAULT);
        resume(NEXT);
    }
    until(worker.handle, ZX_THREAD_TERMINATED);
}

START_TEST(a_fault_that_no_handler_takes_is_the_hosts) {
    for (int with_handler = 0; with_handler < 2; with_handler++) {
        const pid_t child = fork();
        if (child == 0) {
            signal(SIGSEGV, SIG_DFL); // Not a sanitizer's.
            signal(SIGBUS, SIG_DFL);
            die_unhandled(with_handler == 1);
            _exit(0);
        }
        int status = 0;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFSIGNALED(status));
        ck_assert(WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
    }
}
END_TEST

static void *volatile handled_address;

static void own_handler(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    handled_address = info->si_addr;
    allow_page();
}

START_TEST(a_handler_of_the_clients_from_before_sees_what_no_exception_handler_takes) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = own_handler;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    start_faulting();
    resume(NEXT);
    until_survived();
    ck_assert_ptr_eq(handled_address, (void *)(uintptr_t)page);
    end_faulting();
}
END_TEST

#endif

int main(void) {
    const TTest *const tests[] = {
        a_page_fault_is_told_and_resuming_retries_the_instruction,
        the_report_tells_what_the_processor_told,
        passing_an_exception_on_asks_the_next_handler_in_the_search_order,
        a_thread_can_be_suspended_and_in_an_exception_each_with_its_own_resume,
        resuming_from_suspend_leaves_the_exception_alone,
        the_first_answer_wins_and_anybody_may_give_it,
        an_answer_with_a_port_is_checked_step_by_step,
        unbinding_passes_the_exception_on,
        unbinding_quietly_leaves_the_thread_in_its_exception,
        killing_a_thread_in_an_exception_asks_nobody_else,
        binding_errors_come_in_order,
        the_debugger_hears_of_threads_that_start_and_exit,
        a_killed_thread_tells_its_debugger_and_does_not_wait,
#ifdef HOST_SHOWS_REGISTERS
        each_fault_has_its_type_and_vector,
        registers_of_a_thread_in_an_exception_can_be_changed,
        a_thread_that_is_sent_to_no_code_faults_there,
#ifdef HOST_SHOWS_X86_REGISTERS
        a_single_step_is_a_hardware_breakpoint_after_one_instruction,
#endif
#endif
#ifndef _WIN32
        a_fault_that_no_handler_takes_is_the_hosts,
        a_handler_of_the_clients_from_before_sees_what_no_exception_handler_takes,
#endif
    };
    return run_tests("exception_port", tests, sizeof tests / sizeof tests[0]);
}
