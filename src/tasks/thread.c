// SPDX-License-Identifier: MIT
//
// Adopting host threads and learning of their end.

#include "tasks/gate.h"

#include "platform/platform.h"

#include <stdlib.h>

static struct {
    struct platform_once once;
    struct platform_thread_slot slot; // Holds each adopted thread's reference to itself.
    bool usable;
    zx_koid_t process_koid;
} tasks = {.once = PLATFORM_ONCE_INIT};

_Thread_local struct gate gate;

static zx_koid_t thread_related_koid(const struct object *object) {
    (void)object;
    return process_koid();
}

static void thread_destroy(struct object *object) {
    free(object);
}

static const struct object_ops thread_ops = {
    .type = ZX_OBJ_TYPE_THREAD,
    .default_rights = ZX_DEFAULT_THREAD_RIGHTS,
    .related_koid = thread_related_koid,
    .destroy = thread_destroy,
};

// Runs on the ending thread. Another exit function may still make a call after this one, and then
// adopts the thread anew.
static void thread_exits(void *value) {
    struct thread *thread = value;
    gate.thread = NULL;
    atomic_store(&thread->exited, true);
    object_unref(&thread->object);
}

static void tasks_init(void) {
    tasks.process_koid = koid_create();
    tasks.usable = platform_thread_slot_create(&tasks.slot, thread_exits);
}

static struct thread *adopt(void) {
    platform_call_once(&tasks.once, tasks_init);
    struct thread *thread = tasks.usable ? malloc(sizeof(*thread)) : NULL;
    if (thread == NULL) {
        return NULL;
    }
    object_init(&thread->object, &thread_ops, ZX_THREAD_RUNNING);
    atomic_init(&thread->exited, false);
    atomic_init(&thread->vcpu, NULL);
    if (!platform_thread_slot_set(&tasks.slot, thread)) {
        object_unref(&thread->object);
        return NULL;
    }
    return thread;
}

struct thread *thread_current(void) {
    if (gate.thread == NULL) {
        gate.thread = adopt();
    }
    return gate.thread;
}

zx_koid_t process_koid(void) {
    platform_call_once(&tasks.once, tasks_init);
    return tasks.process_koid;
}
