// SPDX-License-Identifier: MIT
//
// Virtual memory objects: zero-filled pages that a process and guests may map (objects ABI 5.1).
// Pages take memory when first touched.
//
// A slice has no pages of its own: it shows a part of its source, a VMO of constant size, which it
// keeps. Other children start as copies. A parent tells by a signal when it has no children.
//
// The host's pages never become fewer than the VMO ever had, so whoever still reaches a page that
// the VMO has lost reads zeros or writes what nobody will see, and nothing faults.
//
// Locks: vmo.resizing is held by one change of the size at a time and is taken before an address
// space's lock; the families' lock guards who is whose child, and vmo.lock the other lists.
// Contents are shared memory: nothing orders concurrent accesses to them.

#ifndef OBJECTS_VMO_H
#define OBJECTS_VMO_H

#include "objects/era.h"
#include "objects/object.h"
#include "platform/platform.h"

#include <zircon/types.h>

struct address_space;
struct shared_pages;
struct vmo;
struct vmo_clone;
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

enum vmo_kinship { VMO_NO_CHILD, VMO_COPY, VMO_SLICE };

struct vmo {
    struct object object;
    struct platform_memory *memory; // None in a slice, nor in a clone that owns no page yet.
    struct vmo_clone *clone;        // Only in clones of 2018 (vmo_clone.h). Constant.
    _Atomic uint64_t size;          // A multiple of 4096.
    uint64_t peak;                  // The largest it ever was; guarded by `resizing`.
    bool resizable;
    _Atomic uint64_t content_size; // What the client says; changed with `resizing`.
    atomic_uint mapped;            // How often a mapping was made.
    atomic_bool used;              // Written or mapped, where the host cannot count the pages.
    atomic_bool committed;         // COMMIT asked for pages, which DECOMMIT has not given back.
    _Atomic uint32_t policy;       // ZX_CACHE_POLICY_; changed with the families' lock.
    char name[ZX_MAX_NAME_LEN];    // Guarded by object.lock.
    struct vmo *source;     // A slice's, of which it keeps a reference; otherwise the VMO itself.
    uint64_t source_offset; // Where a slice begins in its source; otherwise 0.
    uint64_t root_offset;   // Where a child begins in the VMO that has no parent. Constant.
    struct platform_mutex resizing;
    struct platform_mutex lock;

    // Guarded by the families' lock. `kinship` and `parent_koid` stay when the parent is gone.
    enum vmo_kinship kinship;
    zx_koid_t parent_koid;
    struct vmo *parent;
    struct vmo *first_child;
    struct vmo *next_sibling;
    unsigned children;
    unsigned copies; // Children that are copies.

    _Atomic(struct shared_pages *) shared; // From the first copy on (shared_pages.h).

    struct vmo_listener *listeners;
    struct vmo_user *users; // Address spaces that map it.
    unsigned round;         // The number of the last walk over `users`; guarded by `resizing` too.
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

// A VMO without pages, with a size that is rounded. NULL without memory.
struct vmo *vmo_create_empty(uint64_t size, bool resizable);

// A copy to or from client memory; `ours` is the side that is not the client's. INVALID_ARGS where
// the client has no memory, ACCESS_DENIED where it may not be touched so, NO_MEMORY.
zx_status_t vmo_copy_client(void *destination, const void *source, size_t length,
                            const uint8_t *ours);

// The bytes [0, end) of a VMO that is no slice, readable and writable, at an address that stays
// good for the VMO's lifetime. NULL when the host has no room or `end` is 0. Any thread.
uint8_t *vmo_host(struct vmo *vmo, uint64_t end);

// Copy out of and into the VMO; the other side may be client memory. ZX_ERR_BAD_STATE when the VMO
// is not cached, ZX_ERR_OUT_OF_RANGE when the range is not inside, ZX_ERR_INVALID_ARGS or
// ZX_ERR_ACCESS_DENIED for a bad buffer (part may have been copied), ZX_ERR_NO_MEMORY when the host
// cannot supply a page.
// vmo_write() tells the listeners.
zx_status_t vmo_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length);
zx_status_t vmo_write(struct vmo *vmo, const void *buffer, uint64_t offset, size_t length);

