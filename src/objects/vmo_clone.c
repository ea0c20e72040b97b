// SPDX-License-Identifier: MIT
//
// Which pages a clone owns, and whose pages it shows elsewhere.

#include "objects/vmo_clone.h"

#include "objects/process_space.h"
#include "objects/refusal.h"
#include "platform/check.h"
#include "platform/store_faults.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/limits.h>

enum { BITS = 64 };

struct vmo_clone {
    struct vmo *below; // A reference.
    uint64_t offset;   // Where the clone's first byte is in the VMO below.
    uint64_t end;      // What it shows ends there: at the end of the slice that was cloned.
    uint64_t reserved; // The size that there are bits for, and memory once there is any.
    bool owns_all;     // The clone owns all its pages, and what it grows by.
    uint64_t *owned;   // A bit for each page of the host.
    uint64_t words;
};

// While there was none, nothing needs to be told.
static atomic_bool any_clones;

static uint64_t page_of(uint64_t offset) {
    return offset / platform_page_size();
}

static uint64_t round_down(uint64_t offset) {
    return offset - offset % platform_page_size();
}

static uint64_t round_up(uint64_t offset) {
    return round_down(offset + platform_page_size() - 1);
}

static bool owns(const struct vmo_clone *clone, uint64_t offset) {
    const uint64_t page = page_of(offset);
    return (clone->owned[page / BITS] >> page % BITS & 1) != 0;
}

static void set_owned(struct vmo_clone *clone, uint64_t offset, bool owned) {
    const uint64_t page = page_of(offset);
    const uint64_t bit = UINT64_C(1) << page % BITS;
    uint64_t *word = &clone->owned[page / BITS];
    *word = owned ? *word | bit : *word & ~bit;
}

// The most words of bits. A host that promises more memory than it has would give more for a
// mistyped size.
#define MOST_WORDS (UINT64_C(1) << 27)

// Room for the bits of `size` bytes.
static bool make_room(struct vmo_clone *clone, uint64_t size) {
    const uint64_t words = page_of(size) / BITS + 1;
    if (words <= clone->words) {
        return true;
    }
    uint64_t *owned = words > MOST_WORDS ? NULL : calloc(words, sizeof(*owned));
    if (owned == NULL) {
        return false;
    }
    if (clone->words > 0) {
        memcpy(owned, clone->owned, clone->words * sizeof(*owned));
    }
    free(clone->owned);
    clone->owned = owned;
    clone->words = words;
    return true;
}

bool vmo_clone_reserve(struct vmo *vmo, uint64_t size) {
    vmo_families_lock();
    const bool grows = size > vmo->clone->reserved;
    const bool done = !grows || (make_room(vmo->clone, size) &&
                                 (vmo->memory == NULL || platform_memory_grow(vmo->memory, size)));
    if (grows && done) {
        vmo->clone->reserved = size;
    }
    vmo_families_unlock();
    return done;
}

// --- Finding pages ---

// Who owns the page that a VMO shows, and where it is there. NULL: nobody, it is zero.
static struct vmo *find_owner(struct vmo *vmo, uint64_t *offset) {
    while (vmo->clone != NULL && !owns(vmo->clone, *offset)) {
        const struct vmo_clone *clone = vmo->clone;
        const uint64_t size = clone->below->size;
        *offset += clone->offset;
        if (*offset >= (size < clone->end ? size : clone->end)) {
            return NULL;
        }
        vmo = clone->below;
    }
    return vmo;
}

struct vmo_run vmo_clone_run(struct vmo *vmo, uint64_t offset, uint64_t length) {
    const uint64_t page = platform_page_size();
    struct vmo_run run = {.offset = offset};
    const struct vmo *owner = find_owner(vmo, &run.offset);
    if (owner != NULL) {
        run.own = owner == vmo;
        run.memory = owner->memory;
    } else {
        run.offset = offset; // The clone has nothing there, which reads as zero.
        run.memory = vmo->memory;
    }
    for (run.length = page; run.length < length; run.length += page) {
        uint64_t next = offset + run.length;
        const struct vmo *next_owner = find_owner(vmo, &next);
        if (next_owner != owner || (owner != NULL && next != run.offset + run.length)) {
            break;
        }
    }
    return run;
}

bool vmo_clone_owns(const struct vmo *vmo, uint64_t offset) {
    vmo_families_lock();
    const bool owned = owns(vmo->clone, offset);
    vmo_families_unlock();
    return owned;
}

bool vmo_shows(const struct vmo *vmo, const struct vmo *below, uint64_t *from, uint64_t *to) {
    uint64_t shift = 0; // From the VMO to the one that is looked at.
    while (vmo != below) {
        if (vmo->clone == NULL) {
            return false;
        }
        shift += vmo->clone->offset;
        vmo = vmo->clone->below;
    }
    *from = *from > shift ? *from - shift : 0;
    *to = *to > shift ? *to - shift : 0;
    return *from < *to;
}

