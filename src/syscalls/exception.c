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
        return refuse_value(ZX_ERR_WRONG_TYPE, "the object, of type %, is no task",
                            object->ops->type);
    }
    if (debugger && object->ops->type == ZX_OBJ_TYPE_THREAD) {
        return refuse(ZX_ERR_INVALID_ARGS, "a thread has no debugger of its own");
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
        return refuse(ZX_ERR_NOT_FOUND, "the thread has ended");
    }
    return exception_init() ? exception_port_bind(slot, port, key)
                            : refuse(ZX_ERR_NOT_SUPPORTED, "faults are not seen on this host");
}

// Without a port it unbinds.
static zx_status_t unbind(struct exception_binding **slot, bool quietly) {
    const zx_status_t status = exception_unbind(slot, quietly);
    return status == ZX_OK ? ZX_OK : refuse(status, "the task has no such handler");
}

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
        status = port != NULL ? bind(object, slot, port, key) : unbind(slot, quietly);
    }
    object_unref(object);
    return status == ZX_ERR_ALREADY_BOUND ? refuse_as(era->already_bound) : status;
}

zx_status_t sys_task_bind_exception_port(const struct era *era, zx_handle_t handle,
                                         zx_handle_t port, uint64_t key, uint32_t options) {
    const uint32_t known =
        ZX_EXCEPTION_PORT_DEBUGGER |
        (port == ZX_HANDLE_INVALID ? ZX_EXCEPTION_PORT_UNBIND_QUIETLY : (uint32_t)0);
    if ((options & ~known) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options & ~known);
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
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are neither 0 nor ZX_RESUME_TRY_NEXT",
                            options);
    }
    return exception_answer(thread, options == 0 ? ANSWER_RESUME : ANSWER_TRY_NEXT,
                            exception_port_is, port);
}
