// SPDX-License-Identifier: MIT
//
// The one process, which is the host's, and the one job that it is in. Both run from the start and
// end with the host process.

#ifndef TASKS_PROCESS_H
#define TASKS_PROCESS_H

#include "tasks/thread.h"

// Borrowed, for the life of the host process.
struct object *process_object(void);
struct object *job_object(void);

struct exception_slots *process_exception_slots(void);
struct exception_slots *job_exception_slots(void);

zx_koid_t process_koid(void);

// The time of the monotonic clock at the first call.
int64_t process_start_time(void);

// The threads that have begun and not ended.
void process_add_thread(struct thread *thread);
void process_remove_thread(struct thread *thread);

// A reference to a living thread, NULL when there is none of that koid.
struct thread *process_find_thread(zx_koid_t koid);

// A reference to the living thread that the host's thread library calls `native`
// (platform_thread_is()), NULL when there is none.
struct thread *process_find_host_thread(uintptr_t native);

// Calls the function for each living thread. The function must not use the list.
void process_each_thread(void (*function)(struct thread *thread, void *argument), void *argument);

// Writes up to `room` koids; returns how many threads there are.
size_t process_thread_koids(zx_koid_t *koids, size_t room);

#endif // TASKS_PROCESS_H