uint64_t vmo_find_data(struct vmo *vmo, uint64_t offset) {
    uint64_t shift = 0;
    uint64_t nearest = UINT64_MAX;
    vmo_families_lock();
    for (;;) {
        uint64_t found = UINT64_MAX;
        if (vmo->memory != NULL) {
            found = platform_memory_find_data(vmo->memory, offset + shift);
        }
        if (found != UINT64_MAX && found - shift < nearest) {
            nearest = found - shift;
        }
        if (vmo->clone == NULL) {
            break;
        }
        shift += vmo->clone->offset;
        vmo = vmo->clone->below;
    }
    vmo_families_unlock();
    return nearest;
}

// --- Reading ---

// A page that the VMO itself owns, where we have it. It may have become smaller meanwhile.
static uint8_t *host_page(struct vmo *owner, uint64_t offset) {
    const uint64_t end = round_up(offset + 1);
    const uint64_t size = owner->size;
    uint8_t *host = vmo_host(owner, size > end ? size : end);
    return host == NULL ? NULL : host + offset;
}

static zx_status_t locate_page(struct vmo *vmo, uint64_t offset, const uint8_t **out) {
    *out = NULL;
    vmo_families_lock();
    struct vmo *owner = find_owner(vmo, &offset);
    if (owner != NULL) {
        *out = host_page(owner, offset);
    }
    vmo_families_unlock();
    return owner != NULL && *out == NULL ? ZX_ERR_NO_MEMORY : ZX_OK;
}

zx_status_t vmo_clone_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length) {
    static const uint8_t zeros[1 << ZX_PAGE_SHIFT];
    uint8_t *to = buffer;
    while (length > 0) {
        const size_t left = ZX_PAGE_SIZE - (size_t)(offset & ZX_PAGE_MASK);
        const size_t step = length < left ? length : left;
        const uint8_t *from = NULL;
        zx_status_t status = locate_page(vmo, offset, &from);
        if (status == ZX_OK) {
            const uint8_t *source = from != NULL ? from : zeros;
            status = vmo_copy_client(to, source, step, source);
        }
        if (status != ZX_OK) {
            return status;
        }
        to += step;
        offset += step;
        length -= step;
    }
    return ZX_OK;
}

// --- Owning ---

bool vmo_clone_prepare(struct vmo *vmo) {
    if (vmo->clone == NULL) {
        return true;
    }
    vmo_families_lock();
    if (vmo->memory == NULL) {
        vmo->memory = platform_memory_create(vmo->clone->reserved, vmo->resizable);
    }
    const bool prepared = vmo->memory != NULL;
    vmo_families_unlock();
    return prepared;
}

static bool is_touched(struct vmo *vmo, uint64_t offset) {
    return platform_memory_find_data(vmo->memory, offset) < offset + platform_page_size();
}

static bool copy_page(struct vmo *vmo, uint64_t offset, struct vmo *owner, uint64_t from) {
    const uint8_t *theirs = host_page(owner, from);
    uint8_t *ours = host_page(vmo, offset);
    return theirs != NULL && ours != NULL && platform_copy(ours, theirs, platform_page_size());
}

// A page that was never touched is a hole, and stays one. What a write left here that met with the
// page's loss is not to be seen.
static zx_status_t own_page(struct vmo *vmo, uint64_t offset) {
    uint64_t from = offset;
    struct vmo *owner = find_owner(vmo, &from);
    zx_status_t status = ZX_OK;
    if (owner == vmo) {
        return ZX_OK;
    }
    if (owner != NULL && is_touched(owner, from)) {
        status = copy_page(vmo, offset, owner, from) ? ZX_OK : ZX_ERR_NO_MEMORY;
    } else if (is_touched(vmo, offset)) {
        status = vmo_zero(vmo, offset, platform_page_size());
    }
    if (status == ZX_OK) {
        set_owned(vmo->clone, offset, true);
    }
    return status;
}

static zx_status_t own_pages(struct vmo *vmo, uint64_t from, uint64_t to) {
    zx_status_t status = ZX_OK;
    for (uint64_t at = from; at < to && status == ZX_OK; at += platform_page_size()) {
        status = own_page(vmo, at);
    }
    return status;
}

// What clones show of the range, and the range itself if the VMO is one, is to be mapped anew.
// False when the host refuses.
static bool tell_process(struct vmo *vmo, uint64_t from, uint64_t to) {
    return !atomic_load(&any_clones) || process_space_vmo_changed(vmo, from, to);
}

