// SPDX-License-Identifier: MIT
//
// Pages for the copies of guest memory that images have. Images that stand on each other share one
// store, so that a copy may pass from one to the other.
//
// Lock: `lock`, a leaf: images go with their last handle, on any thread.

#ifndef ENGINE_CPU_UNICORN_IMAGE_STORE_H
#define ENGINE_CPU_UNICORN_IMAGE_STORE_H

#include <stdint.h>

struct image_store;

// With one reference; NULL without memory.
struct image_store *image_store_new(void);

struct image_store *image_store_ref(struct image_store *store);
void image_store_unref(struct image_store *store);

// A page whose contents are anything; NULL without memory.
uint8_t *image_store_take(struct image_store *store);

void image_store_give(struct image_store *store, const uint8_t *page);

#endif // ENGINE_CPU_UNICORN_IMAGE_STORE_H