// Makes bytes of a VMO that is no slice zero, which a clone owns, giving the pages back where they
// are whole, and tells the listeners. The range lies inside of what the VMO has or ever had.
zx_status_t vmo_zero(struct vmo *vmo, uint64_t offset, uint64_t length);

// The caller has written to the host's memory of a VMO that is no slice: tells the listeners.
void vmo_tell_written(struct vmo *vmo, uint64_t offset, uint64_t length);

// The listener's memory is the caller's and stays put until removed. When remove returns, no call
// of `written` is under way. Listeners are those of a source.
void vmo_listener_add(struct vmo *vmo, struct vmo_listener *listener);
void vmo_listener_remove(struct vmo *vmo, struct vmo_listener *listener);

// --- Mappings (vmo_users.c); of VMOs that are no slices ---

// A mapping of the VMO comes or goes, with a reference to the VMO. False without memory, which does
// not happen when the space maps it already. The space's lock is held, or it is retired.
bool vmo_add_mapping(struct vmo *vmo, struct address_space *space);
void vmo_remove_mapping(struct vmo *vmo, struct address_space *space);

// How many mappings there are, and in how many spaces.
void vmo_count_users(struct vmo *vmo, size_t *mappings, size_t *spaces);

// Calls address_space_vmo_changed() in every space that maps the VMO.
void vmo_tell_users(struct vmo *vmo, uint64_t from, uint64_t to) REQUIRES(vmo->resizing);

// --- Size and operations on ranges (vmo_range.c) ---

// UNAVAILABLE, OUT_OF_RANGE, NO_MEMORY; INVALID_ARGS for a copy that would be too large for its
// place in the VMO that has no parent. What is lost is zero if it comes again, and when the call
// returns nobody reaches it through a mapping.
zx_status_t vmo_set_size(struct vmo *vmo, uint64_t size, const struct era *era);

// Sets the size of the content. Where bytes beyond the content are made zero, NO_MEMORY is
// possible.
zx_status_t vmo_set_content_size(struct vmo *vmo, uint64_t size, const struct era *era);

// One of ZX_VMO_OP_, its right checked. In older eras DECOMMIT takes the pages that its range
// touches, and those of copies and of what was copied too.
zx_status_t vmo_op_range(struct vmo *vmo, uint32_t op, uint64_t offset, uint64_t length,
                         const struct era *era);

// Whether a VMO that is no slice has pages; and how many bytes of memory the host holds for a range
// inside of it, which is the whole range or 0 where the host does not count.
bool vmo_is_committed(struct vmo *vmo);
uint64_t vmo_committed_in(struct vmo *vmo, uint64_t offset, uint64_t length);

// --- Families (vmo_family.c) ---

// Makes a new VMO a child. BAD_STATE for a copy of what is not cached.
zx_status_t vmo_join_family(struct vmo *child, struct vmo *parent, enum vmo_kinship kinship);

// A VMO that is destroyed.
void vmo_leave_family(struct vmo *vmo);

// Copies would see what DECOMMIT does to it, or it is a copy of a VMO that lives.
bool vmo_shares_copies(const struct vmo *vmo);

size_t vmo_children(const struct vmo *vmo);

// BAD_STATE for what is mapped, a parent or a child, and for committed pages: of a VMO that is not
// cached, or in older eras of any.
zx_status_t vmo_set_cache_policy(struct vmo *vmo, uint32_t policy, const struct era *era);

// --- Children (vmo_child.c) ---

// `offset` is page-aligned. A copy takes zeros for what lies beyond the parent's end. INVALID_ARGS
// for a copy that would not end before 2^64 in the VMO that has no parent.
zx_status_t vmo_create_copy(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                            struct vmo **out);
zx_status_t vmo_create_slice(struct vmo *parent, uint64_t offset, uint64_t size, struct vmo **out);

#endif // OBJECTS_VMO_H
