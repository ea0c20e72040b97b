// SPDX-License-Identifier: MIT
//
// Reading and writing the registers of a stopped thread.

#include "tasks/thread_state.h"

#include "objects/log.h"
#include "objects/refusal.h"
#include "platform/debug_registers.h"
#include "platform/platform.h"
#include "platform/registers.h"
#include "tasks/general_registers.h"

#include <string.h>

// The bits of DR6 and DR7 that have a meaning, and those that always read as 1.
#define DR6_EVENTS UINT64_C(0xe00f) // B0 to B3, BD, BS, BT
#define DR6_ONES UINT64_C(0xffff0ff0)
#define DR7_BREAKPOINTS UINT64_C(0xffff00ff) // Enable bits, kinds and lengths of the four
#define DR7_ONES UINT64_C(0x700)             // LE, GE, and the bit that is always 1.

// Whether the thread's registers can be looked at.
static zx_status_t check_state(const struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    const struct thread_exception *exception = &thread->exception;
    const zx_excp_type_t type = exception->report.header.type;
    const bool starts_by_channel = type == ZX_EXCP_THREAD_STARTING && exception->ticket != NULL;
    if (exception->active && !ZX_EXCP_IS_ARCH(type) && !starts_by_channel) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the thread is in a synthetic exception");
    }
    if (thread->registers == NULL || thread->killed) {
        return refuse(ZX_ERR_BAD_STATE, "the thread is neither suspended nor in an exception");
    }
    if (!platform_has_registers()) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "registers are out of reach on this host");
    }
    return ZX_OK;
}

// --- Debug registers ---

static zx_status_t read_debug(const struct platform_context *context,
                              zx_thread_state_debug_regs_t *out, struct platform_refusal *refusal) {
    struct platform_debug_registers host;
    const zx_status_t status = platform_read_debug_registers(context, &host, refusal);
    if (status == ZX_OK) {
        memcpy(out->dr, host.address, sizeof(out->dr));
        out->dr6 = (host.status & DR6_EVENTS) | DR6_ONES;
        out->dr7 = (host.control & DR7_BREAKPOINTS) | DR7_ONES;
    }
    return status;
}

static zx_status_t write_debug(const struct platform_context *context,
                               const zx_thread_state_debug_regs_t *from,
                               struct platform_refusal *refusal) {
    struct platform_debug_registers host = {.control = from->dr7};
    for (size_t i = 0; i < sizeof(from->dr) / sizeof(from->dr[0]); i++) {
        if (from->dr[i] >= platform_address_limit()) {
            return refuse_value(ZX_ERR_INVALID_ARGS, "breakpoint % is no address of a program",
                                from->dr[i]);
        }
        host.address[i] = from->dr[i];
    }
    if ((from->dr7 & ~(DR7_BREAKPOINTS | DR7_ONES)) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "dr7 % has bits that are reserved", from->dr7);
    }
    return platform_write_debug_registers(context, &host, refusal);
}

// Called without a lock, because the client's callback may do anything.
static void log_refusal(const struct platform_refusal *refusal) {
    if (refusal->reason != NULL) {
        log_line(ZIRCONIA_LOG_WARNING, "no debug registers: %s (errno %d)", refusal->reason,
                 refusal->error);
    }
}

// --- All kinds ---

static zx_status_t read(const struct platform_context *context, uint32_t kind,
                        union thread_registers *out, struct platform_refusal *refusal) {
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        platform_read_general(context, &out->general);
        return ZX_OK;
    case ZX_THREAD_STATE_FP_REGS:
        platform_read_fp(context, &out->fp);
        return ZX_OK;
    case ZX_THREAD_STATE_VECTOR_REGS:
        platform_read_vector(context, &out->vector);
        return ZX_OK;
    case ZX_THREAD_STATE_DEBUG_REGS:
        return read_debug(context, &out->debug, refusal);
    default:
        out->single_step = platform_read_single_step(context) ? 1 : 0;
        return ZX_OK;
    }
}

static zx_status_t write_general(struct thread *thread, const zx_thread_state_general_regs_t *from,
                                 const struct era *era) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    const bool anywhere = era->any_rip && !thread->stopped_in_call;
    zx_thread_state_general_regs_t old;
    zx_thread_state_general_regs_t given = *from;
    platform_read_general(thread->registers, &old);
    if (!era->segment_bases) {
        general_keep_bases(&given, &old);
    }
    if (!anywhere && !general_goes_to_code(&given)) {
        return refuse(ZX_ERR_INVALID_ARGS, "the instruction pointer is no address of a program");
    }
    if (!general_bases_are_valid(&given)) {
        return refuse(ZX_ERR_INVALID_ARGS, "fs_base or gs_base is no address of a program");
    }
    return platform_write_general(thread->registers, &given)
               ? ZX_OK
               : refuse(ZX_ERR_NOT_SUPPORTED, "fs_base cannot be changed on this host");
}

static zx_status_t write(struct thread *thread, uint32_t kind, const union thread_registers *from,
                         const struct era *era, struct platform_refusal *refusal)
    REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    struct platform_context *context = thread->registers;
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        return write_general(thread, &from->general, era);
    case ZX_THREAD_STATE_FP_REGS:
        platform_write_fp(context, &from->fp);
        return ZX_OK;
    case ZX_THREAD_STATE_VECTOR_REGS:
        platform_write_vector(context, &from->vector);
        return ZX_OK;
    case ZX_THREAD_STATE_DEBUG_REGS:
        return write_debug(context, &from->debug, refusal);
    default:
        if (from->single_step > 1) {
            return refuse_value(ZX_ERR_INVALID_ARGS, "single_step % is above 1", from->single_step);
        }
        return platform_write_single_step(context, from->single_step == 1)
                   ? ZX_OK
                   : refuse(ZX_ERR_NOT_SUPPORTED, "no thread can be stepped on this host");
    }
}

zx_status_t thread_read_state(struct thread *thread, uint32_t kind, union thread_registers *out) {
    struct platform_refusal refusal = {0};
    platform_mutex_lock(&thread->blocking.lock);
    zx_status_t status = check_state(thread);
    if (status == ZX_OK) {
        status = read(thread->registers, kind, out, &refusal);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    log_refusal(&refusal);
    return status;
}

zx_status_t thread_write_state(struct thread *thread, uint32_t kind,
                               const union thread_registers *from, const struct era *era) {
    struct platform_refusal refusal = {0};
    platform_mutex_lock(&thread->blocking.lock);
    zx_status_t status = check_state(thread);
    if (status == ZX_OK) {
        status = write(thread, kind, from, era, &refusal);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    log_refusal(&refusal);
    return status;
}
