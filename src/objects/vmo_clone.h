// SPDX-License-Identifier: MIT
//
// Clones of 2018: a clone shows the pages of the VMO below it, later stores among them, until it
// has a page of its own, which the first write to the page gives it (objects ABI 5.1).
//
// A VMO that a guest maps has all its pages itself: a guest sees the pages of one file. In the
// process, a page that a clone does not own is mapped read-only from whoever owns it, and a store
// there faults (process_space.h).
//
// The families' lock guards what a clone owns. Pages are the host's.

#ifndef OBJECTS_VMO_CLONE_H
#define OBJECTS_VMO_CLONE_H

#include "objects/vmo.h"

// `offset` is page-aligned. OUT_OF_RANGE, NO_MEMORY; BAD_STATE for a parent that is not cached. A
// host that does not tell of stores to read-only pages gets a copy instead.
zx_status_t vmo_create_clone(struct vmo *parent, uint64_t offset, uint64_t size, bool resizable,
                             struct vmo **out);

// The clone is destroyed. Returns the VMO below it, with the reference that the clone had.
struct vmo *vmo_clone_destroy(struct vmo *vmo);

// Makes the clone's own memory, which it needs before it owns or maps anything. False without
// memory. Of a VMO that is no clone: true.
bool vmo_clone_prepare(struct vmo *vmo);

// Room for that many bytes, before it has them. False without memory.
bool vmo_clone_reserve(struct vmo *vmo, uint64_t size);

bool vmo_clone_owns(const struct vmo *vmo, uint64_t offset);

// The clone gets pages of its own in a range, with what it shows there. Mappings in the process
// follow.
zx_status_t vmo_clone_own(struct vmo *vmo, uint64_t offset, uint64_t length);

// Gives them back, so that it shows what is below it again.
zx_status_t vmo_clone_disown(struct vmo *vmo, uint64_t offset, uint64_t length);

// Owns all pages from now on. Of a VMO that is no clone: OK.
zx_status_t vmo_clone_own_all(struct vmo *vmo);

// The size has changed from `old`: takes what a clone has lost, and lets clones of the VMO show it.
zx_status_t vmo_clone_resized(struct vmo *vmo, uint64_t old) REQUIRES(vmo->resizing);

// Copies out of a VMO that is no slice to a client, whatever its policy is. The range lies inside.
zx_status_t vmo_clone_read(struct vmo *vmo, void *buffer, uint64_t offset, size_t length);

// The next byte of a VMO that may not be zero, as platform_memory_find_data().
uint64_t vmo_find_data(struct vmo *vmo, uint64_t offset);

// Whether a clone shows a range of a VMO below it: where, in the clone. Any VMO shows itself.
bool vmo_shows(const struct vmo *vmo, const struct vmo *below, uint64_t *from, uint64_t *to);

// Pages that lie one behind the other in one memory.
struct vmo_run {
    struct platform_memory *memory;
    uint64_t offset;
    uint64_t length;
    bool own; // The clone's own, which may be stored to.
};

// The run that begins at an offset, at most `length` long. The lock is held until the run is
// mapped.
void vmo_families_lock(void);
void vmo_families_unlock(void);
struct vmo_run vmo_clone_run(struct vmo *vmo, uint64_t offset, uint64_t length);

#endif // OBJECTS_VMO_CLONE_H
