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

zx_status_t sys_task_kill(zx_handle_t handle) {
    struct object *object = NULL;
    const zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_DESTROY, &object);
    if (status != ZX_OK) {
        return status;
    }
    if (is_process_or_job(object)) {
        platform_process_kill();
    }
    const bool is_thread = object->ops->type == ZX_OBJ_TYPE_THREAD;
    if (is_thread) {
        thread_kill(thread_from_object(object));
    }
    object_unref(object);
    return is_thread ? ZX_OK : ZX_ERR_WRONG_TYPE;
}

static zx_status_t give_token(struct thread *thread, bool may_be_new, zx_handle_t *out) {
    struct object *token = NULL;
    const zx_status_t status = suspend_token_create(thread, may_be_new, &token);
    return status == ZX_OK ? hand_over(token, ZX_DEFAULT_SUSPEND_TOKEN_RIGHTS, out) : status;
}

zx_status_t sys_task_suspend(zx_handle_t handle, zx_handle_t *token) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    const bool thread = object->ops->type == ZX_OBJ_TYPE_THREAD;
    if (object == process_object() || (thread && thread_from_object(object) == thread_current())) {
        status = ZX_ERR_NOT_SUPPORTED;
    } else if (!thread) {
        status = ZX_ERR_WRONG_TYPE;
    } else {
        status = give_token(thread_from_object(object), true, token);
    }
    object_unref(object);
    return status;
}

zx_status_t sys_task_suspend_token(zx_handle_t handle, zx_handle_t *token) {
    return sys_task_suspend(handle, token);
}

zx_status_t sys_2018_task_suspend_token(zx_handle_t handle, zx_handle_t *token) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup_2018(handle, ZX_OBJ_TYPE_THREAD, ZX_RIGHT_WRITE, &object);
    if (status == ZX_OK) {
        status = give_token(thread_from_object(object), false, token);
        object_unref(object);
    }
    return status;
}

zx_status_t sys_2018_task_suspend(zx_handle_t handle) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup_2018(handle, ZX_OBJ_TYPE_THREAD, ZX_RIGHT_WRITE, &object);
    if (status == ZX_OK) {
        status = thread_suspend(thread_from_object(object));
        object_unref(object);
    }
    return status;
}

// The options are judged before the handle, and no right is asked for (objects ABI 7.3).
zx_status_t sys_task_resume(zx_handle_t handle, uint32_t options) {
    const uint32_t both = ZX_RESUME_EXCEPTION | ZX_RESUME_TRY_NEXT;
    if (options != 0 && options != ZX_RESUME_EXCEPTION && options != both) {
        return ZX_ERR_INVALID_ARGS;
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
