// SPDX-License-Identifier: MIT
//
// The handle calls (objects ABI 2.1 to 2.4).

#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

zx_status_t sys_handle_close(zx_handle_t handle) {
    return handle == ZX_HANDLE_INVALID ? ZX_OK : handle_close(handle);
}

zx_status_t sys_handle_close_many(const zx_handle_t *handles, size_t num_handles) {
    zx_handle_t batch[64];
    zx_status_t result = ZX_OK;
    while (num_handles > 0) {
        const size_t limit = sizeof(batch) / sizeof(batch[0]);
        const size_t count = num_handles < limit ? num_handles : limit;
        const zx_status_t status = copy_from_client(batch, handles, count * sizeof(batch[0]));
        if (status != ZX_OK) {
            return status;
        }
        for (size_t i = 0; i < count; i++) {
            if (sys_handle_close(batch[i]) != ZX_OK) {
                result =
                    refuse_value(ZX_ERR_BAD_HANDLE,
                                 "% in handles is not a valid handle, or occurs twice", batch[i]);
            }
        }
        handles += count;
        num_handles -= count;
    }
    return result;
}

zx_status_t sys_handle_duplicate(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out) {
    zx_handle_t value = ZX_HANDLE_INVALID;
    const zx_status_t status = handle_duplicate(handle, rights, &value);
    return status == ZX_OK ? give_value(value, out) : status;
}

zx_status_t sys_handle_replace(zx_handle_t handle, zx_rights_t rights, zx_handle_t *out) {
    zx_handle_t value = ZX_HANDLE_INVALID;
    const zx_status_t status = handle_replace(handle, rights, &value);
    return status == ZX_OK ? give_value(value, out) : status;
}
