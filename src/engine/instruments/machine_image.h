// SPDX-License-Identifier: MIT
//
// Copies of guest memory, for snapshots. The machine makes them because it sees which pages the
// guest stores to, so that an image costs what was changed. Between runs.

#ifndef ENGINE_INSTRUMENTS_MACHINE_IMAGE_H
#define ENGINE_INSTRUMENTS_MACHINE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zircon/types.h>

struct machine;
struct machine_image;
struct vmo;

// Whole pages of a VMO for which machine_add_vmo() has been called.
struct image_range {
    struct vmo *vmo;
    uint64_t start;
    uint64_t end;
};

struct image_options {
    bool steady; // The guest leaves its page tables alone: translations of addresses stay.
    bool noted;  // Stores through other mappings of the VMOs are told by machine_note_store().
    bool empty;  // It holds zeros, to be filled before it is applied, and stands on no other.
};

// Copies what disjoint ranges hold. From now on stores to them are looked for, and the next image
// keeps only what differs from the one that was taken or applied last. BAD_STATE without a VCPU,
// NO_RESOURCES when too many stand on top of each other, NO_MEMORY.
zx_status_t machine_image_take(struct machine *machine, const struct image_range *ranges,
                               size_t count, struct image_options options,
                               struct machine_image **out);

// Makes memory what it was when this image of this machine was taken. NO_MEMORY, with nothing
// changed, when the host has no memory for it.
zx_status_t machine_image_apply(struct machine *machine, struct machine_image *image);

// The copy of a page of a VMO's, NULL for zeros. An empty image is filled by what is written to a
// page with `write`, which gets a copy of its own then. OUT_OF_RANGE outside of all ranges,
// NO_MEMORY.
zx_status_t machine_image_page(struct machine_image *image, const struct vmo *vmo, uint64_t offset,
                               bool write, uint8_t **out);

// Any thread.
void machine_image_unref(struct machine_image *image);

// Says that the client or the library stores there, or has stored, which the machine cannot see.
void machine_note_store(struct machine *machine, uint64_t guest_physical, uint64_t length);

#endif // ENGINE_INSTRUMENTS_MACHINE_IMAGE_H
