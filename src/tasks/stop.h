// SPDX-License-Identifier: MIT
//
// Suspending threads and letting them go on (objects ABI 7). A thread is wanted suspended while it
// was suspended without a token, or has open tokens; either alone is enough. It stops at a stop
// point: in client code at once, in the library as it leaves it.

#ifndef TASKS_STOP_H
#define TASKS_STOP_H

#include "tasks/thread.h"

// Suspends a thread without a token; a second time has no effect. BAD_STATE when NEW, dying or
// dead.
zx_status_t thread_suspend(struct thread *thread);

// Ends the suspension without a token; OK for every living thread (objects ABI 7.4). BAD_STATE when
// NEW, dying or dead.
zx_status_t thread_resume(struct thread *thread);

// Count one more or one less token. add: BAD_STATE when dying or dead, and when NEW unless
// `may_be_new`.
zx_status_t thread_add_suspend(struct thread *thread, bool may_be_new);
void thread_remove_suspend(struct thread *thread);

// A token, which suspends the thread until its last handle is closed.
zx_status_t suspend_token_create(struct thread *thread, bool may_be_new, struct object **out);

// The calling thread stops here if it is wanted suspended, and ends if it is killed. Only outside
// of the library.
void thread_stop_point(struct thread *thread, struct platform_context *context);

// A stop point for a thread inside the library that holds no lock: it stops if it is wanted
// suspended. False when it is killed: then it must leave the library soon, where it ends.
bool thread_stop_inside(void);

// Whether the calling thread is to end.
bool thread_is_to_end(void);

// Makes the handler of the stop signal ready. Once.
bool thread_stop_init(void);

// Makes the thread look at what is wanted of it, wherever it is. The caller wakes a thread that
// sleeps in thread_sleep(), once the lock is free.
void thread_request_stop(struct thread *thread) REQUIRES(thread->blocking.lock);

// The calling thread lets go of its lock until thread->wake is posted. It may return without a
// reason, so the caller looks again.
void thread_sleep(struct thread *thread) REQUIRES(thread->blocking.lock);

#endif // TASKS_STOP_H
