// SPDX-License-Identifier: MIT
//
// Exception channels and exception objects (objects ABI 8.9). A task's exceptions become messages,
// each with one exception object; closing that object's last handle is the answer. The channel has
// only this one end: the other is the library.

#ifndef TASKS_EXCEPTION_CHANNEL_H
#define TASKS_EXCEPTION_CHANNEL_H

#include "tasks/exception_binding.h"

// `rights` are those of the handles that its exceptions give to the thread and, with
// `gives_process`, to the process. ALREADY_BOUND; NO_MEMORY.
zx_status_t exception_channel_create(struct exception_binding **slot, zx_rights_t rights,
                                     bool gives_process, struct object **out);

// A message as a reader takes it out: a reference to the exception, which gets a handle.
struct exception_message {
    zx_exception_info_t info;
    struct object *exception;
};

// Takes the oldest message out, or with `peek` only looks whether there is one. Without a message
// SHOULD_WAIT, or PEER_CLOSED when the task is dead.
zx_status_t exception_channel_read(struct object *channel, bool peek,
                                   struct exception_message *out);

// --- Exception objects ---

// The thread or process, as a reference, and the rights for a handle. process: ACCESS_DENIED when
// the channel was a thread's.
void exception_object_thread(struct object *object, struct object **out, zx_rights_t *rights);
zx_status_t exception_object_process(struct object *object, struct object **out,
                                     zx_rights_t *rights);

// ZX_PROP_EXCEPTION_STATE and ZX_PROP_EXCEPTION_STRATEGY. set: INVALID_ARGS for a value; the
// strategy before that BAD_STATE unless the thread waits for the debugger's answer.
uint32_t exception_object_state(struct object *object);
uint32_t exception_object_strategy(struct object *object);
zx_status_t exception_object_set_state(struct object *object, uint32_t state);
zx_status_t exception_object_check_strategy(struct object *object);
zx_status_t exception_object_set_strategy(struct object *object, uint32_t strategy);

#endif // TASKS_EXCEPTION_CHANNEL_H
