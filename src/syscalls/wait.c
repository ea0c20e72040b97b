// SPDX-License-Identifier: MIT
//
// The calls that wait for signals (objects ABI 3.3 to 3.5).

#include "objects/wait.h"

#include "ports/port_observer.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

// The most items of any era.
enum { ITEM_LIMIT = ZX_WAIT_MANY_MAX_ITEMS };

// Finds what is to be waited for, in the order of objects ABI 3.3.
static zx_status_t find_waitable(zx_handle_t handle, struct object **out) {
    const zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WAIT, out);
    if (status == ZX_OK && !object_is_waitable(*out)) {
        object_unref(*out);
        *out = NULL;
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "the object of handle % has no signals", handle);
    }
    if (status != ZX_OK) {
        refuse_value(
            status, status == ZX_ERR_BAD_HANDLE ? "% is not a valid handle" : "handle % lacks WAIT",
            handle);
    }
    return status;
}

zx_status_t sys_object_wait_one(const struct era *era, const struct held *handle,
                                zx_signals_t signals, zx_time_t deadline, zx_signals_t *observed) {
    struct wait_item item = {.handle = handle->value, .object = handle->object, .wanted = signals};
    if (!object_is_waitable(item.object)) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the object of handle has no signals");
    }
    const zx_status_t status = wait_for_signals(&item, 1, deadline_of(era, deadline),
                                                ZX_THREAD_STATE_BLOCKED_WAIT_ONE, era);
    if (status == ZX_ERR_INTERNAL_INTR_RETRY) {
        return status;
    }
    const zx_status_t copied =
        observed == NULL ? ZX_OK : copy_to_client(observed, &item.observed, sizeof(item.observed));
    return copied == ZX_OK ? status : copied;
}

// Finds the objects of all items, or of none on failure.
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

zx_status_t sys_object_wait_many(const struct era *era, zx_wait_item_t *client, size_t count,
                                 zx_time_t deadline) {
    zx_wait_item_t asked[ITEM_LIMIT];
    struct wait_item items[ITEM_LIMIT];
    if (count == 0) {
        return sleep_until(deadline_of(era, deadline));
    }
    if (count > era->wait_many_limit) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "count % is above %", count,
                             era->wait_many_limit);
    }
    zx_status_t status = copy_from_client(asked, client, count * sizeof(asked[0]));
    if (status == ZX_OK) {
        status = find_items(asked, items, count);
    }
    if (status != ZX_OK) {
        return status;
    }
    status = wait_for_signals(items, count, deadline_of(era, deadline),
                              ZX_THREAD_STATE_BLOCKED_WAIT_MANY, era);
    for (size_t i = 0; i < count; i++) {
        asked[i].pending = items[i].observed;
        object_unref(items[i].object);
    }
    if (status == ZX_ERR_INTERNAL_INTR_RETRY) {
        return status;
    }
    const zx_status_t copied = copy_to_client(client, asked, count * sizeof(asked[0]));
    return copied == ZX_OK ? status : copied;
}

static zx_status_t wait_async(const struct era *era, zx_handle_t port_handle,
                              const struct port_wait_request *request, bool options_known) {
    struct object *port = NULL;
    zx_status_t status = look_up(era, port_handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status != ZX_OK) {
        return status;
    }
    struct object *object = NULL;
    status = find_waitable(request->source, &object);
    if (status == ZX_OK) {
        status = options_known ? port_observe(port_from_object(port), object, request)
                               : refuse(ZX_ERR_INVALID_ARGS, "options are not known");
        object_unref(object);
    }
    object_unref(port);
    // The port's last handle may be closed meanwhile.
    return status == ZX_ERR_BAD_STATE ? refuse_as(ZX_ERR_BAD_HANDLE) : status;
}

// Eras whose waits may repeat check the options last, others first.
zx_status_t sys_object_wait_async(const struct era *era, zx_handle_t handle, zx_handle_t port,
                                  uint64_t key, zx_signals_t signals, uint32_t options) {
    const uint32_t edge_or_time = ZX_WAIT_ASYNC_TIMESTAMP | ZX_WAIT_ASYNC_EDGE;
    const uint32_t known = era->repeating_waits ? ZIRCONIA_2018_WAIT_ASYNC_REPEATING : edge_or_time;
    const bool options_known = (options & ~known) == 0;
    if (!options_known && !era->repeating_waits) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options & ~known);
    }
    const uint32_t modern = era->repeating_waits ? 0 : options;
    const struct port_wait_request request = {
        .source = handle,
        .key = key,
        .trigger = signals,
        .repeating = era->repeating_waits && options == ZIRCONIA_2018_WAIT_ASYNC_REPEATING,
        .edge = (modern & ZX_WAIT_ASYNC_EDGE) != 0,
        .timestamp = (modern & ZX_WAIT_ASYNC_TIMESTAMP) != 0,
    };
    return wait_async(era, port, &request, options_known);
}
