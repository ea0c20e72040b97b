// SPDX-License-Identifier: MIT
//
// Arming waits, turning a match into a packet, and cancelling.

#include "ports/port_observer.h"

#include "objects/handle_table.h"
#include "objects/refusal.h"
#include "platform/check.h"

#include <stddef.h>
#include <stdlib.h>

struct port_observer {
    struct signal_observer observer;
    struct port_packet packet;
    struct port *port;
    struct object *object;
    uint64_t key;
    bool repeating;
    bool timestamp;
    struct port_observer *next; // In the port's list of armed observers.
    struct port_observer *previous;
};

// Selects waits or packets of a port; `source` 0 stands for every handle.
struct selection {
    bool all_keys;
    uint64_t key;
    zx_handle_t source;
};

static const struct signal_observer_ops port_observer_ops;

static struct port_observer *from_observer(struct signal_observer *observer) {
    return (struct port_observer *)((char *)observer - offsetof(struct port_observer, observer));
}

static void release(struct port_packet *packet) {
    CHECK(!packet->armed && !packet->queued);
    free((char *)packet - offsetof(struct port_observer, packet));
}

static bool is_selected(const struct selection *selection, uint64_t key, zx_handle_t source) {
    return (selection->all_keys || selection->key == key) &&
           (selection->source == ZX_HANDLE_INVALID || selection->source == source);
}

// --- Armed or not ---

static void arm(struct port_observer *self) {
    ASSERT_HELD(&self->object->lock);
    ASSERT_HELD(&self->port->lock);
    CHECK(!self->packet.armed);
    self->packet.armed = true;
    self->previous = NULL;
    self->next = self->port->observers;
    if (self->next != NULL) {
        self->next->previous = self;
    }
    self->port->observers = self;
}

static void disarm(struct port_observer *self) {
    ASSERT_HELD(&self->object->lock);
    ASSERT_HELD(&self->port->lock);
    CHECK(self->packet.armed);
    *(self->previous != NULL ? &self->previous->next : &self->port->observers) = self->next;
    if (self->next != NULL) {
        self->next->previous = self->previous;
    }
    self->packet.armed = false;
}

// --- What the object tells ---

static void fill_packet(struct port_observer *self, zx_signals_t signals) {
    self->packet.body = (zx_port_packet_t){
        .key = self->key,
        .type = self->repeating ? ZIRCONIA_2018_PKT_TYPE_SIGNAL_REP : ZX_PKT_TYPE_SIGNAL_ONE,
        .status = ZX_OK,
        .signal =
            {
                .trigger = self->observer.trigger,
                .observed = signals,
                .count = 1,
                .timestamp = self->timestamp ? platform_monotonic() : 0,
            },
    };
}

// Once the packet is queued and the observer is not armed, a reader may free it at any moment.
static void matched(struct signal_observer *observer, struct object *object, zx_signals_t signals,
                    struct wake_list *wakes) {
    struct port_observer *self = from_observer(observer);
    struct port *port = self->port;
    bool lost = false;
    ASSERT_HELD(&object->lock);
    platform_mutex_lock(&port->lock);
    if (self->packet.queued) {
        self->packet.body.signal.observed |= signals;
    } else {
        fill_packet(self, signals);
        const bool repeating = self->repeating;
        if (!repeating) {
            signal_observer_unlink(object, observer);
            disarm(self);
        }
        lost = port_queue_locked(port, &self->packet, wakes) != ZX_OK;
        if (lost && repeating) {
            signal_observer_unlink(object, observer);
            disarm(self);
        }
        if (lost) {
            self->packet.next = port->lost;
            port->lost = &self->packet;
        }
    }
    platform_mutex_unlock(&port->lock);
}

// A packet that is queued already stays (objects ABI 2.5).
static void end_unlinked(struct port_observer *self) {
    struct port *port = self->port;
    platform_mutex_lock(&port->lock);
    disarm(self);
    const bool queued = self->packet.queued;
    platform_mutex_unlock(&port->lock);
    if (!queued) {
        free(self);
    }
}

static void cancelled(struct signal_observer *observer, struct object *object, zx_signals_t signals,
                      struct wake_list *wakes) {
    (void)object;
    (void)signals;
    (void)wakes;
    end_unlinked(from_observer(observer));
}

