// SPDX-License-Identifier: MIT
//
// Images of guest memory: a copy of each page that holds anything. One that is taken on top of
// another shares what is alike with it, and knows what is not, so that going from one to the other
// costs what differs.

#ifndef ENGINE_CPU_UNICORN_MACHINE_IMAGE_H
#define ENGINE_CPU_UNICORN_MACHINE_IMAGE_H

#include "engine/cpu/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;

// So many images may stand on top of each other.
enum { IMAGE_MOST_DEPTH = 64 };

// What it has of a memslot: pages that lie behind each other in the arena.
struct image_part {
    struct memslot *memslot;
    uint64_t first; // Of the arena.
    uint64_t count;
    const uint8_t **pages; // A copy each, perhaps a parent's. NULL: zeros.
};

struct machine_image {
    atomic_uint references;
    struct machine_image *parent; // With a reference, or NULL.
    unsigned depth;
    struct image_options options;
    struct image_part *parts;
    size_t part_count;
    uint64_t *changed; // The pages that differ from the parent's.
    size_t changed_count;
    struct image_slab *slabs; // Where its copies are.
};

zx_status_t image_take(struct memory *memory, const struct image_range *ranges, size_t count,
                       struct image_options options, struct machine_image **out);

zx_status_t image_empty(struct memory *memory, const struct image_range *ranges, size_t count,
                        struct image_options options, struct machine_image **out);

zx_status_t image_apply(struct memory *memory, struct machine_image *image);

void memory_note_store(struct memory *memory, uint64_t guest_physical, uint64_t length);

#endif // ENGINE_CPU_UNICORN_MACHINE_IMAGE_H
