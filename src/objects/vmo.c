// SPDX-License-Identifier: MIT
//
// VMO objects. Reads and writes go through one mapping of the whole VMO, made at the first need.

#include "objects/vmo.h"

#include <stdlib.h>
#include <zircon/limits.h>

static void vmo_destroy(struct object *object) {
    struct vmo *vmo = vmo_from_object(object);
    uint8_t *host = atomic_load_explicit(&vmo->host, memory_order_relaxed);
    if (host != NULL) {
        platform_unmap(host, (size_t)vmo->size);
    }
    platform_memory_destroy(vmo->memory);
    platform_mutex_destroy(&vmo->lock);
    free(vmo);
}

static char *vmo_name(struct object *object) {
    return vmo_from_object(object)->name;
}

static const struct object_ops vmo_ops = {
    .type = ZX_OBJ_TYPE_VMO,
    .default_rights = ZX_DEFAULT_VMO_RIGHTS,
    .name = vmo_name,
    .destroy = vmo_destroy,
};

zx_status_t vmo_create(uint64_t size, bool resizable, struct vmo **out) {
    const uint64_t mask = ZX_PAGE_MASK;
    if (size > UINT64_MAX - mask) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    const uint64_t rounded = (size + mask) & ~mask;
    struct vmo *vmo = calloc(1, sizeof(*vmo));
    if (vmo == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    vmo->memory = platform_memory_create(rounded);
    if (vmo->memory == NULL) {
        free(vmo);
        return ZX_ERR_NO_MEMORY;
    }
    // objects ABI 1.7: a VMO without children says so.
    object_init(&vmo->object, &vmo_ops, ZX_VMO_ZERO_CHILDREN);
    vmo->size = rounded;
    vmo->resizable = resizable;
    platform_mutex_init(&vmo->lock);
    vmo->listeners = NULL;
    atomic_init(&vmo->host, NULL);
    *out = vmo;
    return ZX_OK;
}

uint8_t *vmo_host(struct vmo *vmo) {
    uint8_t *host = atomic_load_explicit(&vmo->host, memory_order_acquire);
    if (host != NULL || vmo->size == 0 || vmo->size > SIZE_MAX) {
        return host;
    }
    platform_mutex_lock(&vmo->lock);
    host = atomic_load_explicit(&vmo->host, memory_order_relaxed);
    if (host == NULL) {
        host = platform_memory_map(vmo->memory, 0, (size_t)vmo->size,
                                   PLATFORM_READ | PLATFORM_WRITE, NULL);
        atomic_store_explicit(&vmo->host, host, memory_order_release);
    }
    platform_mutex_unlock(&vmo->lock);
    return host;
}

// Checks a range and finds it in the host. ZX_OK with *host NULL means that there is nothing to do.
static zx_status_t locate(struct vmo *vmo, uint64_t offset, size_t length, uint8_t **host) {
    *host = NULL;
    if (offset > vmo->size || length > vmo->size - offset) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    if (length == 0) {
        return ZX_OK;
    }
    uint8_t *start = vmo_host(vmo);
    if (start == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    *host = start + offset;
    return ZX_OK;
}

// A copy that failed is the client's fault unless it stopped at a page of ours, which the host
// then could not supply.
static zx_status_t copy(void *destination, const void *source, size_t length, const uint8_t *ours) {
    uintptr_t fault = 0;
    if (platform_copy_or_fault(destination, source, length, &fault)) {
        return ZX_OK;
    }
    const bool in_ours = fault >= (uintptr_t)ours && fault - (uintptr_t)ours < length;
    return in_ours ? ZX_ERR_NO_MEMORY : ZX_ERR_INVALID_ARGS;
}

zx_status_t vmo_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length) {
    uint8_t *host = NULL;
    const zx_status_t status = locate(vmo, offset, length, &host);
    if (status != ZX_OK || host == NULL) {
        return status;
    }
    return copy(buffer, host, length, host);
}

static void tell_listeners(struct vmo *vmo, uint64_t offset, uint64_t length) {
    platform_mutex_lock(&vmo->lock);
    for (struct vmo_listener *listener = vmo->listeners; listener != NULL;
         listener = listener->next) {
        listener->written(listener, offset, length);
    }
    platform_mutex_unlock(&vmo->lock);
}

zx_status_t vmo_write(struct vmo *vmo, const void *buffer, uint64_t offset, size_t length) {
    uint8_t *host = NULL;
    zx_status_t status = locate(vmo, offset, length, &host);
    if (status != ZX_OK || host == NULL) {
        return status;
    }
    status = copy(host, buffer, length, host);
    tell_listeners(vmo, offset, length); // After a failure too: a part may have been written.
    return status;
}

void vmo_listener_add(struct vmo *vmo, struct vmo_listener *listener) {
    platform_mutex_lock(&vmo->lock);
    listener->next = vmo->listeners;
    vmo->listeners = listener;
    platform_mutex_unlock(&vmo->lock);
}

void vmo_listener_remove(struct vmo *vmo, struct vmo_listener *listener) {
    platform_mutex_lock(&vmo->lock);
    struct vmo_listener **link = &vmo->listeners;
    while (*link != listener) {
        link = &(*link)->next;
    }
    *link = listener->next;
    platform_mutex_unlock(&vmo->lock);
}
