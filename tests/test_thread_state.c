// SPDX-License-Identifier: MIT
//
// Registers of stopped threads on x86-64, read from and written to the real ones (objects ABI 6.4).

#include "other_thread.h"
#include "spinning_thread.h"

#include <string.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#ifdef HOST_SHOWS_X86_REGISTERS

static zx_status_t read_general(zx_thread_state_general_regs_t *out) {
    return read_registers(ZX_THREAD_STATE_GENERAL_REGS, out, sizeof *out);
}

// spin_with_registers() fills the registers and tells so at its argument; store_registers() stores
// them at rdi and ends the thread.
__asm__(".text\n"
        "spin_with_registers:\n"
        "    mov $0x1111111111111111, %rax\n"
        "    mov $0x2222222222222222, %rbx\n"
        "    mov $0x8888888888888888, %r8\n"
        "    mov $0xffffffffffffffff, %r15\n"
        "    movq %rbx, %xmm0\n"
        "    movq %rax, %xmm15\n"
        "    fldpi\n"
        "    mov $-1, %rcx\n"
        "    cmp $-1, %rcx\n"
        "    movl $1, (%rdi)\n"
        "spin_here:\n"
        "    jmp spin_here\n"
        "store_registers:\n"
        "    mov %rax, 0(%rdi)\n"
        "    mov %rbx, 8(%rdi)\n"
        "    mov %r15, 16(%rdi)\n"
        "    movq %xmm1, 24(%rdi)\n"
        "    pushfq\n"
        "    pop 32(%rdi)\n"
        "    fstcw 40(%rdi)\n"
        "    stmxcsr 48(%rdi)\n"
        "    movl $1, 56(%rdi)\n"
        "store_end:\n"
        "    jmp store_end\n"
        "store_wide:\n"
        "    vmovdqu %ymm2, (%rdi)\n"
        "    movl $1, 56(%rdi)\n"
        "    jmp store_end\n");
void spin_here(void) IN_ASSEMBLY(spin_here);
void store_registers(void) IN_ASSEMBLY(store_registers);
void store_wide(void) IN_ASSEMBLY(store_wide);

// What a client may write of rflags, but for TF: CF PF AF ZF SF DF OF NT AC ID. Windows is asked
// for the arithmetic ones alone, and macOS keeps NT.
#if defined(_WIN32)
#define FLAGS UINT64_C(0x8d5)
#elif defined(__APPLE__)
#define FLAGS UINT64_C(0x240cd5)
#else
#define FLAGS UINT64_C(0x244cd5)
#endif

#if defined(__linux__)

// Some virtual machines lose NT where a program enters its kernel.
static uint64_t writable_flags(void) {
    const uint64_t nested_task = 0x4000;
    uint64_t flags = 0;
    __asm__ volatile(
        "    lea -128(%%rsp), %%rsp\n" // Beyond the red zone.
        "    pushfq\n"
        "    orq %[nested_task], (%%rsp)\n"
        "    popfq\n"
        "    mov %[yield], %%eax\n"
        "    syscall\n"
        "    pushfq\n"
        "    mov (%%rsp), %[flags]\n"
        "    andq %[not_nested], (%%rsp)\n"
        "    popfq\n"
        "    lea 128(%%rsp), %%rsp\n"
        : [flags] "=&r"(flags)
        : [nested_task] "i"(0x4000), [not_nested] "i"(~0x4000), [yield] "i"(SYS_sched_yield)
        : "rax", "rcx", "r11", "memory", "cc");
    return (flags & nested_task) != 0 ? FLAGS : FLAGS & ~nested_task;
}

#else

static uint64_t writable_flags(void) {
    return FLAGS;
}

#endif

struct stored {
    uint64_t values[7];
    atomic_int done;
};

static void go_on_at(void (*code)(void), zx_thread_state_general_regs_t *registers,
                     struct stored *to) {
    registers->rip = (uintptr_t)code;
    registers->rdi = (uintptr_t)to;
    go_on_with(registers, &to->done);
}

START_TEST(general_registers_are_those_of_the_interrupted_instruction) {
    start();
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    ck_assert_uint_eq(registers.rax, 0x1111111111111111);
    ck_assert_uint_eq(registers.rbx, 0x2222222222222222);
    ck_assert_uint_eq(registers.r8, 0x8888888888888888);
    ck_assert_uint_eq(registers.r15, UINT64_MAX);
    ck_assert_uint_eq(registers.rdi, (uintptr_t)&filled);
    ck_assert_uint_eq(registers.rsp, worker_stack(&worker));
    ck_assert_uint_eq(registers.rip, (uintptr_t)spin_here);
    ck_assert_uint_eq(registers.rflags & 0x40, 0x40);
#if defined(__APPLE__)
    ck_assert_uint_eq(registers.fs_base | registers.gs_base, 0);
#elif defined(_WIN32)
    ck_assert_uint_ne(registers.gs_base, 0);
#else
    ck_assert_uint_ne(registers.fs_base, 0);
#endif
    worker_end(&worker);
}
END_TEST

