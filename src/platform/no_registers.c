// SPDX-License-Identifier: MIT
//
// The registers of a stopped thread on hosts that do not show them.

#include "platform/registers.h"

#if !((defined(__linux__) || defined(__APPLE__)) &&                                                \
      (defined(__x86_64__) || defined(__aarch64__))) &&                                            \
    !(defined(_WIN32) && (defined(__x86_64__) || defined(_M_X64)))

#include <string.h>

bool platform_has_registers(void) {
    return false;
}

void platform_read_general(const struct platform_context *context,
                           zx_thread_state_general_regs_t *out) {
    (void)context;
    memset(out, 0, sizeof(*out));
}

bool platform_write_general(struct platform_context *context,
                            const zx_thread_state_general_regs_t *from) {
    (void)context;
    (void)from;
    return false;
}

void platform_read_fp(const struct platform_context *context, zx_thread_state_fp_regs_t *out) {
    (void)context;
    memset(out, 0, sizeof(*out));
}

void platform_write_fp(struct platform_context *context, const zx_thread_state_fp_regs_t *from) {
    (void)context;
    (void)from;
}

void platform_read_vector(const struct platform_context *context,
                          zx_thread_state_vector_regs_t *out) {
    (void)context;
    memset(out, 0, sizeof(*out));
}

void platform_write_vector(struct platform_context *context,
                           const zx_thread_state_vector_regs_t *from) {
    (void)context;
    (void)from;
}

bool platform_read_single_step(const struct platform_context *context) {
    (void)context;
    return false;
}

bool platform_write_single_step(struct platform_context *context, bool on) {
    (void)context;
    (void)on;
    return false;
}

bool platform_set_resume_flag(struct platform_context *context, bool on) {
    (void)context;
    (void)on;
    return false;
}

#endif
