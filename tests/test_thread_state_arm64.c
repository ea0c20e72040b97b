// SPDX-License-Identifier: MIT
//
// Registers of stopped threads on arm64, read from and written to the real ones (objects ABI 6.4).

#include "spinning_thread.h"

#include <string.h>

static void read_general(zx_thread_state_general_regs_t *out) {
    ck_assert_int_eq(read_registers(ZX_THREAD_STATE_GENERAL_REGS, out, sizeof *out), ZX_OK);
}

// spin_with_registers() fills the registers and tells so at its argument; store_registers() stores
// them at x0. The names are global: the linker finds local ones through one place for all.
__asm__(".text\n"
        ".globl spin_with_registers, spin_here, store_registers\n"
        "spin_with_registers:\n"
        "    mov x1, #0x1111\n"
        "    mov x29, #0x2929\n"
        "    mov x30, #0x3030\n"
        "    mov x2, #0x2222222222222222\n"
        "    fmov d0, x2\n"
        "    fmov v0.d[1], x1\n"
        "    fmov d31, x1\n"
        "    mov x3, #0x400000\n" // Rounding towards plus infinity.
        "    msr fpcr, x3\n"
        "    cmp x1, x1\n"
        "    mov w4, #1\n"
        "    stlr w4, [x0]\n"
        "spin_here:\n"
        "    b spin_here\n"
        "store_registers:\n"
        "    stp x1, x29, [x0]\n"
        "    str x30, [x0, #16]\n"
        "    mrs x4, nzcv\n"
        "    str x4, [x0, #24]\n"
        "    str q1, [x0, #32]\n"
        "    mrs x4, fpcr\n"
        "    str x4, [x0, #48]\n"
        "    add x5, x0, #56\n"
        "    mov w4, #1\n"
        "    stlr w4, [x5]\n"
        "store_end:\n"
        "    b store_end\n");
void spin_here(void) IN_ASSEMBLY(spin_here);
void store_registers(void) IN_ASSEMBLY(store_registers);

struct stored {
    uint64_t values[7];
    atomic_int done;
};

_Static_assert(offsetof(struct stored, done) == 56, "as store_registers has it");

static void go_on_at(void (*code)(void), zx_thread_state_general_regs_t *registers,
                     struct stored *to) {
    registers->pc = (uintptr_t)code;
    registers->r[0] = (uintptr_t)to;
    go_on_with(registers, &to->done);
}

START_TEST(general_registers_are_those_of_the_interrupted_instruction) {
    start();
    zx_thread_state_general_regs_t registers;
    read_general(&registers);
    ck_assert_uint_eq(registers.r[0], (uintptr_t)&filled);
    ck_assert_uint_eq(registers.r[1], 0x1111);
    ck_assert_uint_eq(registers.r[29], 0x2929);
    ck_assert_uint_eq(registers.lr, 0x3030);
    ck_assert_uint_eq(registers.sp, worker_stack(&worker));
    ck_assert_uint_eq(registers.pc, (uintptr_t)spin_here);
    ck_assert_uint_eq(registers.cpsr & 0xf0000000, 0x60000000); // Z and C
#if defined(__APPLE__)
    ck_assert_uint_eq(registers.tpidr, 0);
#else
    ck_assert_uint_ne(registers.tpidr, 0);
#endif
    worker_end(&worker);
}
END_TEST

START_TEST(written_general_registers_are_what_the_thread_goes_on_with) {
    start();
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    read_general(&registers);
    registers.r[1] = 0x0123456789abcdef;
    registers.r[29] = 29;
    registers.lr = 30;
    registers.cpsr = UINT64_MAX; // The mode of the processor is not the client's to change.
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[0], 0x0123456789abcdef);
    ck_assert_uint_eq(stored.values[1], 29);
    ck_assert_uint_eq(stored.values[2], 30);
    ck_assert_uint_eq(stored.values[3], 0xf0000000);
    worker_end(&worker);
}
END_TEST