static const struct signal_observer_ops port_observer_ops = {
    .matched = matched,
    .cancelled = cancelled,
};

// --- Calls ---

zx_status_t port_observe(struct port *port, struct object *object,
                         const struct port_wait_request *request) {
    port_free_lost(port);
    struct port_observer *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    self->observer.ops = &port_observer_ops;
    self->observer.handle = request->source;
    self->observer.trigger = request->trigger;
    self->observer.edge = request->edge;
    self->packet.source = request->source;
    self->packet.release = release;
    self->port = port;
    self->object = object;
    self->key = request->key;
    self->repeating = request->repeating;
    self->timestamp = request->timestamp;

    struct wake_list wakes = {NULL};
    platform_mutex_lock(&object->lock);
    platform_mutex_lock(&port->lock);
    const bool closed = port->closed;
    if (!closed) {
        arm(self);
    }
    platform_mutex_unlock(&port->lock);
    if (!closed) {
        signal_observer_link(object, &self->observer, &wakes);
    }
    platform_mutex_unlock(&object->lock);
    wake_all(&wakes);
    if (closed) {
        free(self);
        return refuse(ZX_ERR_BAD_STATE, "the port has no handles");
    }
    if (!handle_names(request->source, object)) {
        object_cancel_observers(object, request->source);
    }
    return ZX_OK;
}

static bool packet_is_selected(const struct port_packet *packet, const void *argument) {
    const struct selection *selection = argument;
    return packet->source != ZX_HANDLE_INVALID &&
           is_selected(selection, packet->body.key, packet->source);
}

// Ends the selected waits of one port on one object. Those that have a packet in the queue are left
// to be freed with it.
static bool end_on_object(struct port *port, struct object *object,
                          const struct selection *selection) REQUIRES(object->lock) {
    bool any = false;
    struct signal_observer *next = NULL;
    for (struct signal_observer *observer = object->observers; observer != NULL; observer = next) {
        next = observer->next;
        if (observer->ops != &port_observer_ops) {
            continue;
        }
        struct port_observer *self = from_observer(observer);
        if (self->port == port && is_selected(selection, self->key, observer->handle)) {
            any = true;
            signal_observer_unlink(object, observer);
            end_unlinked(self);
        }
    }
    return any;
}

// Both steps are made under the object's lock, so that no match comes between them.
bool port_cancel(struct port *port, struct object *object, zx_handle_t source, uint64_t key) {
    const struct selection selection = {.key = key, .source = source};
    platform_mutex_lock(&object->lock);
    const bool armed = end_on_object(port, object, &selection);
    const bool queued = port_remove_packets(port, packet_is_selected, &selection);
    platform_mutex_unlock(&object->lock);
    return armed || queued;
}

// An object with a selected armed wait, with a reference, or NULL. An armed wait's object is alive,
// because it loses its waits before its last handle's reference.
static struct object *find_object(struct port *port, const struct selection *selection) {
    struct object *object = NULL;
    platform_mutex_lock(&port->lock);
    for (struct port_observer *self = port->observers; self != NULL && object == NULL;
         self = self->next) {
        if (is_selected(selection, self->key, self->observer.handle)) {
            object = object_ref(self->object);
        }
    }
    platform_mutex_unlock(&port->lock);
    return object;
}

static bool end_armed(struct port *port, const struct selection *selection) {
    bool any = false;
    struct object *object = NULL;
    while ((object = find_object(port, selection)) != NULL) {
        platform_mutex_lock(&object->lock);
        any = end_on_object(port, object, selection) || any;
        platform_mutex_unlock(&object->lock);
        object_unref(object);
    }
    return any;
}

// A wait that matches meanwhile becomes a packet in the queue, and is found there.
bool port_cancel_key(struct port *port, uint64_t key) {
    const struct selection selection = {.key = key};
    const bool armed = end_armed(port, &selection);
    const bool queued = port_remove_packets(port, packet_is_selected, &selection);
    return armed || queued;
}

void port_observers_end(struct port *port) {
    const struct selection selection = {.all_keys = true};
    end_armed(port, &selection);
}
