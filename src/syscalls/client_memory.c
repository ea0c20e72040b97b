// SPDX-License-Identifier: MIT
//
// Copying to and from client memory, and handing out handles.

#include "objects/process_space.h"
#include "objects/refusal.h"
#include "platform/platform.h"
#include "syscalls/syscalls.h"

zx_status_t copy_from_client(void *destination, const void *client, size_t size) {
    return platform_copy(destination, client, size)
               ? ZX_OK
               : refuse_pointer(ZX_ERR_INVALID_ARGS, "% cannot be read", (uintptr_t)client);
}

zx_status_t copy_to_client(void *client, const void *source, size_t size) {
    uintptr_t fault_address = 0;
    return process_copy(client, source, size, &fault_address)
               ? ZX_OK
               : refuse_pointer(ZX_ERR_INVALID_ARGS, "% cannot be written", (uintptr_t)client);
}

zx_status_t give_value(zx_handle_t value, zx_handle_t *client_out) {
    const zx_status_t status = copy_to_client(client_out, &value, sizeof(value));
    if (status != ZX_OK) {
        handle_close(value);
    }
    return status;
}

zx_handle_t keep_handle(_Atomic(zx_handle_t) *kept, struct object *object, zx_rights_t rights) {
    zx_handle_t value = atomic_load(kept);
    zx_handle_t own = ZX_HANDLE_INVALID;
    if (value != ZX_HANDLE_INVALID || object == NULL ||
        handle_create(object, rights, &own) != ZX_OK) {
        return value;
    }
    if (atomic_compare_exchange_strong(kept, &value, own)) {
        return own;
    }
    handle_close(own); // Another thread was first.
    return value;
}

zx_status_t give_handle(struct object *object, zx_rights_t rights, zx_handle_t *client_out) {
    zx_handle_t value = ZX_HANDLE_INVALID;
    const zx_status_t status = handle_create(object, rights, &value);
    return status == ZX_OK ? give_value(value, client_out) : status;
}

zx_status_t hand_over(struct object *object, zx_rights_t rights, zx_handle_t *client_out) {
    const zx_status_t status = give_handle(object, rights, client_out);
    object_unref(object);
    return status;
}
