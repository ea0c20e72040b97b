// SPDX-License-Identifier: MIT
//
// Suspending threads and letting them go on (objects ABI 7). A thread is wanted suspended while it
// was suspended without a token, or has open tokens; either alone is enough. It stops at a stop
// point: in client code at once, in the library as it leaves it.

#ifndef TASKS_STOP_H
#define TASKS_STOP_H

#include "tasks/thread.h"

// The form without a token, which repeats without effect. BAD_STATE when NEW, dying or dead.
zx_status_t thread_suspend(struct thread *thread);

// The end of that, OK for every living thread (objects ABI 7.4). BAD_STATE when NEW, dying or dead.
zx_status_t thread_resume(struct thread *thread);

// One more, one less token. add: BAD_STATE when dying or dead, and when NEW unless `may_be_new`.
zx_status_t thread_add_suspend(struct thread *thread, bool may_be_new);
void thread_remove_suspend(struct thread *thread);

// A token, which suspends the thread until its last handle is closed.
zx_status_t suspend_token_create(struct thread *thread, bool may_be_new, struct object **out);

// The calling thread stops here if it is wanted, and ends if it is killed. Outside of the library
// only.
void thread_stop_point(struct thread *thread, struct platform_context *context);

// The same for a thread inside the library that holds no lock: it stops, and is not ended. False
// when it is killed: then it must leave the library soon.
bool thread_stop_inside(void);

// Whether the calling thread is to end.
bool thread_is_to_end(void);

// Makes the handler of the stop signal ready. Once.
bool thread_stop_init(void);

// The thread is wanted to look at what has changed, wherever it is. One that sleeps in
// thread_sleep() is woken by the caller, once the lock is free.
void thread_call_attention(struct thread *thread) REQUIRES(thread->blocking.lock);

// The calling thread lets go of its lock until thread->wake is posted. It may come back for
// nothing.
void thread_sleep(struct thread *thread) REQUIRES(thread->blocking.lock);

#endif // TASKS_STOP_H
