// SPDX-License-Identifier: MIT
//
// Which pages a copy has in common with the VMO that it was copied from, and with other copies of
// it. On the host each has pages of its own. This is for the counts of memory alone, where a page
// is shared until one of those that have it stores to it (objects ABI 1.9).
//
// A store by a call takes the page out at once. One by a mapping or a guest is found when the page
// is counted: its bytes are no longer those of the others.
//
// The families' lock guards all of it.

#ifndef OBJECTS_SHARED_PAGES_H
#define OBJECTS_SHARED_PAGES_H

#include "objects/vmo.h"

struct shared_pages;

// Notes that the page at `offset` has been copied, for a copy that is not yet known to others.
// Offsets ascend. False without memory.
bool shared_pages_note(struct vmo *copy, uint64_t offset);

// Completes a copy of a VMO that is no slice: the two share the pages noted, and the copy shares
// what `source` shared before of the `length` bytes that were copied. A clone of 2018 shares
// nothing, because it may show pages that are not its own. False without memory.
bool shared_pages_begin(struct vmo *copy, struct vmo *source, uint64_t length);

// A call is about to change a range of a VMO that is no slice: its pages are shared no longer.
void shared_pages_unshare(struct vmo *vmo, uint64_t offset, uint64_t length);

// Called when the VMO is destroyed.
void shared_pages_destroy(struct vmo *vmo);

// The memory that a range of a VMO takes, in bytes.
struct memory_counts {
    uint64_t visible;         // Memory of all pages that the VMO shows.
    uint64_t unshared;        // Memory of pages that no other VMO has.
    uint64_t eldest;          // Memory of pages that no older VMO has.
    uint64_t scaled;          // Each page divided by the number of VMOs that have it.
    uint64_t scaled_fraction; // The rest of these divisions: 2^63 is a byte.
};

// The range may reach beyond the end of the VMO, which is no slice.
void vmo_count_memory(struct vmo *vmo, uint64_t offset, uint64_t length, struct memory_counts *out);

#endif // OBJECTS_SHARED_PAGES_H
