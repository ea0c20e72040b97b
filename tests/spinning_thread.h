// SPDX-License-Identifier: MIT
//
// A thread that has filled its registers and spins, and is suspended there: what is read of them is
// known, and what is written shows when it goes on.

#ifndef TESTS_SPINNING_THREAD_H
#define TESTS_SPINNING_THREAD_H

#include "guest_fixture.h"
#include "thread_fixture.h"

#include <stdatomic.h>
#include <zircon/syscalls/debug.h>

static struct worker worker;
static zx_handle_t token;
static atomic_int filled;

// In assembler: fills registers, tells so at its first argument, and spins.
void spin_with_registers(uintptr_t first, uintptr_t second) IN_ASSEMBLY(spin_with_registers);

static inline void suspend(void) {
    ck_assert_int_eq(zx_task_suspend(worker.handle, &token), ZX_OK);
    until(worker.handle, ZX_THREAD_SUSPENDED);
}

static inline void resume(void) {
    ck_assert_int_eq(zx_handle_close(token), ZX_OK);
    until(worker.handle, ZX_THREAD_RUNNING | ZX_THREAD_TERMINATED);
}

static inline void until_set(const atomic_int *flag) {
    while (atomic_load(flag) == 0) {
        zx_nanosleep(0);
    }
}

static inline void start(void) {
    atomic_store(&filled, 0);
    worker = worker_run(spin_with_registers, &filled);
    until_set(&filled);
    suspend();
}

static inline zx_status_t read_registers(uint32_t kind, void *out, size_t size) {
    return zx_thread_read_state(worker.handle, kind, out, size);
}

static inline zx_status_t write_registers(uint32_t kind, const void *from, size_t size) {
    return zx_thread_write_state(worker.handle, kind, from, size);
}

// Lets the thread go on with these registers, at code that stores its own and then sets `done`.
static inline void go_on_with(const zx_thread_state_general_regs_t *registers,
                              const atomic_int *done) {
    ck_assert_int_eq(write_registers(ZX_THREAD_STATE_GENERAL_REGS, registers, sizeof *registers),
                     ZX_OK);
    resume();
    until_set(done);
}

#endif // TESTS_SPINNING_THREAD_H
