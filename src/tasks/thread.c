// SPDX-License-Identifier: MIT
//
// How threads begin and end: adopted at a host thread's first call, or made and started; ended by
// themselves, by the host, or killed.

#include "tasks/thread.h"

#include "objects/handle_table.h"
#include "objects/log.h"
#include "objects/process_space.h"
#include "objects/refusal.h"
#include "objects/signal_observer.h"
#include "objects/unmapped.h"
#include "platform/check.h"
#include "tasks/door.h"
#include "tasks/exception_binding.h"
#include "tasks/exception_object.h"
#include "tasks/exception_port.h"
#include "tasks/process.h"
#include "tasks/stop.h"
#include "tasks/supply.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls/object.h>

static struct {
    struct platform_once once;
    struct platform_thread_slot slot; // Holds each adopted thread's reference to itself.
    bool usable;
} tasks = {.once = PLATFORM_ONCE_INIT};

_Thread_local struct door door;

void door_nest(void) {
    blocking_set_current(NULL);
}

void door_unnest(void) {
    if (door.thread != NULL) {
        blocking_set_current(&door.thread->blocking);
    }
}

static bool is_canceled(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool canceled = thread->blocking.canceled;
    platform_mutex_unlock(&thread->blocking.lock);
    return canceled;
}

// A stop that comes while the lock is held is made up for by the one at the end. A thread that is
// cancelled is inside of the library from now on, as one that is killed: what it calls as it cleans
// up is to return, and nobody stops it.
void door_stop(void) {
    door_set_depth(1);
    if (is_canceled(door.thread)) {
        door.ending = true;
        platform_cancel_end();
    }
    door_set_depth(0);
    const bool leaving = door.stops_leaving; // The client's handler may come here before the stop.
    door.stops_leaving = true;
    platform_stop_here();
    door.stops_leaving = leaving;
}

// --- The object ---

static zx_koid_t thread_related_koid(const struct object *object) {
    (void)object;
    return process_koid();
}

static char *thread_name(struct object *object) {
    return thread_from_object(object)->name;
}

static void thread_destroy(struct object *object) {
    struct thread *thread = thread_from_object(object);
    CHECK(thread->life == THREAD_NEW || thread->life == THREAD_DEAD || !thread->reachable);
    exception_slots_close(&thread->exception_slots);
    exception_objects_user_gone(SUPPLY_FOR_THREAD);
    exception_packets_thread_gone();
    platform_semaphore_destroy(&thread->wake);
    blocking_destroy(&thread->blocking);
    free(thread);
}

static const struct object_ops thread_ops = {
    .type = ZX_OBJ_TYPE_THREAD,
    .default_rights = ZX_DEFAULT_THREAD_RIGHTS,
    .related_koid = thread_related_koid,
    .name = thread_name,
    .destroy = thread_destroy,
};

// Allocated now, because a thread cannot allocate when it faults.
static bool put_aside(void) {
    if (!exception_packets_put_aside()) {
        return false;
    }
    if (!exception_objects_put_aside(SUPPLY_FOR_THREAD)) {
        exception_packets_thread_gone();
        return false;
    }
    return true;
}

struct thread *thread_create(const char *name) {
    struct thread *thread = calloc(1, sizeof(*thread));
    if (thread == NULL || !put_aside()) {
        free(thread);
        return NULL;
    }
    object_init(&thread->object, &thread_ops, 0);
    blocking_init(&thread->blocking);
    platform_semaphore_init(&thread->wake);
    memcpy(thread->name, name, strlen(name));
    return thread;
}

// --- On the thread itself ---

static void begin(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->life == THREAD_RUNNING && !thread->reachable);
    platform_thread_self(&thread->host);
    thread->reachable = true;
    platform_mutex_unlock(&thread->blocking.lock);
    blocking_set_current(&thread->blocking);
}

