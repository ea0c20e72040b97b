// SPDX-License-Identifier: MIT
//
// Eventpair objects. The ends hold no references to each other, only to what they share, where an
// end is named for as long as it has a handle.

#include "objects/event.h"
#include "objects/signal_observer.h"

#include <stdlib.h>

struct pair {
    struct platform_mutex lock;
    struct object *ends[2]; // Guarded by `lock`; NULL once an end has no handle.
    atomic_uint references; // From the ends.
};

struct event_pair_end {
    struct object object;
    struct pair *pair;
    unsigned index;
    zx_koid_t peer_koid;
};

static struct event_pair_end *end_from_object(const struct object *object) {
    return (struct event_pair_end *)object;
}

static zx_koid_t end_related_koid(const struct object *object) {
    return end_from_object(object)->peer_koid;
}

// An end that is named in the pair is alive: it loses its name before its last reference.
static struct object *end_peer(struct object *object) {
    const struct event_pair_end *end = end_from_object(object);
    platform_mutex_lock(&end->pair->lock);
    struct object *peer = end->pair->ends[1 - end->index];
    if (peer != NULL) {
        object_ref(peer);
    }
    platform_mutex_unlock(&end->pair->lock);
    return peer;
}

static void end_on_zero_handles(struct object *object) {
    const struct event_pair_end *end = end_from_object(object);
    platform_mutex_lock(&end->pair->lock);
    end->pair->ends[end->index] = NULL;
    platform_mutex_unlock(&end->pair->lock);
    struct object *peer = end_peer(object);
    if (peer != NULL) {
        object_change_signals(peer, 0, ZX_EVENTPAIR_PEER_CLOSED);
        object_unref(peer);
    }
}

static void end_destroy(struct object *object) {
    struct event_pair_end *end = end_from_object(object);
    if (atomic_fetch_sub_explicit(&end->pair->references, 1, memory_order_acq_rel) == 1) {
        platform_mutex_destroy(&end->pair->lock);
        free(end->pair);
    }
    free(end);
}

static const struct object_ops end_ops = {
    .type = ZX_OBJ_TYPE_EVENTPAIR,
    .default_rights = ZX_DEFAULT_EVENTPAIR_RIGHTS,
    .settable_signals = ZX_EVENTPAIR_SIGNALED,
    .related_koid = end_related_koid,
    .peer = end_peer,
    .on_zero_handles = end_on_zero_handles,
    .destroy = end_destroy,
};

zx_status_t event_pair_create(struct object **first, struct object **second) {
    struct pair *pair = calloc(1, sizeof(*pair));
    struct event_pair_end *ends[2] = {malloc(sizeof(*ends[0])), malloc(sizeof(*ends[1]))};
    if (pair == NULL || ends[0] == NULL || ends[1] == NULL) {
        free(pair);
        free(ends[0]);
        free(ends[1]);
        return ZX_ERR_NO_MEMORY;
    }
    platform_mutex_init(&pair->lock, LOCK_EVENT_PAIR);
    atomic_init(&pair->references, 2);
    for (unsigned i = 0; i < 2; i++) {
        object_init(&ends[i]->object, &end_ops, 0);
        ends[i]->pair = pair;
        ends[i]->index = i;
        pair->ends[i] = &ends[i]->object;
    }
    ends[0]->peer_koid = ends[1]->object.koid;
    ends[1]->peer_koid = ends[0]->object.koid;
    *first = &ends[0]->object;
    *second = &ends[1]->object;
    return ZX_OK;
}