START_TEST(vector_registers_are_read_and_written) {
    start();
    static zx_thread_state_vector_regs_t vector;
    struct stored stored = {0};
    zx_thread_state_general_regs_t registers;
    const uint32_t kind = ZX_THREAD_STATE_VECTOR_REGS;
    ck_assert_int_eq(read_registers(kind, &vector, sizeof vector), ZX_OK);
    ck_assert_uint_eq(vector.v[0].low, 0x2222222222222222);
    ck_assert_uint_eq(vector.v[0].high, 0x1111);
    ck_assert_uint_eq(vector.v[31].low, 0x1111);
    ck_assert_uint_eq(vector.fpcr, 0x400000);
    vector.v[1].low = 0x1020304050607080;
    vector.v[1].high = 0x90a0b0c0d0e0f000;
    vector.fpcr = 0x800000;
    ck_assert_int_eq(write_registers(kind, &vector, sizeof vector), ZX_OK);
    read_general(&registers);
    go_on_at(store_registers, &registers, &stored);
    ck_assert_uint_eq(stored.values[4], 0x1020304050607080);
    ck_assert_uint_eq(stored.values[5], 0x90a0b0c0d0e0f000);
    ck_assert_uint_eq(stored.values[6], 0x800000);
    worker_end(&worker);
}
END_TEST

START_TEST(floating_point_has_no_registers_of_its_own) {
    start();
    zx_thread_state_fp_regs_t fp = {.unused = 1};
    ck_assert_int_eq(read_registers(ZX_THREAD_STATE_FP_REGS, &fp, sizeof fp), ZX_OK);
    ck_assert_uint_eq(fp.unused, 0);
    ck_assert_int_eq(write_registers(ZX_THREAD_STATE_FP_REGS, &fp, sizeof fp), ZX_OK);
    worker_end(&worker);
}
END_TEST

START_TEST(a_thread_stopped_in_a_call_has_its_own_stack_pointer) {
    worker = worker_run((thread_fn *)(uintptr_t)zx_nanosleep, (void *)(uintptr_t)ZX_TIME_INFINITE);
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    suspend();
    zx_thread_state_general_regs_t registers;
    read_general(&registers);
    ck_assert_uint_le(registers.sp, worker_stack(&worker));
    ck_assert_uint_gt(registers.sp, worker_stack(&worker) - 4096);
    // What was read can be written back, and changes nothing.
    ck_assert_int_eq(write_registers(ZX_THREAD_STATE_GENERAL_REGS, &registers, sizeof registers),
                     ZX_OK);
    resume();
    until_state(worker.handle, ZX_THREAD_STATE_BLOCKED_SLEEPING);
    worker_end(&worker);
}
END_TEST

START_TEST(bad_values_are_refused_and_change_nothing) {
    start();
    zx_thread_state_general_regs_t registers;
    zx_thread_state_general_regs_t again;
    const uint32_t kind = ZX_THREAD_STATE_GENERAL_REGS;
    read_general(&registers);
    again = registers;
    again.pc = ADDRESS_LIMIT;
    ck_assert_int_eq(write_registers(kind, &again, sizeof again), ZX_ERR_INVALID_ARGS);
    again = registers;
    again.tpidr += 8;
    ck_assert_int_eq(write_registers(kind, &again, sizeof again), ZX_ERR_NOT_SUPPORTED);
    uint32_t step = 2;
    ck_assert_int_eq(write_registers(ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step),
                     ZX_ERR_INVALID_ARGS);
    step = 1;
    ck_assert_int_eq(write_registers(ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step),
                     ZX_ERR_NOT_SUPPORTED);
    ck_assert_int_eq(read_registers(ZX_THREAD_STATE_SINGLE_STEP, &step, sizeof step), ZX_OK);
    ck_assert_uint_eq(step, 0);
    read_general(&again);
    ck_assert_int_eq(memcmp(&again, &registers, sizeof again), 0);
    // 2018 has no tpidr, and looks at pc only where the thread is stopped in a call.
    again.pc = UINT64_MAX;
    ck_assert_int_eq(
        zirconia_2018_thread_write_state(worker.handle, kind, &again, GENERAL_SIZE_2018), ZX_OK);
    worker_end(&worker);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        general_registers_are_those_of_the_interrupted_instruction,
        written_general_registers_are_what_the_thread_goes_on_with,
        vector_registers_are_read_and_written,
        floating_point_has_no_registers_of_its_own,
        a_thread_stopped_in_a_call_has_its_own_stack_pointer,
        bad_values_are_refused_and_change_nothing,
    };
    return run_tests("thread_state_arm64", tests, sizeof tests / sizeof tests[0]);
}
