// SPDX-License-Identifier: MIT
//
// Binding ports, and the packets of exceptions, of which each binding puts some aside.

#include "tasks/exception_port.h"

#include "objects/refusal.h"
#include "tasks/process.h"
#include "tasks/supply.h"

#include <stdlib.h>

struct port_binding {
    struct exception_binding binding;
    struct port *port; // A reference.
    uint64_t key;
};

static struct supply packets = SUPPLY_OF(struct port_packet); // Users are bindings and threads.

static struct port_binding *from_binding(const struct exception_binding *binding) {
    return (struct port_binding *)binding;
}

bool exception_packets_put_aside(void) {
    return supply_add_user(&packets, SUPPLY_FOR_THREAD);
}

void exception_packets_thread_gone(void) {
    supply_remove_user(&packets, SUPPLY_FOR_THREAD);
}

static void return_packet(struct port_packet *packet) {
    supply_put(&packets, packet);
}

// The type of a packet is the exception's own (objects ABI 8.1).
static zx_status_t tell(struct exception_binding *binding, struct thread *thread) {
    const struct port_binding *self = from_binding(binding);
    struct port_packet *packet = supply_take(&packets);
    if (packet == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    *packet = (struct port_packet){.release = return_packet};
    packet->body.key = self->key;
    packet->body.type = thread->exception.report.header.type;
    packet->body.user.u64[0] = process_koid();
    packet->body.user.u64[1] = thread->object.koid;
    return port_queue(self->port, packet);
}

static void destroy(struct exception_binding *binding) {
    struct port_binding *self = from_binding(binding);
    object_unref(&self->port->object);
    free(self);
    supply_remove_user(&packets, SUPPLY_FOR_HANDLER);
}

static const struct exception_binding_ops port_binding_ops = {.tell = tell, .destroy = destroy};

bool exception_port_is(const struct exception_binding *binding, const void *port) {
    return binding != NULL && binding->ops == &port_binding_ops &&
           from_binding(binding)->port == port;
}

static void port_closed(struct port *port) {
    exception_unbind_matching(exception_port_is, port, false);
}

zx_status_t exception_port_bind(struct exception_binding **slot, struct port *port, uint64_t key) {
    struct port_binding *self = malloc(sizeof(*self));
    if (self == NULL || !supply_add_user(&packets, SUPPLY_FOR_HANDLER)) {
        free(self);
        return ZX_ERR_NO_MEMORY;
    }
    object_ref(&port->object);
    *self = (struct port_binding){
        .binding = {.ops = &port_binding_ops, .references = 1},
        .port = port,
        .key = key,
    };
    if (exception_bind(slot, &self->binding) != ZX_OK) {
        destroy(&self->binding);
        return refuse_as(ZX_ERR_ALREADY_BOUND);
    }
    if (!port_watch_close(port, port_closed)) {
        exception_unbind_matching(exception_port_is, port, false);
        return refuse(ZX_ERR_BAD_HANDLE, "the port has no handles");
    }
    return ZX_OK;
}
