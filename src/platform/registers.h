// SPDX-License-Identifier: MIT
//
// The registers of a stopped thread, in the layouts of the ABI (objects ABI 6.4). Only where the
// host shows them to a signal handler.

#ifndef PLATFORM_REGISTERS_H
#define PLATFORM_REGISTERS_H

#include "platform/threads.h"

#include <zircon/syscalls/debug.h>

// Whether this host can do what follows.
bool platform_has_registers(void);

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out);

// Writes of the flags only what the ABI lets through. False, and nothing is changed, when fs_base
// differs, or tpidr on arm64, because it belongs to the host.
bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from);

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out);
void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from);

// Parts that the processor or the host's frame lacks read as 0 and are not written.
void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out);
void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from);

bool platform_read_single_step(const struct platform_context *context);
// False where the host does not step.
bool platform_write_single_step(struct platform_context *context, bool on);

// RF, with which the next instruction does not hit a breakpoint on itself. Returns what it was.
bool platform_set_resume_flag(struct platform_context *context, bool on);

#endif // PLATFORM_REGISTERS_H
