// SPDX-License-Identifier: MIT
//
// Exception ports and the answers to exceptions (objects ABI 8.4, 8.7).

#include "syscalls/exception.h"
#include "syscalls/syscalls.h"
#include "tasks/exception_port.h"
#include "tasks/process.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/exception.h>

zx_status_t find_exception_slot(struct object *object, bool debugger,
                                struct exception_binding ***out) {
    struct exception_slots *slots = NULL;
    switch (object->ops->type) {
    case ZX_OBJ_TYPE_THREAD:
        slots = &thread_from_object(object)->exception_slots;
        break;
    case ZX_OBJ_TYPE_PROCESS:
        slots = process_exception_slots();
        break;
    case ZX_OBJ_TYPE_JOB:
        slots = job_exception_slots();
        break;
    default:
        return ZX_ERR_WRONG_TYPE;
    }
    if (debugger && object->ops->type == ZX_OBJ_TYPE_THREAD) {
        return ZX_ERR_INVALID_ARGS;
    }
    *out = debugger ? &slots->debugger : &slots->normal;
    return ZX_OK;
}

static bool is_dead(struct object *object) {
    return object->ops->type == ZX_OBJ_TYPE_THREAD &&
           atomic_load(&thread_from_object(object)->exited);
}

static zx_status_t bind(struct object *task, struct exception_binding **slot, struct port *port,
                        uint64_t key) {
    if (is_dead(task)) {
        return ZX_ERR_NOT_FOUND;
    }
    return exception_init() ? exception_port_bind(slot, port, key) : ZX_ERR_NOT_SUPPORTED;
}

// Without a port it unbinds.
static zx_status_t change_binding(const struct era *era, zx_handle_t handle, struct port *port,
                                  uint64_t key, uint32_t options) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_NONE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct exception_binding **slot = NULL;
    status = find_exception_slot(object, (options & ZX_EXCEPTION_PORT_DEBUGGER) != 0, &slot);
    if (status == ZX_OK) {
        const bool quietly = (options & ZX_EXCEPTION_PORT_UNBIND_QUIETLY) != 0;
        status = port != NULL ? bind(object, slot, port, key) : exception_unbind(slot, quietly);
    }
    object_unref(object);
    return status == ZX_ERR_ALREADY_BOUND ? era->already_bound : status;
}

zx_status_t sys_task_bind_exception_port(const struct era *era, zx_handle_t handle,
                                         zx_handle_t port, uint64_t key, uint32_t options) {
    const uint32_t known =
        ZX_EXCEPTION_PORT_DEBUGGER |
        (port == ZX_HANDLE_INVALID ? ZX_EXCEPTION_PORT_UNBIND_QUIETLY : (uint32_t)0);
    if ((options & ~known) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (port == ZX_HANDLE_INVALID) {
        return change_binding(era, handle, NULL, key, options);
    }
    struct object *object = NULL;
    zx_status_t status = handle_lookup(port, ZX_OBJ_TYPE_PORT, ZX_RIGHT_NONE, &object);
    if (status == ZX_OK) {
        status = change_binding(era, handle, port_from_object(object), key, options);
        object_unref(object);
    }
    return status;
}

zx_status_t sys_task_resume_from_exception(struct thread *thread, struct port *port,
                                           uint32_t options) {
    if (options != 0 && options != ZX_RESUME_TRY_NEXT) {
        return ZX_ERR_INVALID_ARGS;
    }
    return exception_answer(thread, options == 0 ? ANSWER_RESUME : ANSWER_TRY_NEXT,
                            exception_port_is, port);
}
