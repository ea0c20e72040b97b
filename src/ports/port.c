// SPDX-License-Identifier: MIT
//
// Port objects and their queue.

#include "ports/port.h"

#include <stdlib.h>

static void port_destroy(struct object *object) {
    // The queue is empty: the last handle is gone and nothing was let in after it.
    struct port *port = port_from_object(object);
    platform_condition_destroy(&port->arrived);
    platform_mutex_destroy(&port->lock);
    free(port);
}

static void unlink_packet(struct port *port, struct port_packet *packet) {
    *(packet->previous != NULL ? &packet->previous->next : &port->first) = packet->next;
    *(packet->next != NULL ? &packet->next->previous : &port->last) = packet->previous;
    if (packet->pool == NULL) {
        port->user_packets--;
    }
}

static void link_packet(struct port *port, struct port_packet *packet) {
    packet->next = NULL;
    packet->previous = port->last;
    *(port->last != NULL ? &port->last->next : &port->first) = packet;
    port->last = packet;
    if (packet->pool == NULL) {
        port->user_packets++;
    }
}

// Releases a list of packets that have left the queue.
static void release_all(struct port_packet *packet) {
    while (packet != NULL) {
        struct port_packet *next = packet->next;
        packet->release(packet);
        packet = next;
    }
}

// objects ABI 4.7: queued packets are freed; threads that wait go on waiting (2.5).
static void port_on_zero_handles(struct object *object) {
    struct port *port = port_from_object(object);
    platform_mutex_lock(&port->lock);
    port->closed = true;
    struct port_packet *dropped = port->first;
    port->first = NULL;
    port->last = NULL;
    port->user_packets = 0;
    platform_mutex_unlock(&port->lock);
    release_all(dropped);
}

static const struct object_ops port_ops = {
    .type = ZX_OBJ_TYPE_PORT,
    .default_rights = ZX_DEFAULT_PORT_RIGHTS,
    .on_zero_handles = port_on_zero_handles,
    .destroy = port_destroy,
};

zx_status_t port_create(struct port **out) {
    struct port *port = calloc(1, sizeof(*port));
    if (port == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&port->object, &port_ops, 0);
    platform_mutex_init(&port->lock);
    platform_condition_init(&port->arrived);
    *out = port;
    return ZX_OK;
}

zx_status_t port_queue(struct port *port, struct port_packet *packet) {
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&port->lock);
    if (port->closed) {
        status = ZX_ERR_BAD_STATE;
    } else if (packet->pool == NULL && port->user_packets > PORT_USER_PACKET_LIMIT) {
        status = ZX_ERR_SHOULD_WAIT;
    } else {
        link_packet(port, packet);
        platform_condition_signal(&port->arrived);
    }
    platform_mutex_unlock(&port->lock);
    if (status != ZX_OK) {
        packet->release(packet);
    }
    return status;
}

static void release_user_packet(struct port_packet *packet) {
    free(packet);
}

zx_status_t port_queue_user(struct port *port, const zx_port_packet_t *body) {
    struct port_packet *packet = malloc(sizeof(*packet));
    if (packet == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    packet->body = *body;
    packet->body.type = ZX_PKT_TYPE_USER;
    packet->pool = NULL;
    packet->release = release_user_packet;
    return port_queue(port, packet);
}

zx_status_t port_wait(struct port *port, zx_time_t deadline, zx_port_packet_t *out) {
    platform_mutex_lock(&port->lock);
    bool in_time = true;
    while (port->first == NULL && in_time) {
        in_time = platform_condition_wait_until(&port->arrived, &port->lock, deadline);
    }
    struct port_packet *packet = port->first;
    if (packet != NULL) {
        unlink_packet(port, packet);
    }
    platform_mutex_unlock(&port->lock);
    if (packet == NULL) {
        return ZX_ERR_TIMED_OUT;
    }
    *out = packet->body;
    packet->release(packet);
    return ZX_OK;
}

void port_remove_pool(struct port *port, const struct packet_pool *pool) {
    struct port_packet *removed = NULL;
    platform_mutex_lock(&port->lock);
    struct port_packet *next = NULL;
    for (struct port_packet *packet = port->first; packet != NULL; packet = next) {
        next = packet->next;
        if (packet->pool == pool) {
            unlink_packet(port, packet);
            packet->next = removed;
            removed = packet;
        }
    }
    platform_mutex_unlock(&port->lock);
    release_all(removed);
}