START_TEST(written_general_registers_are_what_the_thread_goes_on_with) {
    start();
    const uint64_t flags = writable_flags();
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    registers.rax = 0x0123456789abcdef;
    registers.rbx = 42;
    registers.r15 = 15;
    registers.rflags = flags | 0x3000;
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[0], 0x0123456789abcdef);
    ck_assert_uint_eq(stored.values[1], 42);
    ck_assert_uint_eq(stored.values[2], 15);
    ck_assert_uint_eq(stored.values[4] & flags, flags);
    ck_assert_uint_eq(stored.values[4] & 0x3000, 0); // IOPL is not the client's to change.
    worker_end(&worker);
}
END_TEST

START_TEST(flags_that_were_written_can_be_read_and_cleared_again) {
    start();
    const uint64_t flags = writable_flags();
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    registers.rflags |= flags;
    go_on_at(store_registers, &registers, &stored);
    suspend();
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    ck_assert_uint_eq(registers.rflags & flags, flags);
    registers.rflags &= ~flags;
    atomic_store(&stored.done, 0);
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[4] & flags, 0);
    worker_end(&worker);
}
END_TEST

START_TEST(floating_point_registers_are_read_and_written) {
    start();
    zx_thread_state_fp_regs_t fp;
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, ZX_THREAD_STATE_FP_REGS, &fp, sizeof fp),
                     ZX_OK);
    ck_assert_uint_eq(fp.fcw, 0x37f);
    ck_assert_uint_eq(fp.st[0].low, 0xc90fdaa22168c235); // pi
    ck_assert_uint_eq(fp.st[0].high & 0xffff, 0x4000);
    fp.fcw = 0x27f;
    ck_assert_int_eq(zx_thread_write_state(worker.handle, ZX_THREAD_STATE_FP_REGS, &fp, sizeof fp),
                     ZX_OK);
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[5] & 0xffff, 0x27f);
    worker_end(&worker);
}
END_TEST

START_TEST(vector_registers_are_read_and_written) {
    start();
    static zx_thread_state_vector_regs_t vector;
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_VECTOR_REGS;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, &vector, sizeof vector), ZX_OK);
    ck_assert_uint_eq(vector.zmm[0].v[0], 0x2222222222222222);
    ck_assert_uint_eq(vector.zmm[15].v[0], 0x1111111111111111);
    ck_assert_uint_eq(vector.mxcsr & 0x1f80, 0x1f80);
    vector.zmm[1].v[0] = 0x1020304050607080;
    vector.mxcsr = 0x5f80;
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &vector, sizeof vector), ZX_OK);
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[3], 0x1020304050607080);
    ck_assert_uint_eq(stored.values[6] & 0xffff, 0x5f80);
    worker_end(&worker);
}
END_TEST

START_TEST(the_wide_halves_of_vector_registers_are_written) {
    if (!__builtin_cpu_supports("avx")) {
        return;
    }
    start();
    static zx_thread_state_vector_regs_t vector;
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_VECTOR_REGS;
    ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, &vector, sizeof vector), ZX_OK);
    for (unsigned i = 0; i < 4; i++) {
        vector.zmm[2].v[i] = 100 + i;
    }
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &vector, sizeof vector), ZX_OK);
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    go_on_at(store_wide, &registers, &stored);
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_uint_eq(stored.values[i], 100 + i);
    }
    suspend();
    memset(&vector, 0, sizeof vector);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, kind, &vector, sizeof vector), ZX_OK);
    ck_assert_uint_eq(vector.zmm[2].v[3], 103);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_stopped_in_a_call_has_its_own_stack_pointer) {
    worker = worker_new();
    worker_start(&worker, (thread_fn *)(uintptr_t)zx_nanosleep,
                 (void *)(uintptr_t)ZX_TIME_INFINITE);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    suspend();
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    ck_assert_uint_le(registers.rsp, worker_stack(&worker));
    ck_assert_uint_gt(registers.rsp, worker_stack(&worker) - 4096);
    // What was read can be written back, and changes nothing.
    ck_assert_int_eq(zx_thread_write_state(worker.handle, ZX_THREAD_STATE_GENERAL_REGS, &registers,
                                           sizeof registers),
                     ZX_OK);
    resume();
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    worker_end(&worker);
}
END_TEST

