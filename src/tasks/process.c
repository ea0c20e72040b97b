// SPDX-License-Identifier: MIT
//
// The process, the job and the list of threads.

#include "tasks/process.h"

#include "platform/check.h"

#include <stddef.h>
#include <string.h>

struct task {
    struct object object;
    char name[ZX_MAX_NAME_LEN];
    struct exception_slots exception_slots;
};

static struct task process;
static struct task job;
static int64_t start_time;

static struct {
    struct platform_mutex lock; // Guards the list.
    struct thread *first;
} threads = {.lock = PLATFORM_MUTEX_INIT(LOCK_THREADS)};

static char *task_name(struct object *object) {
    return ((struct task *)object)->name;
}

static void never_destroyed(struct object *object) {
    (void)object;
}

static zx_koid_t process_related_koid(const struct object *object) {
    (void)object;
    return job.object.koid;
}

static const struct object_ops process_ops = {
    .type = ZX_OBJ_TYPE_PROCESS,
    .default_rights = ZX_DEFAULT_PROCESS_RIGHTS,
    .related_koid = process_related_koid,
    .name = task_name,
    .destroy = never_destroyed,
};

static const struct object_ops job_ops = {
    .type = ZX_OBJ_TYPE_JOB,
    .default_rights = ZX_DEFAULT_JOB_RIGHTS,
    .name = task_name,
    .destroy = never_destroyed,
};

static void make_tasks(void) {
    start_time = platform_monotonic();
    object_init(&job.object, &job_ops, 0);
    object_init(&process.object, &process_ops, 0);
}

static void init(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, make_tasks);
}

struct object *process_object(void) {
    init();
    return &process.object;
}

struct object *job_object(void) {
    init();
    return &job.object;
}

zx_koid_t process_koid(void) {
    return process_object()->koid;
}

struct exception_slots *process_exception_slots(void) {
    return &process.exception_slots;
}

struct exception_slots *job_exception_slots(void) {
    return &job.exception_slots;
}

int64_t process_start_time(void) {
    init();
    return start_time;
}

void process_add_thread(struct thread *thread) {
    platform_mutex_lock(&threads.lock);
    thread->previous = NULL;
    thread->next = threads.first;
    if (thread->next != NULL) {
        thread->next->previous = thread;
    }
    threads.first = thread;
    platform_mutex_unlock(&threads.lock);
}

void process_remove_thread(struct thread *thread) {
    platform_mutex_lock(&threads.lock);
    CHECK(thread->previous != NULL ? thread->previous->next == thread : threads.first == thread);
    *(thread->previous != NULL ? &thread->previous->next : &threads.first) = thread->next;
    if (thread->next != NULL) {
        thread->next->previous = thread->previous;
    }
    platform_mutex_unlock(&threads.lock);
}

struct thread *process_find_thread(zx_koid_t koid) {
    platform_mutex_lock(&threads.lock);
    struct thread *thread = threads.first;
    while (thread != NULL && thread->object.koid != koid) {
        thread = thread->next;
    }
    if (thread != NULL) {
        object_ref(&thread->object);
    }
    platform_mutex_unlock(&threads.lock);
    return thread;
}

static bool is_host_thread(struct thread *thread, uintptr_t native) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool same = thread->reachable && platform_thread_is(&thread->host, native);
    platform_mutex_unlock(&thread->blocking.lock);
    return same;
}

struct thread *process_find_host_thread(uintptr_t native) {
    platform_mutex_lock(&threads.lock);
    struct thread *thread = threads.first;
    while (thread != NULL && !is_host_thread(thread, native)) {
        thread = thread->next;
    }
    if (thread != NULL) {
        object_ref(&thread->object);
    }
    platform_mutex_unlock(&threads.lock);
    return thread;
}

void process_each_thread(void (*function)(struct thread *thread, void *argument), void *argument) {
    platform_mutex_lock(&threads.lock);
    for (struct thread *thread = threads.first; thread != NULL; thread = thread->next) {
        function(thread, argument);
    }
    platform_mutex_unlock(&threads.lock);
}

size_t process_thread_koids(zx_koid_t *koids, size_t room) {
    size_t count = 0;
    platform_mutex_lock(&threads.lock);
    for (struct thread *thread = threads.first; thread != NULL; thread = thread->next) {
        if (count < room) {
            koids[count] = thread->object.koid;
        }
        count++;
    }
    platform_mutex_unlock(&threads.lock);
    return count;
}
