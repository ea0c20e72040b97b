// SPDX-License-Identifier: MIT
//
// Debug registers on Windows, which keeps them for each thread. A fault brings its thread's along
// with the other registers, and writes them back as the thread goes on.

#include "platform/debug_registers.h"

#include "platform/windows_context.h"

#if defined(PLATFORM_DEBUG_REGISTERS)

#include "platform/platform.h"

static void copy_out(const CONTEXT *from, struct platform_debug_registers *out) {
    *out = (struct platform_debug_registers){
        .address = {from->Dr0, from->Dr1, from->Dr2, from->Dr3},
        .status = from->Dr6,
        .control = from->Dr7,
    };
}

static void copy_in(CONTEXT *to, const struct platform_debug_registers *from) {
    to->Dr0 = from->address[0];
    to->Dr1 = from->address[1];
    to->Dr2 = from->address[2];
    to->Dr3 = from->address[3];
    to->Dr7 = from->control;
}

static zx_status_t refuse(struct platform_refusal *refusal) {
    *refusal = (struct platform_refusal){
        .reason = "Windows refuses the context of the thread",
        .error = (int)GetLastError(),
    };
    return ZX_ERR_NOT_SUPPORTED;
}

static bool brings_them(const CONTEXT *host) {
    return (host->ContextFlags & CONTEXT_DEBUG_REGISTERS) == CONTEXT_DEBUG_REGISTERS;
}

// Reads the registers, and with `from` writes them then. A thread is suspended meanwhile unless it
// is the calling one.
static bool use(DWORD number, CONTEXT *context, const struct platform_debug_registers *from) {
    const DWORD rights = THREAD_GET_CONTEXT | THREAD_SET_CONTEXT | THREAD_SUSPEND_RESUME;
    const HANDLE thread = OpenThread(rights, FALSE, number);
    const bool suspends = number != GetCurrentThreadId();
    if (thread == NULL) {
        return false;
    }
    bool done = !suspends || SuspendThread(thread) != (DWORD)-1;
    if (done) {
        context->ContextFlags = CONTEXT_DEBUG_REGISTERS;
        done = GetThreadContext(thread, context) != FALSE;
        if (done && from != NULL) {
            copy_in(context, from);
            done = SetThreadContext(thread, context) != FALSE;
        }
        if (suspends) {
            ResumeThread(thread);
        }
    }
    CloseHandle(thread);
    return done;
}

// Windows drops what it does not take; the others are to hear of it. An access to a port is none of
// a program's.
static bool is_possible(const struct platform_debug_registers *from) {
    enum { COUNT = 4, PORT_ACCESS = 2 };
    const uint64_t never = UINT64_C(0xffffffff0000f800);
    bool possible = (from->control & never) == 0;
    for (unsigned i = 0; i < COUNT; i++) {
        const bool enabled = (from->control >> (2 * i) & 3) != 0;
        const bool is_port = (from->control >> (16 + 4 * i) & 3) == PORT_ACCESS;
        possible = possible && from->address[i] < platform_address_limit() && !(enabled && is_port);
    }
    return possible;
}

zx_status_t platform_read_debug_registers(const struct platform_context *context,
                                          struct platform_debug_registers *out,
                                          struct platform_refusal *refusal) {
    CONTEXT read;
    if (brings_them(context->host)) {
        copy_out(context->host, out);
        return ZX_OK;
    }
    if (!use(context->thread, &read, NULL)) {
        return refuse(refusal);
    }
    copy_out(&read, out);
    return ZX_OK;
}

zx_status_t platform_write_debug_registers(const struct platform_context *context,
                                           const struct platform_debug_registers *from,
                                           struct platform_refusal *refusal) {
    CONTEXT written;
    if (!is_possible(from)) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (brings_them(context->host)) {
        copy_in(context->host, from);
    }
    return use(context->thread, &written, from) ? ZX_OK : refuse(refusal);
}

#endif
