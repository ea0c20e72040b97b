// SPDX-License-Identifier: MIT
//
// An address space: which part of which VMO lies at which address, as an ordered list of mappings.
// The process's and a guest's differ only in their operations. Rules of the ABI about options and
// regions are the VMAR's (vmar.h).
//
// Locks: `lock` guards `retired` and keeps the owner alive during a VMAR call; inside it ops->lock
// guards the mappings. A guest's ops->lock stops its running VCPU. Code of the owner that has the
// same exclusion by other means (the VCPU thread that holds the guest's turn, or one between
// ops->lock and ops->unlock) calls address_space_find() and _unmap_range() without it.

#ifndef OBJECTS_ADDRESS_SPACE_H
#define OBJECTS_ADDRESS_SPACE_H

#include "objects/vmo.h"
#include "platform/platform.h"

#include <stdatomic.h>

struct address_space;
struct region;

// One mapping, or a part of one. Permissions are ZX_VM_PERM_* bits. The VMO, never a slice, is
// borrowed and lives as long as the mapping.
struct mapping_view {
    uint64_t base;
    uint64_t length;
    struct vmo *vmo;
    uint64_t vmo_offset; // The VMO's offset that is mapped at `base`.
    uint64_t vmo_end;    // The mapping shows nothing of the VMO from here on; UINT64_MAX but for
                         // the mapping of a slice.
    uint32_t permissions;
    uint32_t ceiling; // The permissions that it may ever get.
};

// How many bytes at the beginning of the view are backed by the VMO, which can change its size.
uint64_t mapping_view_backed(const struct mapping_view *view);

// What an address must satisfy when the caller of zx_vmar_map() leaves the choice to us.
struct address_wish {
    uint64_t length;
    uint64_t alignment; // A power of two, at least 4096.
    uint64_t limit;     // The mapping ends at or below this; UINT64_MAX for no limit.
};

// Every function but lock and unlock is called between those two, and each may be NULL.
struct address_space_ops {
    bool shows_clones; // `map` and `changed` find who owns each page of a clone (vmo_clone.h).

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
    // The addresses stay claimed: a map, a vacate or an unclaim of them follows.
    void (*unmap)(struct address_space *space, const struct mapping_view *view);

    // Addresses of which nothing is mapped any more, but which stay claimed.
    void (*vacate)(struct address_space *space, uint64_t base, uint64_t length);

    // The permissions of a mapping have changed, or how much of it is backed: makes the change take
    // effect in the part that `view` names. False when the host refuses.
    bool (*changed)(struct address_space *space, const struct mapping_view *view);
};

struct address_space {
    const struct address_space_ops *ops;
    void *owner;
    uint64_t base;
    uint64_t size;
    struct region *root; // See region.h.
    atomic_uint references;
    struct platform_mutex lock;
    bool retired;
    struct mapping_view *mappings; // By address, disjoint; each holds a reference to its VMO.
    size_t count;
    size_t capacity;
    uint64_t removals; // How often mappings or regions were taken out.
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

// For VMAR calls: `lock` and ops->lock. False, with nothing held, once the owner is gone.
bool address_space_lock(struct address_space *space) TRY_ACQUIRES(true, space->lock);
void address_space_unlock(struct address_space *space) RELEASES(space->lock);

// --- Mappings locked ---

// The whole mapping that covers an address.
bool address_space_find(const struct address_space *space, uint64_t address,
                        struct mapping_view *out);

// True when some mapping meets the range.
bool address_space_occupied(const struct address_space *space, uint64_t base, uint64_t length);

// The first mapping that meets the range.
bool address_space_first(const struct address_space *space, uint64_t base, uint64_t length,
                         struct mapping_view *out);

// The first mapping that ends above an address, or NULL, for a caller that goes through addresses
// upwards. *index must be 0 at first, and keeps the place of the last answer.
const struct mapping_view *address_space_next(const struct address_space *space, uint64_t address,
                                              size_t *index);

// Takes out whatever lies in [base, base + length), cutting mappings as needed; 4096-aligned. A
// range without mappings is no error. NO_MEMORY, with nothing changed, when a cut cannot be
// recorded. The addresses that were mapped are given back, or by the second function stay claimed.
zx_status_t address_space_unmap_range(struct address_space *space, uint64_t base, uint64_t length);
zx_status_t address_space_vacate_range(struct address_space *space, uint64_t base, uint64_t length);

// Adds view->vmo at view->base: claims the free addresses of the range unless they are `claimed`
// already, takes out mappings there (the caller has decided that they may go), maps. Takes its own
// reference to the VMO.
zx_status_t address_space_map_at(struct address_space *space, const struct mapping_view *view,
                                 bool claimed);

// Gives all mappings in a range without holes these permissions. NO_MEMORY when a cut cannot be
// recorded or the host refuses.
zx_status_t address_space_protect_range(struct address_space *space, uint64_t base, uint64_t length,
                                        uint32_t permissions);

// Claims addresses that are free; gives back what is claimed and not mapped. `choose` picks them
// itself, where the operations can do that.
zx_status_t address_space_claim(struct address_space *space, uint64_t base, uint64_t length);
void address_space_unclaim(struct address_space *space, uint64_t base, uint64_t length);
zx_status_t address_space_choose(struct address_space *space, const struct address_wish *wish,
                                 uint64_t *base);
bool address_space_chooses(const struct address_space *space);
bool address_space_claims(
    const struct address_space *space); // False when there is nothing to give back.

// --- Mappings not locked ---

// The VMO has changed between these two: its size (see vmo_tell_users()), or which pages it shows.
// False when the host refuses to let mappings follow.
bool address_space_vmo_changed(struct address_space *space, const struct vmo *vmo, uint64_t from,
                               uint64_t to);

#endif // OBJECTS_ADDRESS_SPACE_H
