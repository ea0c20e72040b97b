// SPDX-License-Identifier: MIT
//
// Killing, suspending and resuming (objects ABI 6.3, 7.1 to 7.4).

#include "syscalls/syscalls.h"
#include "tasks/process.h"
#include "tasks/stop.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/exception.h>

static bool is_process_or_job(const struct object *object) {
    return object->ops->type == ZX_OBJ_TYPE_PROCESS || object->ops->type == ZX_OBJ_TYPE_JOB;
}

zx_status_t sys_task_kill(struct object *object) {
    if (is_process_or_job(object)) {
        platform_process_kill();
    }
    if (object->ops->type != ZX_OBJ_TYPE_THREAD) {
        return refuse_value(ZX_ERR_WRONG_TYPE, "handle, of type %, is no task", object->ops->type);
    }
    thread_kill(thread_from_object(object));
    return ZX_OK;
}

static zx_status_t give_token(const struct era *era, struct thread *thread, zx_handle_t *out) {
    struct object *token = NULL;
    const zx_status_t status = suspend_token_create(thread, era->suspends_new, &token);
    return status == ZX_OK ? hand_over(token, era->token_rights, out) : status;
}

// The caller and its process cannot be suspended in the eras that take any task.
static zx_status_t suspend_task(const struct era *era, struct object *object, zx_handle_t *token) {
    const bool thread = object->ops->type == ZX_OBJ_TYPE_THREAD;
    const bool self = thread && thread_from_object(object) == thread_current();
    if (!era->suspends_self && (object == process_object() || self)) {
        return refuse(ZX_ERR_NOT_SUPPORTED,
                      self ? "handle is the calling thread" : "handle is the caller's process");
    }
    return thread ? give_token(era, thread_from_object(object), token)
                  : refuse_value(ZX_ERR_WRONG_TYPE, "handle, of type %, is no thread",
                                 object->ops->type);
}

zx_status_t sys_task_suspend(const struct era *era, zx_handle_t handle, zx_handle_t *token) {
    const zx_obj_type_t type = era->suspends_self ? ZX_OBJ_TYPE_THREAD : ZX_OBJ_TYPE_NONE;
    struct object *object = NULL;
    zx_status_t status = look_up(era, handle, type, ZX_RIGHT_WRITE, &object);
    if (status == ZX_OK) {
        status = suspend_task(era, object, token);
        object_unref(object);
    }
    return status;
}

zx_status_t sys_task_suspend_token(const struct era *era, zx_handle_t handle, zx_handle_t *token) {
    return sys_task_suspend(era, handle, token);
}

// The suspension that has no token (objects ABI 7.2 and 7.4).
zx_status_t sys_task_suspend_alone(const struct era *era, struct thread *thread) {
    (void)era;
    return thread_suspend(thread);
}

// The options are checked before the handle, and no right is asked for (objects ABI 7.3).
zx_status_t sys_task_resume(zx_handle_t handle, uint32_t options) {
    const uint32_t both = ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT;
    if (options != 0 && options != ZX_RESUME_EXCEPTION && options != both) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_THREAD, ZX_RIGHT_NONE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct thread *thread = thread_from_object(object);
    const bool next = (options & ZX_RESUME_TRY_NEXT) != 0;
    status = options == 0
                 ? thread_resume(thread)
                 : exception_answer(thread, next ? ANSWER_TRY_NEXT : ANSWER_RESUME, NULL, NULL);
    object_unref(object);
    return status;
}
