// SPDX-License-Identifier: MIT
//
// A VMO's size and the operations on ranges of it (objects ABI 5.1).
//
// Pages come when they are touched, whatever was committed before; caches are the host's and
// coherent. So COMMIT and the cache operations are their checks and nothing more.

#include "objects/refusal.h"
#include "objects/shared_pages.h"
#include "objects/vmo_clone.h"

#include <zircon/limits.h>
#include <zircon/syscalls.h>

static bool page_aligned(uint64_t value) {
    return (value & ZX_PAGE_MASK) == 0;
}

// Pages that were lost are made zero before they come again, and not only when they go: a write
// that began earlier may come later.
static zx_status_t grow(struct vmo *vmo, uint64_t old, uint64_t size) REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    const uint64_t end = size < vmo->peak ? size : vmo->peak;
    zx_status_t status = ZX_OK;
    if (vmo->clone != NULL) {
        status = vmo_clone_reserve(vmo, size) ? ZX_OK : ZX_ERR_NO_MEMORY;
    } else if (!platform_memory_grow(vmo->memory, size)) {
        status = ZX_ERR_NO_MEMORY;
    } else if (end > old) {
        status = vmo_zero(vmo, old, end - old);
    }
    if (status != ZX_OK) {
        return status;
    }
    vmo->peak = size > vmo->peak ? size : vmo->peak;
    atomic_store(&vmo->size, size);
    status = vmo_clone_resized(vmo, old);
    vmo_tell_users(vmo, old, size);
    return status;
}

static void shrink(struct vmo *vmo, uint64_t old, uint64_t size) REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    atomic_store(&vmo->size, size);
    vmo_tell_users(vmo, size, old);
    vmo_clone_resized(vmo, old);
    // Whether the host takes the memory back or not makes no difference to anybody.
    if (vmo->clone == NULL) {
        shared_pages_unshare(vmo, size, old - size);
        platform_memory_discard(vmo->memory, size, old - size);
    }
}

static zx_status_t zero_range(struct vmo *vmo, uint64_t offset, uint64_t length) {
    if (length == 0) {
        return ZX_OK;
    }
    const zx_status_t status = vmo_clone_own(vmo->source, vmo->source_offset + offset, length);
    return status == ZX_OK ? vmo_zero(vmo->source, vmo->source_offset + offset, length) : status;
}

static zx_status_t resize(struct vmo *vmo, uint64_t rounded) REQUIRES(vmo->resizing) {
    const uint64_t old = vmo->size;
    if (rounded > UINT64_MAX - vmo->root_offset) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "size % passes 2^64 in the family", rounded);
    }
    if (rounded > old) {
        return grow(vmo, old, rounded);
    }
    if (rounded < old) {
        shrink(vmo, old, rounded);
    }
    return ZX_OK;
}

// In eras whose content size follows the size, the rest of a last page that is not full becomes
// zero.
zx_status_t vmo_set_size(struct vmo *vmo, uint64_t size, const struct era *era) {
    uint64_t rounded = 0;
    if (!vmo->resizable) {
        return refuse(ZX_ERR_UNAVAILABLE, "the VMO is not resizable");
    }
    zx_status_t status = vmo_round_size(size, &rounded);
    if (status != ZX_OK) {
        return status;
    }
    platform_mutex_lock(&vmo->resizing);
    status = resize(vmo, rounded);
    if (status == ZX_OK && era->content_follows) {
        atomic_store(&vmo->content_size, size);
        status = zero_range(vmo, size, rounded - size);
    }
    platform_mutex_unlock(&vmo->resizing);
    return status;
}

zx_status_t vmo_set_content_size(struct vmo *vmo, uint64_t size, const struct era *era) {
    zx_status_t status = ZX_OK;
    platform_mutex_lock(&vmo->resizing);
    atomic_store(&vmo->content_size, size);
    if (era->content_follows && size < vmo->size) {
        status = zero_range(vmo, size, vmo->size - size);
    }
    platform_mutex_unlock(&vmo->resizing);
    return status;
}

// The range of COMMIT, DECOMMIT, ZERO and the hints is clipped to the end of the VMO.
static zx_status_t trim(uint64_t size, uint64_t offset, uint64_t *length) {
    if (offset > size) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "offset % is above the VMO's size, %", offset,
                             size);
    }
    if (*length > size - offset) {
        *length = size - offset;
    }
    return ZX_OK;
}

