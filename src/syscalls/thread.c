// SPDX-License-Identifier: MIT
//
// Making, starting and finding threads (objects ABI 3.8, 6.1, 6.2).

#include "tasks/thread.h"

#include "syscalls/syscalls.h"
#include "tasks/process.h"

#include <zircon/limits.h>
#include <zircon/syscalls.h>

// Finds a task by a handle that lets its holder manage the task's threads, or the thread itself.
static zx_status_t find(const struct era *era, zx_handle_t handle, zx_obj_type_t type,
                        struct object **out) {
    const zx_status_t status = look_up(era, handle, type, ZX_RIGHT_MANAGE_THREAD, out);
    if (status == ZX_ERR_ACCESS_DENIED && era->write_manages_threads) {
        return look_up(era, handle, type, ZX_RIGHT_WRITE, out);
    }
    return status;
}

zx_status_t sys_thread_create(const struct era *era, zx_handle_t process, const char *name,
                              size_t name_size, uint32_t options, zx_handle_t *out) {
    char kept[ZX_MAX_NAME_LEN] = {0};
    const size_t limit = sizeof(kept) - 1;
    if (options != 0) {
        return refuse_options(options);
    }
    if (name == NULL) {
        return refuse(ZX_ERR_INVALID_ARGS, "name is NULL");
    }
    zx_status_t status = copy_from_client(kept, name, name_size < limit ? name_size : limit);
    if (status != ZX_OK) {
        return status;
    }
    struct object *parent = NULL;
    status = find(era, process, ZX_OBJ_TYPE_PROCESS, &parent);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(parent);
    struct thread *thread = thread_create(kept);
    return thread != NULL ? hand_over(&thread->object, ZX_DEFAULT_THREAD_RIGHTS, out)
                          : ZX_ERR_NO_MEMORY;
}

// No program has code in its first page; 0 is taken, and faults.
static bool is_client_entry(zx_vaddr_t entry) {
    return entry == 0 || (entry >= ZX_PAGE_SIZE && entry < platform_address_limit());
}

zx_status_t sys_thread_start(const struct era *era, zx_handle_t handle, zx_vaddr_t entry,
                             zx_vaddr_t stack, uintptr_t arg1, uintptr_t arg2) {
    const struct platform_client_entry begin = {entry, stack, {arg1, arg2}};
    struct object *object = NULL;
    zx_status_t status = find(era, handle, ZX_OBJ_TYPE_THREAD, &object);
    if (status != ZX_OK) {
        return status;
    }
    const bool refused = era->entry_checked && !is_client_entry(entry);
    status = refused
                 ? refuse_value(ZX_ERR_INVALID_ARGS, "entry % is no address of a program", entry)
                 : thread_start(thread_from_object(object), &begin);
    object_unref(object);
    return status;
}

// --- Handles to the client's own tasks ---

zx_handle_t sys_thread_self(void) {
    struct thread *thread = thread_current();
    return thread != NULL ? thread_self_handle(thread) : ZX_HANDLE_INVALID;
}

zx_handle_t sys_thread_handle(uintptr_t host_thread) {
    struct thread *thread = process_find_host_thread(host_thread);
    if (thread == NULL) {
        return ZX_HANDLE_INVALID;
    }
    const zx_handle_t handle = thread_self_handle(thread);
    object_unref(&thread->object);
    return handle;
}

zx_handle_t sys_process_self(void) {
    static _Atomic(zx_handle_t) kept;
    return keep_handle(&kept, process_object(), ZX_DEFAULT_PROCESS_RIGHTS);
}

zx_handle_t sys_job_default(void) {
    static _Atomic(zx_handle_t) kept;
    return keep_handle(&kept, job_object(), ZX_DEFAULT_JOB_RIGHTS);
}

// --- Children ---

static zx_status_t find_child(struct object *parent, zx_koid_t koid, struct object **out) {
    if (parent->ops->type == ZX_OBJ_TYPE_PROCESS) {
        struct thread *thread = process_find_thread(koid);
        *out = thread != NULL ? &thread->object : NULL;
    } else if (parent->ops->type == ZX_OBJ_TYPE_JOB) {
        *out = koid == process_koid() ? object_ref(process_object()) : NULL;
    } else {
        return refuse_value(ZX_ERR_WRONG_TYPE, "handle, of type %, is neither process nor job",
                            parent->ops->type);
    }
    return *out != NULL ? ZX_OK : refuse_value(ZX_ERR_NOT_FOUND, "no child has koid %", koid);
}

zx_status_t sys_object_get_child(const struct held *parent, zx_koid_t koid, zx_rights_t rights,
                                 zx_handle_t *out) {
    const zx_rights_t wanted = rights == ZX_RIGHT_SAME_RIGHTS ? parent->rights : rights;
    if ((wanted & ~parent->rights) != 0) {
        return refuse_value(ZX_ERR_ACCESS_DENIED, "handle lacks the rights %",
                            wanted & ~parent->rights);
    }
    struct object *child = NULL;
    const zx_status_t status = find_child(parent->object, koid, &child);
    return status == ZX_OK ? hand_over(child, wanted, out) : status;
}
