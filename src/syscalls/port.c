// SPDX-License-Identifier: MIT
//
// The port calls (objects ABI 4.1, 4.3, 4.4, 4.6, 4.7).

#include "ports/port.h"

#include "ports/port_observer.h"
#include "syscalls/syscalls.h"
#include "tasks/exception.h"

#include <zircon/syscalls.h>

zx_status_t sys_port_create(const struct era *era, uint32_t options, zx_handle_t *out) {
    if ((options & ~ZX_PORT_BIND_TO_INTERRUPT) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct port *port = NULL;
    const zx_status_t status = port_create(era, &port);
    return status == ZX_OK ? hand_over(&port->object, ZX_DEFAULT_PORT_RIGHTS, out) : status;
}

zx_status_t sys_port_queue(const struct era *era, struct port *port,
                           const zx_port_packet_t *packet) {
    zx_port_packet_t body;
    zx_status_t status = copy_from_client(&body, packet, sizeof(body));
    if (status == ZX_OK) {
        status = port_queue_user(port, &body);
    }
    if (status == ZX_ERR_SHOULD_WAIT && port->era->full_port_code != 0) {
        exception_break_policy(port->era->full_port_code);
    }
    // The port's last handle may go while it is in hand here.
    return status == ZX_ERR_BAD_STATE ? refuse_as(era->closed_port) : status;
}

zx_status_t sys_port_wait(const struct era *era, struct port *port, zx_time_t deadline,
                          zx_port_packet_t *packet) {
    zx_port_packet_t body;
    const zx_status_t status = port_wait(port, deadline_of(era, deadline), &body);
    return status == ZX_OK ? copy_to_client(packet, &body, sizeof(body)) : status;
}

zx_status_t sys_port_cancel(const struct era *era, struct port *port, const struct held *source,
                            uint64_t key) {
    (void)era;
    if (!object_is_waitable(source->object)) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "source has no signals");
    }
    return port_cancel(port, source->object, source->value, key)
               ? ZX_OK
               : refuse_value(ZX_ERR_NOT_FOUND, "nothing waits on source with key %", key);
}

zx_status_t sys_port_cancel_key(zx_handle_t handle, uint32_t options, uint64_t key) {
    if (options != 0) {
        return refuse_options(options);
    }
    struct object *port = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_WRITE, &port);
    if (status == ZX_OK) {
        status = port_cancel_key(port_from_object(port), key)
                     ? ZX_OK
                     : refuse_value(ZX_ERR_NOT_FOUND, "nothing waits with key %", key);
        object_unref(port);
    }
    return status;
}
