// SPDX-License-Identifier: MIT
//
// What the files of this folder share: finding objects, sleeping, copying to and from client
// memory and handing out handles. Any client pointer may be NULL or wild; only these functions
// follow one.

#ifndef SYSCALLS_SYSCALLS_H
#define SYSCALLS_SYSCALLS_H

#include "objects/era.h"
#include "objects/handle_table.h"
#include "objects/refusal.h"
#include "syscalls/calls.h"

#include <stddef.h>
#include <zircon/types.h>

// Finds an object with the era's order of checks (objects ABI 0.3).
static inline zx_status_t look_up(const struct era *era, zx_handle_t value, zx_obj_type_t type,
                                  zx_rights_t rights, struct object **out) {
    return era->rights_before_type ? handle_lookup_rights_first(value, type, rights, out)
                                   : handle_lookup(value, type, rights, out);
}

// The status of a handle that was found, for a call that asks for a type, ZX_OBJ_TYPE_NONE for
// any, and for rights.
static inline zx_status_t judge(const struct era *era, const struct object *object,
                                zx_rights_t rights, zx_obj_type_t type, zx_rights_t wanted) {
    const bool right_type = type == ZX_OBJ_TYPE_NONE || object->ops->type == type;
    if ((rights & wanted) != wanted && (right_type || era->rights_before_type)) {
        return ZX_ERR_ACCESS_DENIED;
    }
    return right_type ? ZX_OK : ZX_ERR_WRONG_TYPE;
}

// A deadline of the client's, by its era.
static inline zx_time_t deadline_of(const struct era *era, zx_time_t deadline) {
    return era->unsigned_times && deadline < 0 ? ZX_TIME_INFINITE : deadline;
}

// For a call that has no options in its era.
static inline zx_status_t refuse_options(uint32_t options) {
    return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not 0", options);
}

// ZX_ERR_INVALID_ARGS when a byte cannot be read or written. Size 0 is ZX_OK for any pointer.
zx_status_t copy_from_client(void *destination, const void *client, size_t size);
zx_status_t copy_to_client(void *client, const void *source, size_t size);

// A place behind a pointer of the client's. That may be NULL or bad, and C knows no sums of those.
static inline void *client_at(const void *client, size_t offset) {
    return (void *)((uintptr_t)client + offset);
}

// Makes a handle and writes its value to the client. ZX_ERR_NO_MEMORY, or ZX_ERR_INVALID_ARGS and
// the handle is gone again. The caller keeps its own reference to the object in every case.
zx_status_t give_handle(struct object *object, zx_rights_t rights, zx_handle_t *client_out);

// As give_handle(), and drops the caller's reference in every case.
zx_status_t hand_over(struct object *object, zx_rights_t rights, zx_handle_t *client_out);

// The value of a handle that the process keeps for good, made at the first use, or at a later one
// when memory was short. ZX_HANDLE_INVALID without memory; `object` may be NULL, for want of it.
zx_handle_t keep_handle(_Atomic(zx_handle_t) *kept, struct object *object, zx_rights_t rights);

// Writes the value of a handle that the client does not know yet; if it cannot, the handle is gone.
zx_status_t give_value(zx_handle_t value, zx_handle_t *client_out);

// Blocks until the deadline: ZX_ERR_TIMED_OUT, or ZX_ERR_INTERNAL_INTR_RETRY (syscalls/calls.h).
zx_status_t sleep_until(zx_time_t deadline);

#endif // SYSCALLS_SYSCALLS_H
