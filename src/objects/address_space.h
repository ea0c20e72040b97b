// SPDX-License-Identifier: MIT
//
// An address space: which part of which VMO lies at which address, as an ordered list of mappings.
// The process's and a guest's differ only in their operations. Rules of the ABI about options and
// regions are the VMAR's (vmar.h).
//
// Locks: `gate` guards `retired` and keeps the owner alive during a VMAR call; inside it ops->lock
// guards the mappings. A guest's ops->lock stops its running VCPU. Code of the owner that has the
// same exclusion by other means (the VCPU thread that holds the guest's turn, or one between
// ops->lock and ops->unlock) calls address_space_find() and _unmap_range() without the gate.

#ifndef OBJECTS_ADDRESS_SPACE_H
#define OBJECTS_ADDRESS_SPACE_H

#include "objects/vmo.h"
#include "platform/platform.h"

#include <stdatomic.h>

struct address_space;

// One mapping, or a part of one. Permissions are ZX_VM_PERM_* bits. The VMO is borrowed and lives
// as long as the mapping.
struct mapping_view {
    uint64_t base;
    uint64_t length;
    struct vmo *vmo;
    uint64_t vmo_offset; // Of `base`.
    uint32_t permissions;
};

// What an address must satisfy when the caller of zx_vmar_map() leaves the choice to us.
struct address_wish {
    uint64_t length;
    uint64_t alignment; // A power of two, at least 4096.
    uint64_t limit;     // The mapping ends at or below this; UINT64_MAX for no limit.
};

// Every function but lock and unlock is called between those two, and each may be NULL.
struct address_space_ops {
    void (*lock)(struct address_space *space);
    void (*unlock)(struct address_space *space);

    // Takes addresses, free of mappings, for use by map. ALREADY_EXISTS when somebody else has
    // them. unclaim gives back what claim or choose took.
    zx_status_t (*claim)(struct address_space *space, uint64_t base, uint64_t length);
    void (*unclaim)(struct address_space *space, uint64_t base, uint64_t length);

    // Picks and claims addresses. Without it: the lowest that fit.
    zx_status_t (*choose)(struct address_space *space, const struct address_wish *wish,
                          uint64_t *base);

    // Makes a mapping take effect on claimed addresses; not yet in the list. On failure it is as
    // if it had not been called.
    zx_status_t (*map)(struct address_space *space, const struct mapping_view *view);

    // A mapping, or the part of one that `view` names, has left the list; the VMO is still held.
    // The addresses stay claimed: a map or an unclaim of them follows.
    void (*unmap)(struct address_space *space, const struct mapping_view *view);
};

struct address_space {
    const struct address_space_ops *ops;
    void *owner;
    uint64_t base;
    uint64_t size;
    atomic_uint references;
    struct platform_mutex gate;
    bool retired;
    struct mapping_view *mappings; // By address, disjoint; each holds a reference to its VMO.
    size_t count;
    size_t capacity;
};

// One reference, the owner's. `owner` is for the operations' use. NULL without memory.
struct address_space *address_space_create(const struct address_space_ops *ops, void *owner,
                                           uint64_t base, uint64_t size);

// The owner goes away, with no lock held: waits for VMAR calls under way, takes every mapping out
// (unmap, then unclaim, but not lock), and drops the owner's reference. From now on
// address_space_lock() fails.
void address_space_retire(struct address_space *space);

struct address_space *address_space_ref(struct address_space *space);
void address_space_unref(struct address_space *space);

// For VMAR calls: gate and ops->lock. False, with nothing held, once the owner is gone.
bool address_space_lock(struct address_space *space);
void address_space_unlock(struct address_space *space);

// --- Mappings locked ---

// The whole mapping that covers an address.
bool address_space_find(const struct address_space *space, uint64_t address,
                        struct mapping_view *out);

// True when some mapping meets the range.
bool address_space_occupied(const struct address_space *space, uint64_t base, uint64_t length);

// Takes out whatever lies in [base, base + length), cutting mappings as needed; 4096-aligned, and
// nothing there is no error. NO_MEMORY, with nothing changed, when a cut cannot be recorded.
zx_status_t address_space_unmap_range(struct address_space *space, uint64_t base, uint64_t length);

// Adds view->vmo at view->base: claims the free addresses of the range, takes out mappings there
// (the caller has decided that they may go), maps. Takes its own reference to the VMO.
zx_status_t address_space_map_at(struct address_space *space, const struct mapping_view *view);

// The same at addresses of our choice, which go to view->base. NO_MEMORY when nothing fits.
zx_status_t address_space_map_anywhere(struct address_space *space, struct mapping_view *view,
                                       const struct address_wish *wish);

#endif // OBJECTS_ADDRESS_SPACE_H
