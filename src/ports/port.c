// SPDX-License-Identifier: MIT
//
// Port objects, their queue, and the threads that wait for a packet.

#include "ports/port.h"

#include "objects/refusal.h"
#include "platform/check.h"
#include "ports/port_observer.h"

#include <stdlib.h>
#include <zircon/syscalls/object.h>

// A thread inside port_wait().
struct port_waiter {
    struct waiter waiter;
    bool listed; // The rest is guarded by port.lock.
    struct port_waiter *next;
    struct port_waiter *previous;
};

void port_free_lost(struct port *port) {
    platform_mutex_lock(&port->lock);
    struct port_packet *packet = port->lost;
    port->lost = NULL;
    platform_mutex_unlock(&port->lock);
    while (packet != NULL) {
        struct port_packet *next = packet->next;
        packet->release(packet);
        packet = next;
    }
}

static void port_destroy(struct object *object) {
    // The queue is empty: the last handle is gone and nothing was let in after it.
    struct port *port = port_from_object(object);
    CHECK(port->first == NULL && port->first_waiter == NULL && port->observers == NULL);
    CHECK(port->limited_packets == 0);
    port_free_lost(port);
    platform_mutex_destroy(&port->lock);
    free(port);
}

static void list_waiter(struct port *port, struct port_waiter *waiter) REQUIRES(port->lock) {
    ASSERT_HELD(&port->lock);
    CHECK(!waiter->listed);
    waiter->listed = true;
    waiter->next = NULL;
    waiter->previous = port->last_waiter;
    *(waiter->previous != NULL ? &waiter->previous->next : &port->first_waiter) = waiter;
    port->last_waiter = waiter;
}

static void unlist_waiter(struct port *port, struct port_waiter *waiter) REQUIRES(port->lock) {
    ASSERT_HELD(&port->lock);
    CHECK(waiter->listed);
    *(waiter->previous != NULL ? &waiter->previous->next : &port->first_waiter) = waiter->next;
    *(waiter->next != NULL ? &waiter->next->previous : &port->last_waiter) = waiter->previous;
    waiter->listed = false;
}

static bool is_limited(const struct port *port, const struct port_packet *packet) {
    return packet->pool == NULL &&
           (packet->source == ZX_HANDLE_INVALID || port->era->port_counts_waits);
}

static void unlink_packet(struct port *port, struct port_packet *packet) REQUIRES(port->lock) {
    ASSERT_HELD(&port->lock);
    CHECK(packet->queued);
    *(packet->previous != NULL ? &packet->previous->next : &port->first) = packet->next;
    *(packet->next != NULL ? &packet->next->previous : &port->last) = packet->previous;
    packet->queued = false;
    if (is_limited(port, packet)) {
        CHECK(port->limited_packets > 0);
        port->limited_packets--;
    }
}

static void link_packet(struct port *port, struct port_packet *packet) REQUIRES(port->lock) {
    ASSERT_HELD(&port->lock);
    CHECK(!packet->queued);
    packet->next = NULL;
    packet->previous = port->last;
    *(port->last != NULL ? &port->last->next : &port->first) = packet;
    port->last = packet;
    packet->queued = true;
    if (is_limited(port, packet)) {
        port->limited_packets++;
    }
}

bool port_remove_packets(struct port *port, packet_matches_fn *matches, const void *argument) {
    struct port_packet *removed = NULL;
    struct port_packet *next = NULL;
    bool any = false;
    platform_mutex_lock(&port->lock);
    for (struct port_packet *packet = port->first; packet != NULL; packet = next) {
        next = packet->next;
        if (!matches(packet, argument)) {
            continue;
        }
        any = true;
        unlink_packet(port, packet);
        if (!packet->armed) {
            packet->next = removed;
            removed = packet;
        }
    }
    platform_mutex_unlock(&port->lock);
    while (removed != NULL) {
        next = removed->next;
        removed->release(removed);
        removed = next;
    }
    return any;
}

void port_visit_packets(struct port *port,
                        void (*visit)(const struct port_packet *packet, void *argument),
                        void *argument) {
    platform_mutex_lock(&port->lock);
    for (const struct port_packet *packet = port->first; packet != NULL; packet = packet->next) {
        visit(packet, argument);
    }
    platform_mutex_unlock(&port->lock);
}

static bool matches_all(const struct port_packet *packet, const void *argument) {
    (void)packet;
    (void)argument;
    return true;
}