static zx_status_t check_cache_range(uint64_t size, uint64_t offset, uint64_t length) {
    if (length == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "size is 0");
    }
    return offset > size || length > size - offset
               ? refuse_values(ZX_ERR_OUT_OF_RANGE, "offset % with size % passes the VMO's end",
                               offset, length)
               : ZX_OK;
}

// DECOMMIT of 2018 takes every page that its range touches.
static zx_status_t decommit_touched(struct vmo *vmo, uint64_t offset, uint64_t length) {
    const uint64_t first = offset & ~(uint64_t)ZX_PAGE_MASK;
    const uint64_t end = (offset + length + ZX_PAGE_MASK) & ~(uint64_t)ZX_PAGE_MASK;
    return vmo->source->clone != NULL
               ? vmo_clone_disown(vmo->source, vmo->source_offset + first, end - first)
               : zero_range(vmo, first, end - first);
}

static zx_status_t decommit(struct vmo *vmo, uint64_t offset, uint64_t length,
                            const struct era *era) REQUIRES(vmo->resizing) {
    const bool aligned = page_aligned(offset) && page_aligned(length);
    const zx_status_t status = trim(vmo->size, offset, &length);
    if (status != ZX_OK || length == 0) {
        return status;
    }
    if (!era->decommit_touched && vmo_shares_copies(vmo->source)) {
        return refuse(ZX_ERR_NOT_SUPPORTED, "the VMO shares pages with copies");
    }
    if (!era->decommit_touched && !aligned) {
        return refuse_value(ZX_ERR_INVALID_ARGS,
                            "the range from offset % on is not one of whole pages", offset);
    }
    if (vmo->source == vmo && length == vmo->size) {
        atomic_store(&vmo->committed, false);
        atomic_store(&vmo->used, false);
    }
    return decommit_touched(vmo, offset, length);
}

static zx_status_t commit(struct vmo *vmo, uint64_t offset, uint64_t length)
    REQUIRES(vmo->resizing) {
    const zx_status_t status = trim(vmo->size, offset, &length);
    if (status != ZX_OK || length == 0) {
        return status;
    }
    atomic_store(&vmo->source->committed, true);
    shared_pages_unshare(vmo->source, vmo->source_offset + offset, length);
    return vmo_clone_own(vmo->source, vmo->source_offset + offset, length);
}

static zx_status_t zero(struct vmo *vmo, uint64_t offset, uint64_t length) REQUIRES(vmo->resizing) {
    if (vmo->policy != ZX_CACHE_POLICY_CACHED) {
        return refuse_value(ZX_ERR_BAD_STATE, "the VMO has cache policy %", vmo->policy);
    }
    const zx_status_t status = trim(vmo->size, offset, &length);
    return status == ZX_OK ? zero_range(vmo, offset, length) : status;
}

// The size stays as it is meanwhile.
static zx_status_t operate(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length,
                           const struct era *era) REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    switch (op) {
    case ZX_VMO_OP_CACHE_SYNC:
    case ZX_VMO_OP_CACHE_INVALIDATE:
    case ZX_VMO_OP_CACHE_CLEAN:
    case ZX_VMO_OP_CACHE_CLEAN_INVALIDATE:
        return check_cache_range(vmo->size, offset, length);
    case ZX_VMO_OP_COMMIT:
        return commit(vmo, offset, length);
    case ZX_VMO_OP_DECOMMIT:
        return decommit(vmo, offset, length, era);
    case ZX_VMO_OP_ZERO:
        return zero(vmo, offset, length);
    default:
        return trim(vmo->size, offset, &length);
    }
}

zx_status_t vmo_op_range(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length,
                         const struct era *era) {
    platform_mutex_lock(&vmo->resizing);
    const zx_status_t status = operate(vmo, op, offset, length, era);
    platform_mutex_unlock(&vmo->resizing);
    return status;
}

// --- What the host holds ---

bool vmo_is_committed(struct vmo *vmo) {
    return atomic_load(&vmo->committed) || vmo_committed_in(vmo, 0, vmo->size) > 0;
}

// A host counts all pages of a VMO at once, or only those of a part, stretch by stretch.
uint64_t vmo_committed_in(struct vmo *vmo, uint64_t offset, uint64_t length) {
    uint64_t bytes = 0;
    if (vmo->memory == NULL || length == 0) {
        return 0;
    }
    if ((offset == 0 && length == vmo->size && platform_memory_count(vmo->memory, &bytes)) ||
        platform_memory_count_range(vmo->memory, offset, length, &bytes)) {
        return bytes;
    }
    return atomic_load(&vmo->used) ? length : 0;
}