// 2018 looks at RIP only where the thread is stopped in a call, and the other fields are the same.
START_TEST(rip_is_checked_as_the_era_does) {
    const struct {
        uint64_t rip;
        zx_status_t status;
    } cases[] = {
        {0x8887868584838281, ZX_ERR_INVALID_ARGS},
        {UINT64_C(1) << 63, ZX_ERR_INVALID_ARGS},
        {0x800000000000, ZX_ERR_INVALID_ARGS},
        {0x7fffffffffff, ZX_OK},
        {0x7ffffffff000, ZX_OK},
        {0, ZX_OK},
    };
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    zx_thread_state_general_regs_t registers;
    zx_thread_state_general_regs_t again;
    start();
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        registers.rip = cases[i].rip;
        ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &registers, sizeof registers),
                         cases[i].status);
        ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, kind, &registers, 144),
                         ZX_OK);
        ck_assert_int_eq(read_general(&again), ZX_OK);
        ck_assert_uint_eq(again.rip, cases[i].rip);
    }
    worker_end(&worker);

    worker = worker_run((thread_fn *)(uintptr_t)zx_nanosleep, (void *)(uintptr_t)ZX_TIME_INFINITE);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    suspend();
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        registers.rip = cases[i].rip;
        ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, kind, &registers, 144),
                         cases[i].status);
    }
    worker_end(&worker);
}
END_TEST

START_TEST(bad_values_are_refused_and_change_nothing) {
    start();
    zx_thread_state_general_regs_t registers;
    zx_thread_state_general_regs_t again;
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    ck_assert_int_eq(read_general(&registers), ZX_OK);
    again = registers;
    again.rip = UINT64_C(1) << 47;
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &again, sizeof again),
                     ZX_ERR_INVALID_ARGS);
    again = registers;
    again.fs_base += 8;
    ck_assert_int_eq(zx_thread_write_state(worker.handle, kind, &again, sizeof again),
                     ZX_ERR_NOT_SUPPORTED);
    uint32_t step = 2;
    ck_assert_int_eq(
        zx_thread_write_state(worker.handle, ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step),
        ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(
        zx_thread_read_state(worker.handle, ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step),
        ZX_OK);
    ck_assert_uint_eq(step, 0);
    ck_assert_int_eq(read_general(&again), ZX_OK);
    ck_assert_int_eq(memcmp(&again, &registers, sizeof again), 0);
    worker_end(&worker);
}
END_TEST

START_TEST(sizes_and_kinds_are_checked_before_the_state) {
    static _Atomic(uint64_t) counter;
    worker = worker_run(count_for_ever, &counter);
    unsigned char buffer[4096] = {0};
    const uint32_t general = ZX_THREAD_STATE_GENERAL_REGS;
    const zx_handle_t unreadable = without(ZX_RIGHT_READ, worker.handle);
    const zx_handle_t unwritable = without(ZX_RIGHT_WRITE, worker.handle);
    ck_assert_int_eq(zx_thread_read_state(unreadable, 99, buffer, 1), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_thread_write_state(unwritable, 99, buffer, 1), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_thread_read_state(zx_process_self(), 99, buffer, 1), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, 99, buffer, 1), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, 3, buffer, 4096), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, general, buffer, 159),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_thread_write_state(worker.handle, general, buffer, 159),
                     ZX_ERR_BUFFER_TOO_SMALL);
    ck_assert_int_eq(zx_thread_write_state(worker.handle, general, NULL, 160), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_thread_read_state(worker.handle, general, buffer, 4096), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zx_thread_write_state(worker.handle, general, buffer, 4096), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, general, buffer, 145),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, general, buffer, 144),
                     ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, 6, buffer, 8),
                     ZX_ERR_BAD_STATE);
    suspend();
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, 6, buffer, 8),
                     ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_2018_thread_read_state(worker.handle, general, buffer, 144), ZX_OK);
    ck_assert_int_eq(zirconia_2018_thread_write_state(worker.handle, general, buffer, 144),
                     ZX_OK); // As it was read.
    ck_assert_int_eq(zx_handle_close(unreadable), ZX_OK);
    ck_assert_int_eq(zx_handle_close(unwritable), ZX_OK);
    worker_end(&worker);
}
END_TEST

#else

START_TEST(a_thread_that_runs_shows_no_registers) {
    zx_thread_state_general_regs_t registers;
    ck_assert_int_eq(zx_thread_read_state(zx_thread_self(), ZX_THREAD_STATE_GENERAL_REGS,
                                          &registers, sizeof registers),
                     ZX_ERR_BAD_STATE);
}
END_TEST

#endif

int main(void) {
    const TTest *const tests[] = {
#ifdef HOST_SHOWS_X86_REGISTERS
        general_registers_are_those_of_the_interrupted_instruction,
        written_general_registers_are_what_the_thread_goes_on_with,
        flags_that_were_written_can_be_read_and_cleared_again,
        floating_point_registers_are_read_and_written,
        vector_registers_are_read_and_written,
        the_wide_halves_of_vector_registers_are_written,
        a_thread_stopped_in_a_call_has_its_own_stack_pointer,
        rip_is_checked_as_the_era_does,
        bad_values_are_refused_and_change_nothing,
        sizes_and_kinds_are_checked_before_the_state,
#else
        a_thread_that_runs_shows_no_registers,
#endif
    };
    return run_tests("thread_state", tests, sizeof tests / sizeof tests[0]);
}
