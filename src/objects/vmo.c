// SPDX-License-Identifier: MIT
//
// VMO objects, their bytes, and who hears of a change of them. Reads and writes go through a
// mapping of the whole VMO, made at the first need and again when it has grown.

#include "objects/vmo.h"

#include "objects/process_space.h"
#include "objects/refusal.h"
#include "objects/shared_pages.h"
#include "objects/unmapped.h"
#include "objects/vmo_clone.h"
#include "platform/check.h"

#include <stdlib.h>
#include <zircon/limits.h>

enum {
    ZEROS = 4096,   // The largest stretch of zeros that is copied at once.
    PART = 1 << 20, // The most that is mapped at once of a VMO that cannot be mapped whole.
};

#define LARGEST UINT64_C(0xfffffffffffe0000)

// One mapping of a VMO in our own address space; older ones are smaller and stay.
struct vmo_view {
    uint8_t *base;
    uint64_t length;
    struct vmo_view *older;
};

// Frees the VMO, and returns the one whose pages it showed, with the reference that it had.
static struct vmo *take_down(struct vmo *vmo) {
    CHECK(vmo->listeners == NULL && vmo->users == NULL);
    vmo_leave_family(vmo);
    shared_pages_destroy(vmo);
    struct vmo_view *view = atomic_load_explicit(&vmo->views, memory_order_relaxed);
    while (view != NULL) {
        struct vmo_view *older = view->older;
        platform_unmap(view->base, (size_t)view->length);
        free(view);
        view = older;
    }
    if (vmo->memory != NULL) {
        platform_memory_destroy(vmo->memory);
    }
    struct vmo *below = vmo->source != vmo ? vmo->source : vmo_clone_destroy(vmo);
    platform_mutex_destroy(&vmo->lock);
    platform_mutex_destroy(&vmo->resizing);
    free(vmo);
    return below;
}

