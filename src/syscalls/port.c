// SPDX-License-Identifier: MIT
//
// The port calls, in both eras (objects ABI 4.1, 4.3, 4.4, 4.6, 4.7).

#include "ports/port.h"

#include "objects/handle_table.h"
#include "ports/port_observer.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

typedef zx_status_t lookup_fn(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                              struct object **out);

static zx_status_t create(bool abi_2018, uint32_t options, zx_handle_t *out) {
    if ((options & ~ZX_PORT_BIND_TO_INTERRUPT) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct port *port = NULL;
    zx_status_t status = port_create(abi_2018, &port);
    if (status != ZX_OK) {
        return status;
    }
    status = give_handle(&port->object, ZX_DEFAULT_PORT_RIGHTS, out);
    object_unref(&port->object);
    return status;
}

zx_status_t sys_port_create(uint32_t options, zx_handle_t *out) {
    return create(false, options, out);
}

zx_status_t sys_2018_port_create(uint32_t options, zx_handle_t *out) {
    return create(true, options, out);
}

// `closed` is the era's answer when the port's last handle goes while it is in hand here.
static zx_status_t queue(lookup_fn *lookup, zx_handle_t handle, const zx_port_packet_t *packet,
                         zx_status_t closed) {
    struct object *object = NULL;
    zx_status_t status = lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = copy_from_client(&body, packet, sizeof(body));
    if (status == ZX_OK) {
        status = port_queue_user(port_from_object(object), &body);
    }
    object_unref(object);
    return status == ZX_ERR_BAD_STATE ? closed : status;
}

zx_status_t sys_port_queue(zx_handle_t handle, const zx_port_packet_t *packet) {
    return queue(handle_lookup, handle, packet, ZX_ERR_BAD_HANDLE);
}

zx_status_t sys_2018_port_queue(zx_handle_t handle, const zx_port_packet_t *packet) {
    return queue(handle_lookup_2018, handle, packet, ZX_ERR_BAD_STATE);
}

static zx_status_t wait(lookup_fn *lookup, zx_handle_t handle, zx_time_t deadline,
                        zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    zx_port_packet_t body;
    status = port_wait(port_from_object(object), deadline, &body);
    object_unref(object);
    return status == ZX_OK ? copy_to_client(packet, &body, sizeof(body)) : status;
}

zx_status_t sys_port_wait(zx_handle_t handle, zx_time_t deadline, zx_port_packet_t *packet) {
    return wait(handle_lookup, handle, deadline, packet);
}

zx_status_t sys_2018_port_wait(zx_handle_t handle, zx_time_t deadline, zx_port_packet_t *packet) {
    return wait(handle_lookup_2018, handle, deadline, packet);
}

static zx_status_t cancel(lookup_fn *lookup, zx_handle_t handle, zx_handle_t source, uint64_t key) {
    struct object *port = NULL;
    zx_status_t status = lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status != ZX_OK) {
        return status;
    }
    struct object *object = NULL;
    status = handle_lookup(source, ZX_OBJ_TYPE_NONE, ZX_RIGHT_WAIT, &object);
    if (status == ZX_OK) {
        if (!object_is_waitable(object)) {
            status = ZX_ERR_NOT_SUPPORTED;
        } else if (!port_cancel(port_from_object(port), object, source, key)) {
            status = ZX_ERR_NOT_FOUND;
        }
        object_unref(object);
    }
    object_unref(port);
    return status;
}

zx_status_t sys_port_cancel(zx_handle_t handle, zx_handle_t source, uint64_t key) {
    return cancel(handle_lookup, handle, source, key);
}

zx_status_t sys_2018_port_cancel(zx_handle_t handle, zx_handle_t source, uint64_t key) {
    return cancel(handle_lookup_2018, handle, source, key);
}

zx_status_t sys_port_cancel_key(zx_handle_t handle, uint32_t options, uint64_t key) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    struct object *port = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status == ZX_OK) {
        status = port_cancel_key(port_from_object(port), key) ? ZX_OK : ZX_ERR_NOT_FOUND;
        object_unref(port);
    }
    return status;
}
