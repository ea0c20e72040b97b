// SPDX-License-Identifier: MIT
//
// What the files of this folder share: copying to and from client memory and handing out handles.
// Any client pointer may be NULL or wild; only these functions follow one.

#ifndef SYSCALLS_SYSCALLS_H
#define SYSCALLS_SYSCALLS_H

#include "objects/object.h"
#include "syscalls/calls.h"

#include <stddef.h>
#include <zircon/types.h>

// ZX_ERR_INVALID_ARGS when a byte cannot be read or written. Size 0 is ZX_OK for any pointer.
zx_status_t copy_from_client(void *destination, const void *client, size_t size);
zx_status_t copy_to_client(void *client, const void *source, size_t size);

// Makes a handle and writes its value to the client. ZX_ERR_NO_MEMORY, or ZX_ERR_INVALID_ARGS and
// the handle is gone again. The caller keeps its own reference to the object in every case.
zx_status_t give_handle(struct object *object, zx_rights_t rights, zx_handle_t *client_out);

#endif // SYSCALLS_SYSCALLS_H