// Clones of clones go one after the other.
static void vmo_destroy(struct object *object) {
    struct vmo *below = take_down(vmo_from_object(object));
    while (below != NULL && object_drop(&below->object)) {
        below = take_down(below);
    }
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

struct vmo *vmo_create_empty(uint64_t size, bool resizable) {
    struct vmo *vmo = calloc(1, sizeof(*vmo));
    if (vmo == NULL) {
        return NULL;
    }
    // objects ABI 1.7: a VMO without children says so.
    object_init(&vmo->object, &vmo_ops, ZX_VMO_ZERO_CHILDREN);
    atomic_init(&vmo->size, size);
    vmo->peak = size;
    vmo->resizable = resizable;
    vmo->source = vmo;
    platform_mutex_init(&vmo->resizing, LOCK_VMO_RESIZING);
    platform_mutex_init(&vmo->lock, LOCK_VMO);
    return vmo;
}

zx_status_t vmo_round_size(uint64_t size, uint64_t *rounded) {
    const uint64_t mask = ZX_PAGE_MASK;
    if (size > LARGEST) {
        return refuse_value(ZX_ERR_OUT_OF_RANGE, "size % cannot be rounded up", size);
    }
    *rounded = (size + mask) & ~mask;
    return ZX_OK;
}

zx_status_t vmo_create(uint64_t size, bool resizable, struct vmo **out) {
    uint64_t rounded = 0;
    const zx_status_t status = vmo_round_size(size, &rounded);
    if (status != ZX_OK) {
        return status;
    }
    struct vmo *vmo = vmo_create_empty(rounded, resizable);
    if (vmo == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    vmo->memory = platform_memory_create(rounded, resizable);
    if (vmo->memory == NULL) {
        vmo_unref(vmo);
        return ZX_ERR_NO_MEMORY;
    }
    *out = vmo;
    return ZX_OK;
}

zx_status_t vmo_create_slice(struct vmo *parent, uint64_t offset, uint64_t size, struct vmo **out) {
    if (offset > parent->size || size > parent->size - offset) {
        return refuse_values(ZX_ERR_INVALID_ARGS, "offset % with size % passes the parent's end",
                             offset, size);
    }
    if (parent->resizable) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the parent of a slice is resizable");
    }
    struct vmo *vmo = vmo_create_empty(size, false);
    if (vmo == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    vmo->source = vmo_ref(parent->source);
    vmo->source_offset = parent->source_offset + offset;
    vmo->root_offset = parent->root_offset + offset;
    *out = vmo;
    return vmo_join_family(vmo, parent, VMO_SLICE);
}

// --- Our own mappings ---

static struct vmo_view *large_enough(struct vmo *vmo, uint64_t end) {
    struct vmo_view *view = atomic_load_explicit(&vmo->views, memory_order_acquire);
    return view != NULL && view->length >= end ? view : NULL;
}

// What may grow is mapped beyond its end, so that growing page by page makes few mappings. A host
// that does not map beyond the end gets the exact length.
static struct vmo_view *add_view(struct vmo *vmo, uint64_t end) REQUIRES(vmo->lock) {
    ASSERT_HELD(&vmo->lock);
    struct vmo_view *view = malloc(sizeof(*view));
    if (view == NULL) {
        return NULL;
    }
    view->length = end;
    while (vmo->resizable && (view->length & (view->length - 1)) != 0) {
        view->length += view->length & (0 - view->length); // Up to a power of two.
    }
    const unsigned protection = PLATFORM_READ | PLATFORM_WRITE;
    unmapped_cover();
    view->base = platform_memory_map(vmo->memory, 0, (size_t)view->length, protection, NULL);
    if (view->base == NULL) {
        view->length = end;
        view->base = platform_memory_map(vmo->memory, 0, (size_t)end, protection, NULL);
    }
    unmapped_uncover();
    if (view->base == NULL) {
        free(view);
        return NULL;
    }
    view->older = atomic_load_explicit(&vmo->views, memory_order_relaxed);
    atomic_store_explicit(&vmo->views, view, memory_order_release);
    return view;
}

uint8_t *vmo_host(struct vmo *vmo, uint64_t end) {
    if (end == 0 || end > SIZE_MAX / 2) {
        return NULL;
    }
    struct vmo_view *view = large_enough(vmo, end);
    if (view == NULL) {
        platform_mutex_lock(&vmo->lock);
        view = large_enough(vmo, end);
        if (view == NULL) {
            view = add_view(vmo, end);
        }
        platform_mutex_unlock(&vmo->lock);
    }
    return view == NULL ? NULL : view->base;
}

// --- Reading and writing ---

static zx_status_t check_range(const struct vmo *vmo, uint64_t offset, size_t length) {
    const uint64_t size = vmo->size;
    if (vmo->policy != ZX_CACHE_POLICY_CACHED) {
        return refuse_value(ZX_ERR_BAD_STATE, "the VMO has cache policy %", vmo->policy);
    }
    return offset > size || length > size - offset
               ? refuse_values(ZX_ERR_OUT_OF_RANGE,
                               "offset % with buffer_size % passes the VMO's end", offset, length)
               : ZX_OK;
}

// Where the host has a range that is inside, from which a clone owns all that is needed.
static zx_status_t locate(struct vmo *vmo, uint64_t offset, size_t length, uint8_t **host) {
    const uint64_t size = vmo->size;
    const uint64_t end = size > offset + length ? size : offset + length;
    uint8_t *start = vmo_host(vmo->source, vmo->source_offset + end);
    if (start == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    *host = start + vmo->source_offset + offset;
    return ZX_OK;
}

// A copy that failed is the client's fault unless it stopped at a page of ours, which the host
// then could not supply.
zx_status_t vmo_copy_client(void *destination, const void *source, size_t length,
                            const uint8_t *ours) {
    uintptr_t fault = 0;
    if (process_copy(destination, source, length, &fault)) {
        return ZX_OK;
    }
    const bool in_ours = fault >= (uintptr_t)ours && fault - (uintptr_t)ours < length;
    if (in_ours) {
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status =
        process_space_denies(fault) ? ZX_ERR_ACCESS_DENIED : ZX_ERR_INVALID_ARGS;
    const bool reads = ours == destination;
    return refuse_pointer(status, reads ? "% cannot be read" : "% cannot be written", fault);
}

// A part of a VMO for which, as a whole, we have no room.
static zx_status_t copy_part(struct vmo *vmo, uint64_t offset, uint8_t *buffer, size_t length,
                             bool writes) {
    const size_t before = (size_t)(offset % platform_page_size());
    uint8_t *part = platform_memory_map(vmo->memory, offset - before, before + length,
                                        PLATFORM_READ | PLATFORM_WRITE, NULL);
    if (part == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    uint8_t *host = part + before;
    const zx_status_t status = writes ? vmo_copy_client(host, buffer, length, host)
                                      : vmo_copy_client(buffer, host, length, host);
    platform_unmap(part, before + length);
    return status;
}

static zx_status_t copy_by_parts(struct vmo *vmo, uint64_t offset, uint8_t *buffer, size_t length,
                                 bool writes) {
    while (length > 0) {
        const size_t step = length < PART ? length : PART;
        const zx_status_t status =
            copy_part(vmo->source, vmo->source_offset + offset, buffer, step, writes);
        if (status != ZX_OK) { // A bad buffer may have nothing behind it.
            return status;
        }
        offset += step;
        buffer += step;
        length -= step;
    }
    return ZX_OK;
}

zx_status_t vmo_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length) {
    uint8_t *host = NULL;
    zx_status_t status = check_range(vmo, offset, length);
    if (status != ZX_OK || length == 0) {
        return status;
    }
    if (vmo->source->clone != NULL) {
        return vmo_clone_read(vmo->source, buffer, vmo->source_offset + offset, length);
    }
    if (locate(vmo, offset, length, &host) == ZX_OK) {
        return vmo_copy_client(buffer, host, length, host);
    }
    return copy_by_parts(vmo, offset, buffer, length, false);
}

void vmo_tell_written(struct vmo *vmo, uint64_t offset, uint64_t length) {
    platform_mutex_lock(&vmo->lock);
    for (struct vmo_listener *listener = vmo->listeners; listener != NULL;
         listener = listener->next) {
        listener->written(listener, offset, length);
    }
    platform_mutex_unlock(&vmo->lock);
}

zx_status_t vmo_write(struct vmo *vmo, const void *buffer, uint64_t offset, size_t length) {
    uint8_t *host = NULL;
    zx_status_t status = check_range(vmo, offset, length);
    if (status != ZX_OK || length == 0) {
        return status;
    }
    status = vmo_clone_own(vmo->source, vmo->source_offset + offset, length);
    if (status != ZX_OK) {
        return status;
    }
    atomic_store_explicit(&vmo->source->used, true, memory_order_relaxed);
    shared_pages_unshare(vmo->source, vmo->source_offset + offset, length);
    if (locate(vmo, offset, length, &host) == ZX_OK) {
        status = vmo_copy_client(host, buffer, length, host);
    } else {
        status = copy_by_parts(vmo, offset, (uint8_t *)(uintptr_t)buffer, length, true);
    }
    // After a failure too: a part may have been written.
    vmo_tell_written(vmo->source, vmo->source_offset + offset, length);
    return status;
}

// --- Zeros ---

static zx_status_t copy_zeros(struct vmo *vmo, uint64_t offset, uint64_t length) {
    static const uint8_t zeros[ZEROS];
    // What was never touched is zero, and stays untouched.
    if (length == 0 || platform_memory_find_data(vmo->memory, offset) >= offset + length) {
        return ZX_OK;
    }
    uint8_t *host = vmo_host(vmo, offset + length);
    if (host == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    for (uint64_t done = 0; done < length; done += ZEROS) {
        const uint64_t left = length - done;
        if (!platform_copy(host + offset + done, zeros, left < ZEROS ? (size_t)left : ZEROS)) {
            return ZX_ERR_NO_MEMORY;
        }
    }
    return ZX_OK;
}

zx_status_t vmo_zero(struct vmo *vmo, uint64_t offset, uint64_t length) {
    const uint64_t page = platform_page_size();
    uint64_t end = offset + length;
    shared_pages_unshare(vmo, offset, length);
    if (end == vmo->size && !vmo->resizable) { // The rest of a host's page behind it is nobody's.
        end = (end + page - 1) / page * page;
    }
    uint64_t first = (offset + page - 1) / page * page;
    uint64_t last = end / page * page;
    if (first >= last || !platform_memory_discard(vmo->memory, first, last - first)) {
        first = end;
        last = end;
    }
    zx_status_t status = copy_zeros(vmo, offset, first - offset);
    if (status == ZX_OK) {
        status = copy_zeros(vmo, last, end - last);
    }
    vmo_tell_written(vmo, offset, length);
    return status;
}

// --- Listeners ---

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
        CHECK(*link != NULL);
        link = &(*link)->next;
    }
    *link = listener->next;
    platform_mutex_unlock(&vmo->lock);
}
