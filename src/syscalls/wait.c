// SPDX-License-Identifier: MIT
//
// The calls that wait for signals, in both eras (objects ABI 3.3 to 3.5).

#include "objects/wait.h"

#include "ports/port_observer.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

// The most items of either era.
enum { ITEM_LIMIT = ZX_WAIT_MANY_MAX_ITEMS };

// Finds what is to be waited for, in the order of objects ABI 3.3.
static zx_status_t find_waitable(zx_handle_t handle, struct object **out) {
    const zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WAIT, out);
    if (status == ZX_OK && !object_is_waitable(*out)) {
        object_unref(*out);
        *out = NULL;
        return ZX_ERR_NOT_SUPPORTED;
    }
    return status;
}

static zx_status_t wait_one(zx_handle_t handle, zx_signals_t signals, zx_time_t deadline,
                            zx_signals_t *observed, bool abi_2018) {
    struct wait_item item = {.handle = handle, .wanted = signals};
    zx_status_t status = find_waitable(handle, &item.object);
    if (status != ZX_OK) {
        return status;
    }
    status = wait_for_signals(&item, 1, deadline, ZX_THREAD_STATE_BLOCKED_WAIT_ONE, abi_2018);
    object_unref(item.object);
    if (status == ZX_ERR_INTERNAL_INTR_RETRY) {
        return status;
    }
    if (observed != NULL &&
        copy_to_client(observed, &item.observed, sizeof(item.observed)) != ZX_OK) {
        return ZX_ERR_INVALID_ARGS;
    }
    return status;
}

zx_status_t sys_object_wait_one(zx_handle_t handle, zx_signals_t signals, zx_time_t deadline,
                                zx_signals_t *observed) {
    return wait_one(handle, signals, deadline, observed, false);
}

zx_status_t sys_2018_object_wait_one(zx_handle_t handle, zx_signals_t signals, zx_time_t deadline,
                                     zx_signals_t *observed) {
    return wait_one(handle, signals, deadline, observed, true);
}

// All items or, on failure, none.
static zx_status_t find_items(const zx_wait_item_t *asked, struct wait_item *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct wait_item){.handle = asked[i].handle, .wanted = asked[i].waitfor};
        const zx_status_t status = find_waitable(asked[i].handle, &items[i].object);
        if (status != ZX_OK) {
            while (i-- > 0) {
                object_unref(items[i].object);
            }
            return status;
        }
    }
    return ZX_OK;
}

static zx_status_t wait_many(zx_wait_item_t *client, size_t count, zx_time_t deadline,
                             bool abi_2018) {
    zx_wait_item_t asked[ITEM_LIMIT];
    struct wait_item items[ITEM_LIMIT];
    if (count == 0) {
        return sleep_until(deadline);
    }
    if (count > (abi_2018 ? ZIRCONIA_2018_WAIT_MANY_MAX_ITEMS : ZX_WAIT_MANY_MAX_ITEMS)) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    zx_status_t status = copy_from_client(asked, client, count * sizeof(asked[0]));
    if (status == ZX_OK) {
        status = find_items(asked, items, count);
    }
    if (status != ZX_OK) {
        return status;
    }
    status = wait_for_signals(items, count, deadline, ZX_THREAD_STATE_BLOCKED_WAIT_MANY, abi_2018);
    for (size_t i = 0; i < count; i++) {
        asked[i].pending = items[i].observed;
        object_unref(items[i].object);
    }
    if (status == ZX_ERR_INTERNAL_INTR_RETRY) {
        return status;
    }
    if (copy_to_client(client, asked, count * sizeof(asked[0])) != ZX_OK) {
        return ZX_ERR_INVALID_ARGS;
    }
    return status;
}

zx_status_t sys_object_wait_many(zx_wait_item_t *items, size_t num_items, zx_time_t deadline) {
    return wait_many(items, num_items, deadline, false);
}

zx_status_t sys_2018_object_wait_many(zx_wait_item_t *items, size_t num_items, zx_time_t deadline) {
    return wait_many(items, num_items, deadline, true);
}

// `options_known` is judged last, as 2018 does; 2022 has done so before.
static zx_status_t wait_async(zx_handle_t port_handle, const struct port_wait_request *request,
                              bool options_known, bool abi_2018) {
    struct object *port = NULL;
    zx_status_t status = look_up(port_handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, abi_2018, &port);
    if (status != ZX_OK) {
        return status;
    }
    struct object *object = NULL;
    status = find_waitable(request->source, &object);
    if (status == ZX_OK) {
        status = options_known ? port_observe(port_from_object(port), object, request)
                               : ZX_ERR_INVALID_ARGS;
        object_unref(object);
    }
    object_unref(port);
    // The port's last handle may go while it is in hand here.
    return status == ZX_ERR_BAD_STATE ? ZX_ERR_BAD_HANDLE : status;
}

zx_status_t sys_object_wait_async(zx_handle_t handle, zx_handle_t port, uint64_t key,
                                  zx_signals_t signals, uint32_t options) {
    if ((options & ~(ZX_WAIT_ASYNC_TIMESTAMP | ZX_WAIT_ASYNC_EDGE)) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    const struct port_wait_request request = {
        .source = handle,
        .key = key,
        .trigger = signals,
        .edge = (options & ZX_WAIT_ASYNC_EDGE) != 0,
        .timestamp = (options & ZX_WAIT_ASYNC_TIMESTAMP) != 0,
    };
    return wait_async(port, &request, true, false);
}

zx_status_t sys_2018_object_wait_async(zx_handle_t handle, zx_handle_t port, uint64_t key,
                                       zx_signals_t signals, uint32_t options) {
    const struct port_wait_request request = {
        .source = handle,
        .key = key,
        .trigger = signals,
        .repeating = options == ZIRCONIA_2018_WAIT_ASYNC_REPEATING,
    };
    const bool options_known = options <= ZIRCONIA_2018_WAIT_ASYNC_REPEATING;
    return wait_async(port, &request, options_known, true);
}
