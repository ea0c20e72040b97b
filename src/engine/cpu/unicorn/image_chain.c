// SPDX-License-Identifier: MIT
//
// What an image owns of the copies that it has: those of the pages that it has changed, and all if
// it stands on nothing.

#include "engine/cpu/unicorn/image_chain.h"

#include "engine/cpu/unicorn/image_store.h"

#include <stdlib.h>
#include <string.h>

const struct image_part *image_part_of(const struct machine_image *image, uint64_t page) {
    for (size_t i = 0; i < image->part_count; i++) {
        if (page - image->parts[i].first < image->parts[i].count) {
            return &image->parts[i];
        }
    }
    return NULL;
}

static const uint8_t *copy_of(const struct machine_image *image, uint64_t page) {
    const struct image_part *part = image_part_of(image, page);
    return part->pages[page - part->first];
}

// --- References ---

struct machine_image *machine_image_ref(struct machine_image *image) {
    atomic_fetch_add(&image->references, 1);
    return image;
}

static void give(struct machine_image *image, const uint8_t *copy) {
    if (copy != NULL) {
        image_store_give(image->store, copy);
    }
}

static void give_own_copies(struct machine_image *image) {
    for (size_t i = 0; image->parent != NULL && i < image->changed_count; i++) {
        give(image, copy_of(image, image->changed[i]));
    }
    for (size_t i = 0; image->parent == NULL && i < image->part_count; i++) {
        for (uint64_t j = 0; j < image->parts[i].count; j++) {
            give(image, image->parts[i].pages[j]);
        }
    }
}

static void destroy(struct machine_image *image) {
    for (size_t i = 0; i < image->part_count; i++) {
        free(image->parts[i].pages);
    }
    image_store_unref(image->store);
    free(image->parts);
    free(image->changed);
    free(image);
}

void machine_image_unref(struct machine_image *image) {
    while (image != NULL && atomic_fetch_sub(&image->references, 1) == 1) {
        struct machine_image *parent = image->parent;
        give_own_copies(image);
        destroy(image);
        image = parent;
    }
}

// --- Standing on each other ---

void image_chain_put_on(struct machine_image *image, struct machine_image *below) {
    for (size_t i = 0; i < image->part_count; i++) {
        memcpy(image->parts[i].pages, below->parts[i].pages,
               image->parts[i].count * sizeof *image->parts[i].pages);
    }
    image->parent = machine_image_ref(below);
    image->level = below->level + 1;
}

static bool differs(const struct machine_image *image, const struct machine_image *other,
                    uint64_t page) {
    return copy_of(image, page) != copy_of(other, page);
}

// Copies of the parent's that the image has replaced, and nobody else has.
static void give_replaced(struct machine_image *image) {
    struct machine_image *parent = image->parent;
    for (size_t i = 0; i < image->changed_count; i++) {
        const uint64_t page = image->changed[i];
        if (parent->parent == NULL || differs(parent, parent->parent, page)) {
            give(parent, copy_of(parent, page));
        }
    }
}

// The pages that are not those of `below`, out of the two lists.
static void join_changes(struct machine_image *image, const struct machine_image *parent,
                         const struct machine_image *below) {
    size_t kept = 0;
    for (size_t i = 0; i < image->changed_count; i++) {
        if (differs(image, below, image->changed[i])) {
            image->changed[kept++] = image->changed[i];
        }
    }
    for (size_t i = 0; i < parent->changed_count; i++) {
        if (!differs(image, parent, parent->changed[i])) {
            image->changed[kept++] = parent->changed[i];
        }
    }
    image->changed_count = kept;
}

// The parent becomes a part of the image. False, and nothing has changed, without memory.
static bool absorb_parent(struct machine_image *image) {
    struct machine_image *parent = image->parent;
    struct machine_image *below = parent->parent;
    const size_t most = image->changed_count + parent->changed_count + 1;
    uint64_t *changed = realloc(image->changed, most * sizeof *changed);
    if (changed == NULL) {
        return false;
    }
    image->changed = changed;
    give_replaced(image);
    if (below != NULL) {
        join_changes(image, parent, below);
    } else {
        image->changed_count = 0;
    }
    image->parent = below; // With the parent's reference.
    destroy(parent);
    return true;
}

// By the image on top of it, or by the machine: nobody finds it any more.
static bool is_held_once(struct machine_image *image) {
    return atomic_load(&image->references) == 1;
}

bool image_chain_has_room(struct machine_image *image) {
    // An image without other holders becomes a part of the next one.
    unsigned depth = is_held_once(image) ? 0 : 1;
    while (image->parent != NULL) {
        if (!is_held_once(image->parent) || !absorb_parent(image)) {
            image = image->parent;
            depth++;
        }
    }
    return depth < IMAGE_MOST_DEPTH;
}