zx_status_t vmo_clone_own(struct vmo *vmo, uint64_t offset, uint64_t length) {
    const uint64_t from = round_down(offset);
    const uint64_t to = round_up(offset + length);
    if (vmo->clone == NULL || length == 0) {
        return ZX_OK;
    }
    if (!vmo_clone_prepare(vmo)) {
        return ZX_ERR_NO_MEMORY;
    }
    vmo_families_lock();
    const zx_status_t status = own_pages(vmo, from, to);
    vmo_families_unlock();
    return tell_process(vmo, from, to) ? status : ZX_ERR_NO_MEMORY;
}

zx_status_t vmo_clone_own_all(struct vmo *vmo) {
    if (vmo->clone == NULL) {
        return ZX_OK;
    }
    platform_mutex_lock(&vmo->resizing);
    vmo->clone->owns_all = true;
    const zx_status_t status = vmo_clone_own(vmo, 0, vmo->size);
    platform_mutex_unlock(&vmo->resizing);
    return vmo_clone_prepare(vmo) ? status : ZX_ERR_NO_MEMORY;
}

// The pages go when nobody maps them any more. Whoever has owned one again meanwhile keeps it.
static zx_status_t drop_pages(struct vmo *vmo, uint64_t from, uint64_t to) {
    const uint64_t page = platform_page_size();
    zx_status_t status = ZX_OK;
    vmo_families_lock();
    for (uint64_t at = from; at < to && vmo->memory != NULL; at += page) {
        if (!owns(vmo->clone, at) && is_touched(vmo, at)) {
            status = vmo_zero(vmo, at, page);
        }
    }
    vmo_families_unlock();
    return status;
}

zx_status_t vmo_clone_disown(struct vmo *vmo, uint64_t offset, uint64_t length) {
    const uint64_t from = round_down(offset);
    const uint64_t to = round_up(offset + length);
    vmo_families_lock();
    for (uint64_t at = from; at < to; at += platform_page_size()) {
        set_owned(vmo->clone, at, false);
    }
    vmo_families_unlock();
    tell_process(vmo, from, to);
    zx_status_t status = drop_pages(vmo, from, to);
    if (status == ZX_OK && vmo->clone->owns_all) {
        status = vmo_clone_own(vmo, from, to - from);
    }
    return status;
}

zx_status_t vmo_clone_resized(struct vmo *vmo, uint64_t old) {
    ASSERT_HELD(&vmo->resizing);
    const uint64_t size = vmo->size;
    if (vmo->clone == NULL || size == old) {
        tell_process(vmo, size < old ? size : old, size < old ? old : size);
        return ZX_OK;
    }
    if (size < old) {
        return vmo_clone_disown(vmo, size, old - size);
    }
    tell_process(vmo, old, size);
    return vmo->clone->owns_all ? vmo_clone_own(vmo, old, size - old) : ZX_OK;
}

// --- Coming and going ---

static struct vmo_clone *make_clone(struct vmo *parent, uint64_t offset, uint64_t size) {
    struct vmo_clone *clone = calloc(1, sizeof(*clone));
    if (clone == NULL || !make_room(clone, size)) {
        free(clone);
        return NULL;
    }
    clone->reserved = size;
    struct vmo *source = parent->source;
    clone->below = vmo_ref(source);
    clone->offset = parent->source_offset + offset;
    clone->end = source == parent ? UINT64_MAX : parent->source_offset + parent->size;
    return clone;
}

static zx_status_t create(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                          struct vmo **out) {
    struct vmo *vmo = vmo_create_empty(size, resizable);
    if (vmo == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    vmo->clone = make_clone(parent, offset, size);
    zx_status_t status = ZX_ERR_NO_MEMORY;
    if (vmo->clone != NULL) {
        status = vmo_join_family(vmo, parent, VMO_COPY);
    }
    if (status != ZX_OK) {
        vmo_unref(vmo);
        return status;
    }
    *out = vmo;
    return ZX_OK;
}

// The host maps its own pages, of which a clone then shows whole ones.
static bool shows_host_pages(const struct vmo *parent, uint64_t offset) {
    const uint64_t end = parent->source == parent ? 0 : parent->source_offset + parent->size;
    return (parent->source_offset + offset) % platform_page_size() == 0 &&
           end % platform_page_size() == 0;
}

zx_status_t vmo_create_clone(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                             struct vmo **out) {
    if (offset > UINT64_MAX - size || parent->source_offset > UINT64_MAX - size - offset) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "offset % with size % passes 2^64", offset, size);
    }
    if (!shows_host_pages(parent, offset) || !platform_watch_stores(process_space_take_page)) {
        return vmo_create_copy(parent, offset, size, resizable, out);
    }
    atomic_store(&any_clones, true);
    return create(parent, offset, size, resizable, out);
}

struct vmo *vmo_clone_destroy(struct vmo *vmo) {
    struct vmo_clone *clone = vmo->clone;
    if (clone == NULL) {
        return NULL;
    }
    struct vmo *below = clone->below;
    free(clone->owned);
    free(clone);
    return below;
}
