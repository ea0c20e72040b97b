// SPDX-License-Identifier: MIT
//
// Reading and writing the registers of a stopped thread.

#include "tasks/thread_state.h"

#include "platform/platform.h"
#include "platform/registers.h"

// With the thread's lock held: its registers can be looked at.
static zx_status_t check_state(const struct thread *thread, uint32_t kind) {
    const struct exception *exception = &thread->exception;
    const zx_excp_type_t type = exception->report.header.type;
    const bool starts_by_channel = type == ZX_EXCP_THREAD_STARTING && exception->ticket != NULL;
    if (exception->active && !ZX_EXCP_IS_ARCH(type) && !starts_by_channel) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    if (thread->registers == NULL || thread->killed) {
        return ZX_ERR_BAD_STATE;
    }
    if (!platform_has_registers() || kind == ZX_THREAD_STATE_DEBUG_REGS) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    return ZX_OK;
}

static void read(const struct platform_context *context, uint32_t kind,
                 union thread_registers *out) {
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        platform_read_general(context, &out->general);
        break;
    case ZX_THREAD_STATE_FP_REGS:
        platform_read_fp(context, &out->fp);
        break;
    case ZX_THREAD_STATE_VECTOR_REGS:
        platform_read_vector(context, &out->vector);
        break;
    default:
        out->single_step = platform_read_single_step(context) ? 1 : 0;
        break;
    }
}

// An address that no program can have would end the process as the thread returns to it.
static zx_status_t write_general(struct platform_context *context,
                                 const zx_thread_state_general_regs_t *from) {
    if (from->rip >= platform_address_limit()) {
        return ZX_ERR_INVALID_ARGS;
    }
    zx_thread_state_general_regs_t old;
    zx_thread_state_general_regs_t given = *from;
    platform_read_general(context, &old);
    if (given.fs_base == THREAD_BASE_KEPT) {
        given.fs_base = old.fs_base;
        given.gs_base = old.gs_base;
    }
    if (given.gs_base >= platform_address_limit()) {
        return ZX_ERR_INVALID_ARGS;
    }
    return platform_write_general(context, &given) ? ZX_OK : ZX_ERR_NOT_SUPPORTED;
}

static zx_status_t write(struct platform_context *context, uint32_t kind,
                         const union thread_registers *from) {
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        return write_general(context, &from->general);
    case ZX_THREAD_STATE_FP_REGS:
        platform_write_fp(context, &from->fp);
        return ZX_OK;
    case ZX_THREAD_STATE_VECTOR_REGS:
        platform_write_vector(context, &from->vector);
        return ZX_OK;
    default:
        if (from->single_step > 1) {
            return ZX_ERR_INVALID_ARGS;
        }
        platform_write_single_step(context, from->single_step == 1);
        return ZX_OK;
    }
}

zx_status_t thread_read_state(struct thread *thread, uint32_t kind, union thread_registers *out) {
    platform_mutex_lock(&thread->blocking.lock);
    const zx_status_t status = check_state(thread, kind);
    if (status == ZX_OK) {
        read(thread->registers, kind, out);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    return status;
}

zx_status_t thread_write_state(struct thread *thread, uint32_t kind,
                               const union thread_registers *from) {
    platform_mutex_lock(&thread->blocking.lock);
    zx_status_t status = check_state(thread, kind);
    if (status == ZX_OK) {
        status = write(thread->registers, kind, from);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    return status;
}
