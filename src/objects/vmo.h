// SPDX-License-Identifier: MIT
//
// Virtual memory objects: zero-filled pages that a process and guests may map (objects ABI 5.1).
// Pages take memory when first touched.
//
// A slice has no pages of its own: it shows a part of its source, a VMO of constant size. Other
// children start as copies. Either kind keeps its parent, which tells by a signal when it has none.
//
// The host's pages never become fewer than the VMO ever had, so whoever still reaches a page that
// the VMO has lost reads zeros or writes what nobody will see, and nothing faults.
//
// Locks: vmo.resizing is held by one change of the size at a time and is taken before an address
// space's gate; vmo.lock guards the lists. Contents are shared memory: nothing orders concurrent
// accesses to them.

#ifndef OBJECTS_VMO_H
#define OBJECTS_VMO_H

#include "objects/object.h"
#include "platform/platform.h"

#include <zircon/types.h>

struct address_space;
struct vmo;
struct vmo_user;
struct vmo_view;

// Told about changes of the contents that are made by calls (zx_vmo_write() and the like), so that
// a guest can drop what it derived from the old contents. `written` runs on the caller's thread,
// after the bytes are in place, with vmo.lock held: it only notes the range and must not wait for a
// guest or call the VMO.
struct vmo_listener {
    void (*written)(struct vmo_listener *listener, uint64_t offset, uint64_t length);
    struct vmo_listener *next; // The VMO's.
};

struct vmo {
    struct object object;
    struct platform_memory *memory;
    _Atomic uint64_t size; // A multiple of 4096.
    uint64_t peak;         // The largest it ever was; guarded by `resizing`.
    bool resizable;
    unsigned depth;             // How many parents there are above.
    atomic_bool used;           // Written, committed or mapped at some time.
    _Atomic uint32_t policy;    // ZX_CACHE_POLICY_
    char name[ZX_MAX_NAME_LEN]; // Guarded by object.lock.
    struct vmo *parent;         // Of a child; holds a reference.
    struct vmo *source;         // Whose pages these are, from source_offset on; of all but slices
    uint64_t source_offset;     // itself, from 0 on. Constant.
    struct platform_mutex resizing;
    struct platform_mutex lock;
    unsigned children;
    struct vmo_listener *listeners;
    struct vmo_user *users;           // Address spaces that map it.
    unsigned round;                   // Of telling the users; guarded by `resizing` too.
    _Atomic(struct vmo_view *) views; // In our own address space, the largest and newest first.
};

// A multiple of 4096 that is at least `size`. ZX_ERR_OUT_OF_RANGE above Zircon's largest size of a
// VMO, 128 KiB less than 2^64, which no host reaches.
zx_status_t vmo_round_size(uint64_t size, uint64_t *rounded);

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

// The bytes [0, end) of a VMO that is no slice, readable and writable, at an address that stays
// good for the VMO's lifetime. NULL when the host has no room or `end` is 0. Any thread.
uint8_t *vmo_host(struct vmo *vmo, uint64_t end);

// Copy out of and into the VMO; the other side may be client memory. ZX_ERR_BAD_STATE when the VMO
// is not cached, ZX_ERR_OUT_OF_RANGE when the range is not inside, ZX_ERR_INVALID_ARGS for a bad
// buffer (part may have been copied), ZX_ERR_NO_MEMORY when the host cannot supply a page.
// vmo_write() tells the listeners.
zx_status_t vmo_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length);
zx_status_t vmo_write(struct vmo *vmo, const void *buffer, uint64_t offset, size_t length);

// Makes bytes of a VMO that is no slice zero, giving the pages back where they are whole, and tells
// the listeners. The range lies inside of what the VMO has or ever had.
zx_status_t vmo_zero(struct vmo *vmo, uint64_t offset, uint64_t length);

// The listener's memory is the caller's and stays put until removed. When remove returns, no call
// of `written` is under way. Listeners are those of a source.
void vmo_listener_add(struct vmo *vmo, struct vmo_listener *listener);
void vmo_listener_remove(struct vmo *vmo, struct vmo_listener *listener);

// --- Mappings (vmo_users.c); of VMOs that are no slices ---

// A mapping of the VMO comes or goes, with a reference to the VMO. False without memory, which does
// not happen when the space maps it already. The space's lock is held, or it is retired.
bool vmo_add_mapping(struct vmo *vmo, struct address_space *space);
void vmo_remove_mapping(struct vmo *vmo, struct address_space *space);

// Calls address_space_vmo_resized() in every space that maps the VMO.
void vmo_tell_users(struct vmo *vmo, uint64_t from, uint64_t to) REQUIRES(vmo->resizing);

// --- Size and operations on ranges (vmo_range.c) ---

// UNAVAILABLE, OUT_OF_RANGE, NO_MEMORY. What is lost is zero if it comes again, and when the call
// returns nobody reaches it through a mapping.
zx_status_t vmo_set_size(struct vmo *vmo, uint64_t size);

// One of ZX_VMO_OP_, its right checked.
zx_status_t vmo_op_range(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length);

// BAD_STATE when it is too late for it (objects ABI 5.1).
zx_status_t vmo_set_cache_policy(struct vmo *vmo, uint32_t policy);

// --- Children (vmo_child.c) ---

// `offset` is page-aligned. A copy takes zeros for what lies beyond the parent's end. NO_MEMORY
// also for a child of too many parents: they are destroyed one inside the other.
zx_status_t vmo_create_copy(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                            struct vmo **out);
zx_status_t vmo_create_slice(struct vmo *parent, uint64_t offset, uint64_t size, struct vmo **out);

// Makes a new VMO a child, or undoes that when it is destroyed.
bool vmo_set_parent(struct vmo *child, struct vmo *parent);
void vmo_remove_child(struct vmo *parent);

#endif // OBJECTS_VMO_H
