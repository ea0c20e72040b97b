// SPDX-License-Identifier: MIT
//
// Binding ports, and the packets of exceptions. A packet is needed where nothing can be allocated,
// so each binding puts a supply aside; what is not on its way lies in one list for all.

#include "tasks/exception_port.h"

#include "tasks/process.h"

#include <stdlib.h>

// Put aside for each binding that there is; a thread uses one for each handler that it asks.
enum { SUPPLY = 64 };

struct port_binding {
    struct exception_binding binding;
    struct port *port; // A reference.
    uint64_t key;
};

static struct {
    struct platform_mutex lock;
    struct port_packet *free; // By `next`.
    size_t free_count;
    size_t bindings;
} packets = {.lock = PLATFORM_MUTEX_INIT};

static struct port_binding *from_binding(const struct exception_binding *binding) {
    return (struct port_binding *)binding;
}

static void return_packet(struct port_packet *packet) {
    platform_mutex_lock(&packets.lock);
    packet->next = packets.free;
    packets.free = packet;
    packets.free_count++;
    platform_mutex_unlock(&packets.lock);
}

static struct port_packet *take_packet(void) {
    platform_mutex_lock(&packets.lock);
    struct port_packet *packet = packets.free;
    if (packet != NULL) {
        packets.free = packet->next;
        packets.free_count--;
    }
    platform_mutex_unlock(&packets.lock);
    return packet;
}

static void binding_gone(void) {
    platform_mutex_lock(&packets.lock);
    packets.bindings--;
    platform_mutex_unlock(&packets.lock);
}

// Kept for good, as a packet may be in a port for longer than its binding lives; what bindings
// before have left is used again.
static bool put_aside(void) {
    platform_mutex_lock(&packets.lock);
    const size_t wanted = ++packets.bindings * SUPPLY;
    const size_t missing = wanted > packets.free_count ? wanted - packets.free_count : 0;
    platform_mutex_unlock(&packets.lock);
    for (size_t i = 0; i < missing; i++) {
        struct port_packet *packet = malloc(sizeof(*packet));
        if (packet == NULL) {
            binding_gone();
            return false;
        }
        return_packet(packet);
    }
    return true;
}

// The type of a packet is the exception's own (objects ABI 8.1).
static zx_status_t tell(struct exception_binding *binding, struct thread *thread) {
    const struct port_binding *self = from_binding(binding);
    struct port_packet *packet = take_packet();
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
    binding_gone();
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
    if (self == NULL || !put_aside()) {
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
        return ZX_ERR_ALREADY_BOUND;
    }
    if (!port_watch_close(port, port_closed)) {
        exception_unbind_matching(exception_port_is, port, false);
        return ZX_ERR_BAD_HANDLE;
    }
    return ZX_OK;
}
