// SPDX-License-Identifier: MIT
//
// References, handle counts and koids.

#include "objects/object.h"

#include "platform/check.h"

#include <stddef.h>
#include <string.h>

static _Atomic(uint64_t) count;

void object_init(struct object *object, const struct object_ops *ops, zx_signals_t signals) {
    object->ops = ops;
    object->koid = koid_create();
    atomic_init(&object->references, 1);
    atomic_init(&object->handles, 0);
    atomic_init(&object->signals, signals);
    platform_mutex_init(&object->lock, LOCK_OBJECT);
    object->observers = NULL;
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
}

struct object *object_ref(struct object *object) {
    const unsigned before = atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
    CHECK(before > 0);
    (void)before;
    return object;
}

bool object_ref_if_alive(struct object *object) {
    unsigned count_now = atomic_load(&object->references);
    while (count_now > 0 &&
           !atomic_compare_exchange_weak(&object->references, &count_now, count_now + 1)) {
    }
    return count_now > 0;
}

bool object_drop(struct object *object) {
    // Whoever drops the last reference must see everything that the others did to the object.
    const unsigned before = atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1) {
        // A VMO's last mapping may be its last user.
        CHECK(lock_order_holds_none_from(LOCK_VMO_FAMILIES));
        CHECK(atomic_load(&object->handles) == 0 && object->observers == NULL);
        platform_mutex_destroy(&object->lock);
        atomic_fetch_sub_explicit(&count, 1, memory_order_relaxed);
    }
    return before == 1;
}

void object_unref(struct object *object) {
    if (object_drop(object)) {
        object->ops->destroy(object);
    }
}

void object_add_handle(struct object *object) {
    atomic_fetch_add_explicit(&object->handles, 1, memory_order_relaxed);
}

void object_remove_handle(struct object *object) {
    const unsigned before = atomic_fetch_sub_explicit(&object->handles, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1 && object->ops->on_zero_handles != NULL) {
        CHECK(lock_order_holds_none());
        object->ops->on_zero_handles(object);
    }
}

void object_get_name(struct object *object, char *name) {
    memset(name, 0, ZX_MAX_NAME_LEN);
    if (object->ops->name != NULL) {
        platform_mutex_lock(&object->lock);
        memcpy(name, object->ops->name(object), ZX_MAX_NAME_LEN);
        platform_mutex_unlock(&object->lock);
    }
}

void object_set_name(struct object *object, const char *name) {
    platform_mutex_lock(&object->lock);
    memcpy(object->ops->name(object), name, ZX_MAX_NAME_LEN);
    platform_mutex_unlock(&object->lock);
}

bool object_is_waitable(const struct object *object) {
    return (object->ops->default_rights & ZX_RIGHT_WAIT) != 0;
}

uint64_t object_count(void) {
    return atomic_load(&count);
}

zx_koid_t koid_create(void) {
    static _Atomic(zx_koid_t) next = ZX_KOID_FIRST;
    return atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
}