int64_t thread_runtime(struct thread *thread, uint32_t *processor) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool has_run = thread->reachable || thread->life == THREAD_DEAD;
    const int64_t runtime =
        thread->reachable ? platform_thread_runtime(&thread->host) : thread->runtime;
    platform_mutex_unlock(&thread->blocking.lock);
    *processor = has_run ? 0 : ZX_INFO_INVALID_CPU;
    if (thread == door.thread) {
        *processor = platform_current_processor();
    }
    return runtime;
}

// Signals change only when everything that others may ask for has its final state.
static void end(struct thread *thread) {
    door_set_depth(1);
    platform_code_allow_writes(); // The last handle of a guest may be in the thread's own.
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->life == THREAD_RUNNING || thread->life == THREAD_SUSPENDED);
    thread->life = THREAD_DYING;
    platform_mutex_unlock(&thread->blocking.lock);
    exception_thread_exiting(thread);
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->life == THREAD_DYING && !thread->exception.active);
    thread->life = THREAD_DEAD;
    thread->runtime = platform_thread_runtime(&thread->host);
    thread->reachable = false;
    platform_thread_forget(&thread->host);
    const zx_handle_t self = thread->self;
    platform_mutex_unlock(&thread->blocking.lock);
    blocking_set_current(NULL);
    process_remove_thread(thread);
    atomic_store(&thread->exited, true);
    exception_slots_died(&thread->exception_slots);
    object_change_signals(&thread->object, ZX_THREAD_RUNNING | ZX_THREAD_SUSPENDED,
                          ZX_THREAD_TERMINATED);
    if (self != ZX_HANDLE_INVALID) {
        handle_close(self);
    }
    door.thread = NULL;
    door.ending = false;
    door_set_depth(0);
    object_unref(&thread->object);
    platform_code_forbid_writes();
}

// Runs on the ending thread. Another exit function may still make a call after this one, and then
// adopts the thread anew.
static void thread_exits(void *value) {
    end(value);
}

// --- In the child of a fork ---

static bool in_child; // Set before the child has a second thread.
static atomic_bool told_in_child;

static void become_child(void) {
    in_child = true;
    door.thread = NULL;
    platform_thread_slot_set(&tasks.slot, NULL);
    blocking_set_current(NULL);
    process_space_become_child();
    log_become_child();
}

bool thread_in_child(void) {
    return in_child;
}

zx_status_t thread_check_child(void) {
    if (!in_child) {
        return ZX_OK;
    }
    if (!atomic_exchange(&told_in_child, true)) {
        log_line(ZIRCONIA_LOG_ERROR,
                 "this process was forked from one that had made a call: no call works in it "
                 "before it executes a program");
    }
    return refuse(ZX_ERR_BAD_STATE, "the process is the child of a fork");
}

// --- The first call ---

static void tasks_init(void) {
    process_koid();
    platform_on_fork(become_child);
    tasks.usable = platform_thread_slot_create(&tasks.slot, thread_exits) && thread_stop_init();
    if (!tasks.usable) {
        log_line(ZIRCONIA_LOG_ERROR, "the host refuses the handler that stops threads, or a key of "
                                     "theirs: there are no threads and no VCPUs");
    }
}

static struct thread *adopt(void) {
    platform_call_once(&tasks.once, tasks_init);
    struct thread *thread = tasks.usable ? thread_create("") : NULL;
    if (thread == NULL) {
        return NULL;
    }
    if (!platform_thread_slot_set(&tasks.slot, thread)) {
        object_unref(&thread->object);
        return NULL;
    }
    thread->life = THREAD_RUNNING;
    process_add_thread(thread);
    begin(thread);
    object_change_signals(&thread->object, 0, ZX_THREAD_RUNNING);
    return thread;
}

struct thread *thread_current(void) {
    if (door.thread == NULL && !in_child) {
        door.depth++;
        door.thread = adopt();
        door.depth--;
    }
    return door.thread;
}

