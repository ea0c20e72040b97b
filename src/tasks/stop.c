// SPDX-License-Identifier: MIT
//
// Wanting a thread suspended, and stopping it. The thread itself tells of each step by its signals,
// so that they come in the order of what happened; others only change what is wanted and wake it.

#include "tasks/stop.h"

#include "objects/refusal.h"
#include "objects/signal_observer.h"
#include "platform/check.h"
#include "platform/publish.h"
#include "tasks/door.h"

// --- What is wanted ---

static bool is_wanted(const struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    return thread->legacy_suspended || thread->suspend_count > 0;
}

static bool is_alive(const struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    return (thread->life == THREAD_RUNNING || thread->life == THREAD_SUSPENDED) &&
           !thread_is_ending(thread);
}

void thread_request_stop(struct thread *thread) {
    ASSERT_HELD(&thread->blocking.lock);
    platform_publish(&thread->blocking.stop_requested, true);
    if (thread->life == THREAD_RUNNING && !blocking_break(&thread->blocking) && thread->reachable &&
        thread != door.thread) {
        platform_thread_stop(&thread->host);
    }
}

void thread_sleep(struct thread *thread) {
    ASSERT_HELD(&thread->blocking.lock);
    platform_mutex_unlock(&thread->blocking.lock);
    CHECK(lock_order_holds_none());
    platform_semaphore_wait_until(&thread->wake, INT64_MAX);
    platform_mutex_lock(&thread->blocking.lock);
}

static void want(struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    if (!atomic_load(&thread->blocking.stop_requested)) {
        thread_request_stop(thread);
    }
}

static void want_no_longer(struct thread *thread) REQUIRES(thread->blocking.lock) {
    ASSERT_HELD(&thread->blocking.lock);
    if (!is_wanted(thread) && !thread_is_ending(thread)) {
        atomic_store(&thread->blocking.stop_requested, false);
    }
}

// --- Calls ---

#define NOT_ALIVE "the thread was not started, or is dying or dead"

zx_status_t thread_suspend(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool alive = is_alive(thread);
    if (alive) {
        thread->legacy_suspended = true;
        want(thread);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    return alive ? ZX_OK : refuse(ZX_ERR_BAD_STATE, NOT_ALIVE);
}

zx_status_t thread_resume(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool alive = is_alive(thread);
    if (alive) {
        thread->legacy_suspended = false;
        want_no_longer(thread);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
    return alive ? ZX_OK : refuse(ZX_ERR_BAD_STATE, NOT_ALIVE);
}

zx_status_t thread_add_suspend(struct thread *thread, bool may_be_new) {
    platform_mutex_lock(&thread->blocking.lock);
    const bool possible = is_alive(thread) || (thread->life == THREAD_NEW && may_be_new);
    if (possible) {
        thread->suspend_count++;
        want(thread);
    }
    platform_mutex_unlock(&thread->blocking.lock);
    return possible ? ZX_OK : refuse(ZX_ERR_BAD_STATE, NOT_ALIVE);
}

void thread_remove_suspend(struct thread *thread) {
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->suspend_count > 0);
    thread->suspend_count--;
    want_no_longer(thread);
    platform_mutex_unlock(&thread->blocking.lock);
    platform_semaphore_post(&thread->wake);
}

// --- The thread itself ---

// The registers are readable from the moment on when the signal can be seen, and are those that the
// thread goes on with once it cannot be (objects ABI 7.8).
static void be_suspended(struct thread *thread, struct platform_context *context)
    REQUIRES(thread->blocking.lock) {
    CHECK(thread == door.thread && thread->life == THREAD_RUNNING && thread->registers == NULL);
    thread->life = THREAD_SUSPENDED;
    thread->registers = context;
    thread->stopped_in_call = door_in_call();
    platform_mutex_unlock(&thread->blocking.lock);
    object_change_signals(&thread->object, ZX_THREAD_RUNNING, ZX_THREAD_SUSPENDED);
    platform_mutex_lock(&thread->blocking.lock);
    while (is_wanted(thread) && !thread_is_ending(thread)) {
        thread_sleep(thread);
    }
    thread->registers = NULL;
    if (thread_is_ending(thread)) {
        return; // The signals stay as they are until the thread is dead.
    }
    thread->life = THREAD_RUNNING;
    platform_mutex_unlock(&thread->blocking.lock);
    object_change_signals(&thread->object, ZX_THREAD_SUSPENDED, ZX_THREAD_RUNNING);
    platform_mutex_lock(&thread->blocking.lock);
}

// True when the thread is to end.
static bool stop(struct thread *thread, struct platform_context *context) {
    platform_mutex_lock(&thread->blocking.lock);
    CHECK(thread->blocking.wake == NULL || door.stops_inside);
    while (is_wanted(thread) && !thread_is_ending(thread)) {
        be_suspended(thread, context);
    }
    const bool killed = thread_is_ending(thread);
    platform_mutex_unlock(&thread->blocking.lock);
    return killed;
}

void thread_stop_point(struct thread *thread, struct platform_context *context) {
    CHECK(lock_order_holds_none());
    door_set_depth(1);
    door.ending = stop(thread, context) && platform_context_end(context);
    if (!door.ending) { // One that ends is inside of the library from now on.
        door_set_depth(0);
    }
}

static void on_stop(struct platform_context *context, bool entering) {
    struct thread *thread = door.thread;
    if (thread == NULL) {
        return;
    }
    if (door.stops_inside) {
        stop(thread, context);
        return;
    }
    if (entering) {
        exception_thread_starting(thread, context);
    } else if (door.depth > 0) {
        return;
    }
    exception_policy_error(thread, context);
    thread_stop_point(thread, context);
}

bool thread_stop_init(void) {
    return platform_stop_init(on_stop);
}

bool thread_stop_inside(void) {
    CHECK(lock_order_holds_none());
    door.stops_inside = true;
    platform_stop_here();
    door.stops_inside = false;
    return !thread_is_to_end();
}

bool thread_is_to_end(void) {
    struct thread *thread = door.thread;
    platform_mutex_lock(&thread->blocking.lock);
    const bool ends = thread_is_ending(thread);
    platform_mutex_unlock(&thread->blocking.lock);
    return ends;
}
