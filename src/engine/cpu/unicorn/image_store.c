// SPDX-License-Identifier: MIT
//
// Slabs of the host's pages, because copies between pages that begin alike are the fastest. A slab
// begins at a multiple of its size, so that a page leads to it, and its first page says which of
// the others are free.

#include "engine/cpu/unicorn/image_store.h"

#include "platform/check.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PAGE_SIZE 0x1000u
#define SLAB_PAGES 256u
#define SLAB_SIZE ((size_t)SLAB_PAGES * PAGE_SIZE)

// A page that was given back.
struct free_page {
    struct free_page *next;
};

struct slab {
    struct slab *next; // In the list of slabs that have room.
    struct slab *previous;
    void *reserved;         // What the host gave, twice the size.
    unsigned used;          // The pages behind were never taken, and have no memory.
    unsigned taken;         // The pages that hold copies.
    struct free_page *free; // The others before `used`.
};

struct image_store {
    atomic_uint references;
    struct platform_mutex lock;
    struct slab *roomy; // The slabs that have a page to take.
};

struct image_store *image_store_new(void) {
    struct image_store *store = calloc(1, sizeof *store);
    if (store != NULL) {
        atomic_store(&store->references, 1);
        platform_mutex_init(&store->lock, LOCK_IMAGE_STORE);
    }
    return store;
}

struct image_store *image_store_ref(struct image_store *store) {
    atomic_fetch_add(&store->references, 1);
    return store;
}

// --- Slabs ---

static void link_slab(struct image_store *store, struct slab *slab) REQUIRES(store->lock) {
    slab->previous = NULL;
    slab->next = store->roomy;
    if (slab->next != NULL) {
        slab->next->previous = slab;
    }
    store->roomy = slab;
}

static void unlink_slab(struct image_store *store, const struct slab *slab) REQUIRES(store->lock) {
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        store->roomy = slab->next;
    }
}

static struct slab *slab_of(const void *page) {
    return (struct slab *)((uintptr_t)page & ~(SLAB_SIZE - 1)); // NOLINT(performance-no-int-to-ptr)
}

static bool add_slab(struct image_store *store) REQUIRES(store->lock) {
    uint8_t *reserved = platform_reserve(2 * SLAB_SIZE);
    if (reserved == NULL) {
        return false;
    }
    struct slab *slab = slab_of(reserved + SLAB_SIZE - 1);
    if (!platform_protect(slab, SLAB_SIZE, PLATFORM_READ | PLATFORM_WRITE)) {
        platform_unmap(reserved, 2 * SLAB_SIZE);
        return false;
    }
    *slab = (struct slab){.reserved = reserved, .used = 1};
    link_slab(store, slab);
    return true;
}

static void remove_slab(struct image_store *store, const struct slab *slab) REQUIRES(store->lock) {
    unlink_slab(store, slab);
    platform_unmap(slab->reserved, 2 * SLAB_SIZE);
}

// --- Pages ---

static bool is_full(const struct slab *slab) {
    return slab->free == NULL && slab->used == SLAB_PAGES;
}

static uint8_t *take_from(struct image_store *store, struct slab *slab) REQUIRES(store->lock) {
    struct free_page *free = slab->free;
    uint8_t *page = (uint8_t *)free;
    if (free != NULL) {
        slab->free = free->next;
    } else {
        page = (uint8_t *)slab + (size_t)slab->used++ * PAGE_SIZE;
    }
    slab->taken++;
    if (is_full(slab)) {
        unlink_slab(store, slab);
    }
    return page;
}

uint8_t *image_store_take(struct image_store *store) {
    platform_mutex_lock(&store->lock);
    const bool roomy = store->roomy != NULL || add_slab(store);
    uint8_t *page = roomy ? take_from(store, store->roomy) : NULL;
    platform_mutex_unlock(&store->lock);
    return page;
}

static void give_to(struct image_store *store, struct slab *slab, struct free_page *page)
    REQUIRES(store->lock) {
    const bool was_full = is_full(slab);
    page->next = slab->free;
    slab->free = page;
    slab->taken--;
    if (was_full) {
        link_slab(store, slab);
    }
    if (slab->taken == 0 && (slab->next != NULL || slab->previous != NULL)) {
        remove_slab(store, slab); // One that is empty waits for the next copies.
    }
}

void image_store_give(struct image_store *store, const uint8_t *page) {
    platform_mutex_lock(&store->lock);
    give_to(store, slab_of(page), (struct free_page *)page);
    platform_mutex_unlock(&store->lock);
}

// Nobody has a page of it any more.
static void destroy(struct image_store *store) {
    platform_mutex_lock(&store->lock);
    while (store->roomy != NULL) {
        CHECK(store->roomy->taken == 0);
        remove_slab(store, store->roomy);
    }
    platform_mutex_unlock(&store->lock);
    platform_mutex_destroy(&store->lock);
    free(store);
}

void image_store_unref(struct image_store *store) {
    if (store != NULL && atomic_fetch_sub(&store->references, 1) == 1) {
        destroy(store);
    }
}
