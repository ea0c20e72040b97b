// SPDX-License-Identifier: MIT
//
// Register sets of a thread that is suspended or in an exception (objects ABI 6.4).

#ifndef TASKS_THREAD_STATE_H
#define TASKS_THREAD_STATE_H

#include "objects/era.h"
#include "tasks/thread.h"

#include <stddef.h>
#include <zircon/syscalls/debug.h>

union thread_registers {
    zx_thread_state_general_regs_t general;
    zx_thread_state_fp_regs_t fp;
    zx_thread_state_vector_regs_t vector;
    zx_thread_state_debug_regs_t debug;
    zx_thread_state_single_step_t single_step;
};

// One set of registers by its kind. BAD_STATE when the thread is neither suspended nor in an
// exception; NOT_SUPPORTED in a synthetic exception, and for what the host does not show:
// everything without platform_has_registers(), debug registers where it forbids ptrace, debug
// registers and single steps on Linux on arm64; NO_MEMORY. Writing also returns INVALID_ARGS for a
// bad value.
zx_status_t thread_read_state(struct thread *thread, uint32_t kind, union thread_registers *out);
// Where registers have no bases, those of the thread stay; in older eras, of a thread that was
// stopped outside of a call RIP may be anything: the thread faults there.
zx_status_t thread_write_state(struct thread *thread, uint32_t kind,
                               const union thread_registers *from, const struct era *era);

#endif // TASKS_THREAD_STATE_H