static void run(void *argument) {
    struct thread *thread = argument;
    door_set_depth(1);
    door.thread = thread;
    begin(thread);
    platform_mutex_lock(&thread->blocking.lock);
    while (!thread->begun) {
        thread_sleep(thread);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_thread_slot_set(&tasks.slot, thread); // For a host thread that client code ends.
    platform_client_enter(&thread->entry);
    platform_thread_slot_set(&tasks.slot, NULL);
    end(thread);
}

// --- From any thread ---

zx_status_t thread_start(struct thread *thread, const struct platform_client_entry *entry) {
    if (!platform_client_can_enter()) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "no threads can be started on this host");
    }
    platform_mutex_lock(&thread->blocking.lock);
    const bool is_new = thread->life == THREAD_NEW;
    if (is_new) {
        thread->life = THREAD_RUNNING;
        thread->entry = *entry;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    if (!is_new) {
        return refuse(ZX_ERR_BAD_STATE, "the thread was started before");
    }
    object_ref(&thread->object); // The host thread's reference.
    process_add_thread(thread);  // Here, so that it is found as soon as this call returns.
    unmapped_cover();
    const bool started = platform_client_start(run, thread);
    unmapped_uncover();
    if (started) {
        object_change_signals(&thread->object, 0, ZX_THREAD_RUNNING);
    }
    platform_mutex_lock(&thread->blocking.lock);
    thread->begun = started;
    thread->life = started ? thread->life : THREAD_NEW;
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
    if (!started) {
        process_remove_thread(thread);
        object_unref(&thread->object);
    }
    return started ? ZX_OK : ZX_ERR_NO_MEMORY;
}

void thread_exit(void) {
    struct thread *thread = door.thread;
    if (door.ending) {
        platform_thread_slot_set(&tasks.slot, NULL);
        end(thread);
        platform_thread_end();
    }
    platform_mutex_lock(&thread->blocking.lock);
    thread->exiting = true;
    thread_request_stop(thread);
    platform_mutex_unlock(&thread->blocking.lock);
}

void thread_kill(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    if (thread->life != THREAD_NEW && thread->life != THREAD_DEAD) {
        thread->killed = true;
        thread_request_stop(thread);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
}

uint32_t thread_state(struct thread *thread) {
    static const uint32_t states[] = {
        [THREAD_NEW] = ZX_THREAD_STATE_NEW,
        [THREAD_RUNNING] = ZX_THREAD_STATE_RUNNING,
        [THREAD_SUSPENDED] = ZX_THREAD_STATE_SUSPENDED,
        [THREAD_DYING] = ZX_THREAD_STATE_DYING,
        [THREAD_DEAD] = ZX_THREAD_STATE_DEAD,
    };
    platform_mutex_lock(&thread->blocking.lock);
    const uint32_t blocked = atomic_load(&thread->blocking.reason);
    uint32_t state = states[thread->life];
    if (thread->life == THREAD_RUNNING && thread->exception.active) {
        state = ZX_THREAD_STATE_BLOCKED_EXCEPTION;
    } else if (thread->life == THREAD_RUNNING && blocked != 0) {
        state = blocked;
    }
    if (thread_is_ending(thread) && thread->life != THREAD_DEAD) {
        state = ZX_THREAD_STATE_DYING;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    return state;
}

static zx_handle_t kept_handle(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const zx_handle_t self = thread->self;
    platform_mutex_unlock(&thread->blocking.lock);
    return self;
}

zx_handle_t thread_self_handle(struct thread *thread) {
    zx_handle_t self = kept_handle(thread);
    zx_handle_t made = ZX_HANDLE_INVALID;
    if (self != ZX_HANDLE_INVALID ||
        handle_create(&thread->object, ZX_DEFAULT_THREAD_RIGHTS, &made) != ZX_OK) {
        return self;
    }
    platform_mutex_lock(&thread->blocking.lock);
    if (thread->self == ZX_HANDLE_INVALID && thread->life != THREAD_DEAD) {
        thread->self = made;
        made = ZX_HANDLE_INVALID;
    }
    self = thread->life != THREAD_DEAD ? thread->self : ZX_HANDLE_INVALID;
    platform_mutex_unlock(&thread->blocking.lock);
    if (made != ZX_HANDLE_INVALID) {
        handle_close(made);
    }
    return self;
}
