// SPDX-License-Identifier: MIT
//
// A VMO's size, the operations on ranges of it, and its cache policy (objects ABI 5.1).
//
// Pages come when they are touched, whatever was committed before; caches are the host's and
// coherent. So COMMIT and the cache operations are their checks and nothing more.

#include "objects/vmo.h"

#include <zircon/limits.h>
#include <zircon/syscalls.h>

static bool page_aligned(uint64_t value) {
    return (value & ZX_PAGE_MASK) == 0;
}

// Pages that were lost are made zero before they come again, and not only when they go: a write
// that began earlier may come later.
static zx_status_t grow(struct vmo *vmo, uint64_t old, uint64_t size) REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    if (!platform_memory_grow(vmo->memory, size)) {
        return ZX_ERR_NO_MEMORY;
    }
    const uint64_t end = size < vmo->peak ? size : vmo->peak;
    const zx_status_t status = end > old ? vmo_zero(vmo, old, end - old) : ZX_OK;
    if (status == ZX_OK) {
        vmo->peak = size > vmo->peak ? size : vmo->peak;
        atomic_store(&vmo->size, size);
        vmo_tell_users(vmo, old, size);
    }
    return status;
}

static void shrink(struct vmo *vmo, uint64_t old, uint64_t size) REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    atomic_store(&vmo->size, size);
    vmo_tell_users(vmo, size, old);
    // Whether the host takes the memory back or not makes no difference to anybody.
    platform_memory_discard(vmo->memory, size, old - size);
}

zx_status_t vmo_set_size(struct vmo *vmo, uint64_t size) {
    uint64_t rounded = 0;
    if (!vmo->resizable) {
        return ZX_ERR_UNAVAILABLE;
    }
    zx_status_t status = vmo_round_size(size, &rounded);
    if (status != ZX_OK) {
        return status;
    }
    platform_mutex_lock(&vmo->resizing);
    const uint64_t old = vmo->size;
    if (rounded > old) {
        status = grow(vmo, old, rounded);
    } else if (rounded < old) {
        shrink(vmo, old, rounded);
    }
    platform_mutex_unlock(&vmo->resizing);
    return status;
}

// COMMIT, DECOMMIT and the like take what there is of the range.
static zx_status_t trim(uint64_t size, uint64_t offset, uint64_t *length) {
    if (offset > size) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    if (*length > size - offset) {
        *length = size - offset;
    }
    return ZX_OK;
}

static zx_status_t check_cache_range(uint64_t size, uint64_t offset, uint64_t length) {
    if (length == 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return offset > size || length > size - offset ? ZX_ERR_OUT_OF_RANGE : ZX_OK;
}

static zx_status_t zero_range(struct vmo *vmo, uint64_t offset, uint64_t length) {
    return length == 0 ? ZX_OK : vmo_zero(vmo->source, vmo->source_offset + offset, length);
}

// The size stays as it is meanwhile.
static zx_status_t operate(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length)
    REQUIRES(vmo->resizing) {
    ASSERT_HELD(&vmo->resizing);
    switch (op) {
    case ZX_VMO_OP_CACHE_SYNC:
    case ZX_VMO_OP_CACHE_INVALIDATE:
    case ZX_VMO_OP_CACHE_CLEAN:
    case ZX_VMO_OP_CACHE_CLEAN_INVALIDATE:
        return check_cache_range(vmo->size, offset, length);
    case ZX_VMO_OP_DECOMMIT:
        if (!page_aligned(offset) || !page_aligned(length)) {
            return ZX_ERR_INVALID_ARGS;
        }
        break;
    case ZX_VMO_OP_ZERO:
        if (vmo->policy != ZX_CACHE_POLICY_CACHED) {
            return ZX_ERR_BAD_STATE;
        }
        break;
    default:
        break;
    }
    const zx_status_t status = trim(vmo->size, offset, &length);
    if (status != ZX_OK) {
        return status;
    }
    if (op == ZX_VMO_OP_COMMIT && length > 0) {
        atomic_store_explicit(&vmo->source->used, true, memory_order_relaxed);
    }
    return op == ZX_VMO_OP_DECOMMIT || op == ZX_VMO_OP_ZERO ? zero_range(vmo, offset, length)
                                                            : ZX_OK;
}

zx_status_t vmo_op_range(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length) {
    platform_mutex_lock(&vmo->resizing);
    const zx_status_t status = operate(vmo, op, offset, length);
    platform_mutex_unlock(&vmo->resizing);
    return status;
}

zx_status_t vmo_set_cache_policy(struct vmo *vmo, uint32_t policy) {
    platform_mutex_lock(&vmo->lock);
    const bool late = vmo->users != NULL || vmo->children != 0 || vmo->parent != NULL || vmo->used;
    if (!late) {
        atomic_store(&vmo->policy, policy);
    }
    platform_mutex_unlock(&vmo->lock);
    return late ? ZX_ERR_BAD_STATE : ZX_OK;
}
