// SPDX-License-Identifier: MIT
//
// Images that stand on top of each other. One that nothing but the image on top of it still holds
// is of no use by itself: it becomes a part of that image, so that what was closed takes no place.

#ifndef ENGINE_CPU_UNICORN_IMAGE_CHAIN_H
#define ENGINE_CPU_UNICORN_IMAGE_CHAIN_H

#include "engine/instruments/machine_image.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most images that may stand on top of each other.
enum { IMAGE_MOST_DEPTH = 64 };

// What an image has of a memslot: pages that lie behind each other in the arena.
struct image_part {
    struct memslot *memslot;
    uint64_t first; // The first page, by its number in the arena.
    uint64_t count;
    const uint8_t **pages; // A copy each, perhaps a parent's. NULL: zeros.
};

struct machine_image {
    atomic_uint references;
    struct machine_image *parent; // With a reference, or NULL.
    uint64_t level;               // Higher than the parent's.
    struct image_options options;
    struct image_part *parts;
    size_t part_count;
    uint64_t *changed; // The pages whose copies are not the parent's, each once.
    size_t changed_count;
    struct image_store *store; // Where copies are: of those pages, and of all without a parent.
};

// The part that has the page of the arena, or NULL.
const struct image_part *image_part_of(const struct machine_image *image, uint64_t page);

struct machine_image *machine_image_ref(struct machine_image *image);

// Has the image stand on the other one, whose parts it has, and share all copies with it.
void image_chain_put_on(struct machine_image *image, struct machine_image *below);

// Whether another image may stand on this one, the last that was taken or applied.
bool image_chain_has_room(struct machine_image *image);

#endif // ENGINE_CPU_UNICORN_IMAGE_CHAIN_H
