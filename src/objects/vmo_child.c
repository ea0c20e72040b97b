// SPDX-License-Identifier: MIT
//
// Children that begin as a copy of their parent. The copy is made at once: what is written to the
// parent while the call runs may or may not be in it, what is written afterwards is not.

#include "objects/refusal.h"
#include "objects/shared_pages.h"
#include "objects/vmo_clone.h"

#include <string.h>

enum { STEP = 4096 };

// A page of zeros is not copied, but counts as shared like all others. A clone of 2018 may show
// pages that are not its own; they are not told apart here.
static zx_status_t copy_page(struct vmo *child, uint64_t to, struct vmo *source, uint64_t from) {
    static const uint8_t zeros[STEP];
    uint8_t page[STEP];
    zx_status_t status = vmo_clone_read(source, page, from, STEP);
    if (status == ZX_OK && memcmp(page, zeros, STEP) != 0) {
        status = vmo_write(child, page, to, STEP);
    }
    if (status != ZX_OK) {
        return status;
    }
    return shared_pages_note(child, to) ? ZX_OK : ZX_ERR_NO_MEMORY;
}

// Copies [from, end) of the source, skipping what it never had, to the beginning of the child.
static zx_status_t copy_pages(struct vmo *child, struct vmo *source, uint64_t from, uint64_t end) {
    uint64_t next = vmo_find_data(source, from);
    next -= next % STEP;
    for (uint64_t at = next > from ? next : from; at < end;) {
        const zx_status_t status = copy_page(child, at - from, source, at);
        if (status != ZX_OK) {
            return status;
        }
        at += STEP;
        next = vmo_find_data(source, at);
        at = next > at ? next - next % STEP : at;
    }
    return ZX_OK;
}

zx_status_t vmo_create_copy(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                            struct vmo **out) {
    struct vmo *child = NULL;
    if (offset > UINT64_MAX - parent->root_offset ||
        size > UINT64_MAX - parent->root_offset - offset) {
        return refuse_values(ZX_ERR_INVALID_ARGS, "offset % with size % passes 2^64 in the family",
                             offset, size);
    }
    zx_status_t status = vmo_create(size, resizable, &child);
    if (status != ZX_OK) {
        return status;
    }
    child->root_offset = parent->root_offset + offset;
    status = vmo_join_family(child, parent, VMO_COPY);
    if (status != ZX_OK) {
        vmo_unref(child);
        return status;
    }
    platform_mutex_lock(&parent->resizing);
    const uint64_t available = offset < parent->size ? parent->size - offset : 0;
    const uint64_t length = available < child->size ? available : child->size;
    const uint64_t from = parent->source_offset + offset;
    status = copy_pages(child, parent->source, from, from + length);
    if (status == ZX_OK && !shared_pages_begin(child, parent->source, length)) {
        status = ZX_ERR_NO_MEMORY;
    }
    platform_mutex_unlock(&parent->resizing);
    if (status != ZX_OK) {
        vmo_unref(child);
        return status;
    }
    *out = child;
    return ZX_OK;
}
