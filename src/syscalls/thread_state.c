// SPDX-License-Identifier: MIT
//
// zx_thread_read_state() and zx_thread_write_state() (objects ABI 6.4).

#include "tasks/thread_state.h"

#include "syscalls/syscalls.h"
#include "tasks/general_registers.h"

#include <string.h>
#include <zircon/syscalls.h>

enum {
    KIND_FS = 6, // Kinds that 2018 names and then refuses.
    KIND_GS = 7,
    DEBUG_SIZE_WITH_COPIES = 64,
};

// The kind that a client means. Before there were debug registers the later kinds had other
// numbers.
static uint32_t kind_of(const struct era *era, uint32_t kind) {
    return !era->debug_registers && kind >= ZX_THREAD_STATE_DEBUG_REGS && kind < KIND_GS ? kind + 1
                                                                                         : kind;
}

// The size of a kind's structure; 0 for what the era does not know.
static size_t size_of(const struct era *era, uint32_t kind) {
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        return era->segment_bases ? sizeof(zx_thread_state_general_regs_t)
                                  : GENERAL_SIZE_WITHOUT_BASES;
    case ZX_THREAD_STATE_FP_REGS:
        return sizeof(zx_thread_state_fp_regs_t);
    case ZX_THREAD_STATE_VECTOR_REGS:
        return sizeof(zx_thread_state_vector_regs_t);
    case ZX_THREAD_STATE_DEBUG_REGS:
        return era->segment_bases ? sizeof(zx_thread_state_debug_regs_t) : DEBUG_SIZE_WITH_COPIES;
    case ZX_THREAD_STATE_SINGLE_STEP:
        return sizeof(zx_thread_state_single_step_t);
    case KIND_FS:
    case KIND_GS:
        return era->segment_bases ? 0 : sizeof(uint64_t);
    default:
        return 0;
    }
}

static bool is_known(uint32_t kind) {
    return kind <= ZX_THREAD_STATE_SINGLE_STEP;
}

static zx_status_t check_size(const struct era *era, uint32_t kind, size_t given, bool exact) {
    const size_t size = size_of(era, kind);
    if (size == 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "kind % is unknown", kind);
    }
    if (given < size) {
        return refuse_values(ZX_ERR_BUFFER_TOO_SMALL, "buffer_size % is less than the state's, %",
                             given, size);
    }
    return exact && given > size
               ? refuse_values(ZX_ERR_INVALID_ARGS, "buffer_size % is more than the state's, %",
                               given, size)
               : ZX_OK;
}

// The status of a kind that is only named, after the thread's state has been checked.
static zx_status_t answer_unknown(struct thread *thread, uint32_t kind) {
    union thread_registers unused;
    const zx_status_t status = thread_read_state(thread, ZX_THREAD_STATE_SINGLE_STEP, &unused);
    return status == ZX_OK ? refuse_value(ZX_ERR_INVALID_ARGS, "kind % is unknown", kind) : status;
}

zx_status_t sys_thread_read_state(const struct era *era, struct thread *thread, uint32_t number,
                                  void *buffer, size_t buffer_size) {
    const uint32_t kind = kind_of(era, number);
    union thread_registers registers;
    memset(&registers, 0, sizeof(registers));
    zx_status_t status = check_size(era, kind, buffer_size, false);
    if (status == ZX_OK) {
        status = is_known(kind) ? thread_read_state(thread, kind, &registers)
                                : answer_unknown(thread, kind);
    }
    return status == ZX_OK ? copy_to_client(buffer, &registers, size_of(era, kind)) : status;
}

zx_status_t sys_thread_write_state(const struct era *era, struct thread *thread, uint32_t number,
                                   const void *buffer, size_t buffer_size) {
    const uint32_t kind = kind_of(era, number);
    union thread_registers registers;
    memset(&registers, 0, sizeof(registers));
    zx_status_t status = check_size(era, kind, buffer_size, era->exact_state_size);
    if (status == ZX_OK) {
        status = copy_from_client(&registers, buffer, size_of(era, kind));
    }
    if (status != ZX_OK) {
        return status;
    }
    return is_known(kind) ? thread_write_state(thread, kind, &registers, era)
                          : answer_unknown(thread, kind);
}
