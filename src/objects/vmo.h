// SPDX-License-Identifier: MIT
//
// Virtual memory objects: zero-filled pages of a fixed size that a process and guests may map
// (objects ABI 5.1). Pages take memory when first touched.
//
// Locks: vmo.lock guards the listener list and the making of the host mapping. Everything else is
// constant after creation. Contents are shared memory: nothing orders concurrent accesses to it.

#ifndef OBJECTS_VMO_H
#define OBJECTS_VMO_H

#include "objects/object.h"
#include "platform/platform.h"

#include <zircon/types.h>

struct vmo;

// Told about writes that the VMO's owner makes with zx_vmo_write(), so that a guest can drop what
// it derived from the old contents. `written` runs on the writer's thread, after the bytes are in
// place, with vmo.lock held: it only notes the range and must not wait for a guest or call the VMO.
struct vmo_listener {
    void (*written)(struct vmo_listener *listener, uint64_t offset, uint64_t length);
    struct vmo_listener *next; // The VMO's.
};

struct vmo {
    struct object object;
    struct platform_memory *memory;
    uint64_t size; // A multiple of 4096.
    bool resizable;
    char name[ZX_MAX_NAME_LEN]; // Guarded by object.lock.
    struct platform_mutex lock;
    struct vmo_listener *listeners;
    _Atomic(uint8_t *) host; // The whole VMO in our own address space; NULL before vmo_host().
};

// `size` is rounded up to 4096. ZX_ERR_OUT_OF_RANGE, ZX_ERR_NO_MEMORY.
zx_status_t vmo_create(uint64_t size, bool resizable, struct vmo **out);

static inline struct vmo *vmo_from_object(struct object *object) {
    return (struct vmo *)object;
}

static inline struct vmo *vmo_ref(struct vmo *vmo) {
    object_ref(&vmo->object);
    return vmo;
}

static inline void vmo_unref(struct vmo *vmo) {
    object_unref(&vmo->object);
}

// The VMO's bytes, readable and writable, at an address that stays the same for its lifetime. NULL
// when the host has no room or the size is 0. Any thread.
uint8_t *vmo_host(struct vmo *vmo);

// Copy out of and into the VMO; the other side may be client memory. ZX_ERR_OUT_OF_RANGE when the
// range is not inside, ZX_ERR_INVALID_ARGS for a bad buffer (part may have been copied),
// ZX_ERR_NO_MEMORY when the host cannot supply a page. vmo_write() tells the listeners.
zx_status_t vmo_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length);
zx_status_t vmo_write(struct vmo *vmo, const void *buffer, uint64_t offset, size_t length);

// The listener's memory is the caller's and stays put until removed. When remove returns, no call
// of `written` is under way.
void vmo_listener_add(struct vmo *vmo, struct vmo_listener *listener);
void vmo_listener_remove(struct vmo *vmo, struct vmo_listener *listener);

#endif // OBJECTS_VMO_H