// Closes the port: queued packets and waits for signals end (objects ABI 4.7), but threads that
// wait for a packet go on waiting (2.5).
static void port_on_zero_handles(struct object *object) {
    struct port *port = port_from_object(object);
    platform_mutex_lock(&port->lock);
    port->closed = true;
    void (*on_close)(struct port * port) = port->on_close;
    platform_mutex_unlock(&port->lock);
    port_remove_packets(port, matches_all, NULL);
    port_observers_end(port);
    if (on_close != NULL) {
        on_close(port);
    }
}

bool port_watch_close(struct port *port, void (*on_close)(struct port *port)) {
    platform_mutex_lock(&port->lock);
    port->on_close = on_close;
    const bool open = !port->closed;
    platform_mutex_unlock(&port->lock);
    return open;
}

static const struct object_ops port_ops = {
    .type = ZX_OBJ_TYPE_PORT,
    .default_rights = ZX_DEFAULT_PORT_RIGHTS,
    .on_zero_handles = port_on_zero_handles,
    .destroy = port_destroy,
};

zx_status_t port_create(const struct era *era, struct port **out) {
    struct port *port = calloc(1, sizeof(*port));
    if (port == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&port->object, &port_ops, 0);
    platform_mutex_init(&port->lock, LOCK_PORT);
    port->era = era;
    *out = port;
    return ZX_OK;
}

zx_status_t port_queue_locked(struct port *port, struct port_packet *packet,
                              struct wake_list *wakes) {
    ASSERT_HELD(&port->lock);
    if (port->closed) {
        return refuse(ZX_ERR_BAD_STATE, "the port has no handles");
    }
    if (is_limited(port, packet) && port->limited_packets > port->era->port_limit) {
        return refuse_value(ZX_ERR_SHOULD_WAIT, "the port is full, with % packets",
                            port->limited_packets);
    }
    link_packet(port, packet);
    struct port_waiter *waiter = port->first_waiter;
    if (waiter != NULL) {
        unlist_waiter(port, waiter);
        waiter_promise_wake(&waiter->waiter, wakes);
    }
    return ZX_OK;
}

zx_status_t port_queue(struct port *port, struct port_packet *packet) {
    struct wake_list wakes = {NULL};
    platform_mutex_lock(&port->lock);
    const zx_status_t status = port_queue_locked(port, packet, &wakes);
    platform_mutex_unlock(&port->lock);
    wake_all(&wakes);
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
    *packet = (struct port_packet){.body = *body, .release = release_user_packet};
    packet->body.type = ZX_PKT_TYPE_USER;
    return port_queue(port, packet);
}

// Copies the first packet of the queue and takes it out. `unused` is the packet if it is to be
// released, once the lock is free; an armed one stays its wait's.
static bool take_packet(struct port *port, zx_port_packet_t *out, struct port_packet **unused)
    REQUIRES(port->lock) {
    struct port_packet *packet = port->first;
    if (packet == NULL) {
        return false;
    }
    unlink_packet(port, packet);
    *out = packet->body;
    *unused = packet->armed ? NULL : packet;
    return true;
}

// Waits until the thread has taken a packet or the deadline passes.
// Another thread may take the packet that woke this one: then this one waits again. A packet that
// wakes it at its deadline is there when it looks. The waiter is destroyed without the lock,
// because a thread that is about to wake it may need the lock first.
static zx_status_t wait_for_packet(struct port *port, zx_time_t deadline, zx_port_packet_t *out,
                                   struct port_packet **unused) {
    struct port_waiter self = {.listed = false};
    waiter_init(&self.waiter, ZX_THREAD_STATE_BLOCKED_PORT);
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&port->lock);
    bool taken = take_packet(port, out, unused);
    while (!taken && status == ZX_OK) {
        list_waiter(port, &self);
        platform_mutex_unlock(&port->lock);
        status = waiter_block(&self.waiter, deadline);
        platform_mutex_lock(&port->lock);
        if (self.listed) {
            unlist_waiter(port, &self);
        }
        taken = take_packet(port, out, unused);
    }
    platform_mutex_unlock(&port->lock);
    waiter_destroy(&self.waiter);
    return taken ? ZX_OK : status;
}

zx_status_t port_wait(struct port *port, zx_time_t deadline, zx_port_packet_t *out) {
    struct port_packet *unused = NULL;
    platform_mutex_lock(&port->lock);
    const bool taken = take_packet(port, out, &unused);
    platform_mutex_unlock(&port->lock);
    zx_status_t status = taken ? ZX_OK : refuse(ZX_ERR_TIMED_OUT, "the deadline has passed");
    if (!taken && deadline > platform_monotonic()) {
        status = wait_for_packet(port, deadline, out, &unused);
    }
    if (unused != NULL) {
        unused->release(unused);
    }
    return status;
}
