// SPDX-License-Identifier: MIT
//
// Debug registers on hosts where there is no way to them, and with ZIRCONIA_PORTABLE.

#include "platform/debug_registers.h"

#if !defined(PLATFORM_DEBUG_REGISTERS)

static zx_status_t refuse(struct platform_refusal *refusal) {
    *refusal = (struct platform_refusal){.reason = "the library knows no way to them here"};
    return ZX_ERR_NOT_SUPPORTED;
}

zx_status_t platform_read_debug_registers(const struct platform_context *context,
                                          struct platform_debug_registers *out,
                                          struct platform_refusal *refusal) {
    (void)context;
    (void)out;
    return refuse(refusal);
}

zx_status_t platform_write_debug_registers(const struct platform_context *context,
                                           const struct platform_debug_registers *from,
                                           struct platform_refusal *refusal) {
    (void)context;
    (void)from;
    return refuse(refusal);
}

#endif
