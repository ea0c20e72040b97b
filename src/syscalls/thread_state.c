// SPDX-License-Identifier: MIT
//
// zx_thread_read_state() and zx_thread_write_state(), in both eras (objects ABI 6.4).

#include "tasks/thread_state.h"

#include "syscalls/syscalls.h"

#include <string.h>
#include <zircon/syscalls.h>

enum {
    KIND_FS_2018 = 6, // Kinds that 2018 names and does not know.
    KIND_GS_2018 = 7,
    GENERAL_SIZE_2018 = 144,
    DEBUG_SIZE_2018 = 64,
};

// The size of a kind's structure; 0 for what the era does not know.
static size_t size_of(uint32_t kind, bool abi_2018) {
    switch (kind) {
    case ZX_THREAD_STATE_GENERAL_REGS:
        return abi_2018 ? GENERAL_SIZE_2018 : sizeof(zx_thread_state_general_regs_t);
    case ZX_THREAD_STATE_FP_REGS:
        return sizeof(zx_thread_state_fp_regs_t);
    case ZX_THREAD_STATE_VECTOR_REGS:
        return sizeof(zx_thread_state_vector_regs_t);
    case ZX_THREAD_STATE_DEBUG_REGS:
        return abi_2018 ? DEBUG_SIZE_2018 : sizeof(zx_thread_state_debug_regs_t);
    case ZX_THREAD_STATE_SINGLE_STEP:
        return sizeof(zx_thread_state_single_step_t);
    case KIND_FS_2018:
    case KIND_GS_2018:
        return abi_2018 ? sizeof(uint64_t) : 0;
    default:
        return 0;
    }
}

static bool is_known(uint32_t kind) {
    return kind <= ZX_THREAD_STATE_SINGLE_STEP;
}

static zx_status_t find(zx_handle_t handle, zx_rights_t right, struct object **out) {
    return handle_lookup_2018(handle, ZX_OBJ_TYPE_THREAD, right, out); // Rights before type.
}

static zx_status_t check_size(uint32_t kind, size_t given, bool exact, bool abi_2018) {
    const size_t size = size_of(kind, abi_2018);
    if (size == 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (given < size) {
        return ZX_ERR_BUFFER_TOO_SMALL;
    }
    return exact && given > size ? ZX_ERR_INVALID_ARGS : ZX_OK;
}

// What a kind that is only named comes to once the thread's state has been looked at.
static zx_status_t answer_unknown(struct thread *thread) {
    union thread_registers unused;
    const zx_status_t status = thread_read_state(thread, ZX_THREAD_STATE_SINGLE_STEP, &unused);
    return status == ZX_OK ? ZX_ERR_INVALID_ARGS : status;
}

static zx_status_t read_state(zx_handle_t handle, uint32_t kind, void *buffer, size_t buffer_size,
                              bool abi_2018) {
    struct object *object = NULL;
    zx_status_t status = find(handle, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct thread *thread = thread_from_object(object);
    union thread_registers registers;
    memset(&registers, 0, sizeof(registers));
    status = check_size(kind, buffer_size, false, abi_2018);
    if (status == ZX_OK) {
        status =
            is_known(kind) ? thread_read_state(thread, kind, &registers) : answer_unknown(thread);
    }
    object_unref(object);
    return status == ZX_OK ? copy_to_client(buffer, &registers, size_of(kind, abi_2018)) : status;
}

zx_status_t sys_thread_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                  size_t buffer_size) {
    return read_state(handle, kind, buffer, buffer_size, false);
}

zx_status_t sys_2018_thread_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                       size_t buffer_size) {
    return read_state(handle, kind, buffer, buffer_size, true);
}

static zx_status_t write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                               size_t buffer_size, bool abi_2018) {
    struct object *object = NULL;
    zx_status_t status = find(handle, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct thread *thread = thread_from_object(object);
    union thread_registers registers;
    memset(&registers, 0, sizeof(registers));
    status = check_size(kind, buffer_size, abi_2018, abi_2018);
    if (status == ZX_OK) {
        status = copy_from_client(&registers, buffer, size_of(kind, abi_2018));
    }
    if (status == ZX_OK) {
        status = is_known(kind) ? thread_write_state(thread, kind, &registers, abi_2018)
                                : answer_unknown(thread);
    }
    object_unref(object);
    return status;
}

zx_status_t sys_thread_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                   size_t buffer_size) {
    return write_state(handle, kind, buffer, buffer_size, false);
}

zx_status_t sys_2018_thread_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                        size_t buffer_size) {
    return write_state(handle, kind, buffer, buffer_size, true);
}
