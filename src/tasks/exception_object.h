// SPDX-License-Identifier: MIT
//
// Exception objects: one for each handler that a thread asks through a channel. What the client
// does with them is in exception_channel.h.

#ifndef TASKS_EXCEPTION_OBJECT_H
#define TASKS_EXCEPTION_OBJECT_H

#include "tasks/thread.h"

struct exception_object {
    struct object object;
    struct thread *thread; // A reference.
    zx_exception_info_t info;
    zx_rights_t rights; // The rights of the handles that it gives.
    bool gives_process;
    atomic_uint state;
    atomic_uint strategy;
    struct exception_object *next; // In its channel.
};

// Puts aside what one more channel or thread may need (supply.h). False without memory.
bool exception_objects_put_aside(size_t count);

// The channel or thread that has put `count` aside is gone.
void exception_objects_user_gone(size_t count);

// Takes the object of the exception that the thread is in; from now on the thread waits for it.
// NULL when nothing is put aside.
struct exception_object *exception_object_take(struct thread *thread, zx_rights_t rights,
                                               bool gives_process);

// Answers as the object's state says, if the thread still waits for it.
void exception_object_answer(struct exception_object *exception);

#endif // TASKS_EXCEPTION_OBJECT_H
