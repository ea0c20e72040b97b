// SPDX-License-Identifier: MIT
//
// Copying pages of VMOs, and back.

#include "engine/memory_image.h"

#include "objects/vmo_clone.h"
#include "platform/check.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

static const uint8_t zeros[PAGE];

// --- Which pages ---

static uint64_t size_of(const struct image_range *range) {
    return range->end - range->start;
}

static bool is_present(const struct image_range *range, uint64_t offset) {
    const uint64_t page = (offset - range->start) / PAGE;
    return (range->present[page / 8] >> page % 8 & 1) != 0;
}

static void set_present(const struct image_range *range, uint64_t offset) {
    const uint64_t page = (offset - range->start) / PAGE;
    range->present[page / 8] |= (uint8_t)(1u << page % 8);
}

static uint8_t *stored(const struct image_range *range, uint64_t offset) {
    return range->pages + (offset - range->start);
}

// The first page from `offset` on that has memory in the VMO; or the range's end.
static uint64_t next_page(const struct image_range *range, uint64_t offset) {
    const uint64_t found = vmo_find_data(range->vmo, offset) & ~(uint64_t)(PAGE - 1);
    const uint64_t page = found > offset ? found : offset;
    return page < range->end ? page : range->end;
}

// --- The ranges ---

static int compare(const void *left, const void *right) {
    const struct image_range *a = left;
    const struct image_range *b = right;
    if (a->vmo != b->vmo) {
        return (uintptr_t)a->vmo < (uintptr_t)b->vmo ? -1 : 1;
    }
    return (a->start > b->start) - (a->start < b->start);
}

// What several mappings show is copied once.
static void merge(struct memory_image *image) {
    qsort(image->ranges, image->count, sizeof image->ranges[0], compare);
    size_t kept = 0;
    for (size_t i = 0; i < image->count; i++) {
        const struct image_range *next = &image->ranges[i];
        struct image_range *last = kept > 0 ? &image->ranges[kept - 1] : NULL;
        if (last == NULL || last->vmo != next->vmo || last->end < next->start) {
            image->ranges[kept++] = *next;
        } else if (last->end < next->end) {
            last->end = next->end;
        }
    }
    image->count = kept;
}

static void list_ranges(struct memory_image *image) {
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct mapping_view *view = &image->mappings[i];
        const uint64_t length = mapping_view_backed(view);
        if (length > 0) {
            image->ranges[image->count++] = (struct image_range){
                .vmo = view->vmo,
                .start = view->vmo_offset,
                .end = view->vmo_offset + length,
            };
        }
    }
    merge(image);
    for (size_t i = 0; i < image->count; i++) {
        vmo_ref(image->ranges[i].vmo);
    }
}

// --- Taking it ---

static bool provide(struct image_range *range) {
    const size_t size = (size_t)size_of(range);
    range->present = calloc(size / PAGE / 8 + 1, 1);
    range->store = platform_memory_create(size);
    if (range->present == NULL || range->store == NULL) {
        return false;
    }
    range->pages = platform_memory_map(range->store, 0, size, PLATFORM_READ | PLATFORM_WRITE, NULL);
    return range->pages != NULL;
}

static zx_status_t take_range(struct image_range *range) {
    const uint8_t *host = vmo_host(range->vmo, range->end);
    if (host == NULL || !provide(range)) {
        return ZX_ERR_NO_MEMORY;
    }
    for (uint64_t page = next_page(range, range->start); page < range->end;
         page = next_page(range, page + PAGE)) {
        if (!platform_copy(stored(range, page), host + page, PAGE)) {
            return ZX_ERR_NO_MEMORY;
        }
        set_present(range, page);
    }
    return ZX_OK;
}

zx_status_t memory_image_take(struct memory_image *image, const struct address_space *space) {
    *image = (struct memory_image){0};
    if (space->count == 0) {
        return ZX_OK;
    }
    image->mappings = calloc(space->count, sizeof image->mappings[0]);
    image->ranges = calloc(space->count, sizeof image->ranges[0]);
    if (image->mappings == NULL || image->ranges == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    memcpy(image->mappings, space->mappings, space->count * sizeof image->mappings[0]);
    image->mapping_count = space->count;
    list_ranges(image);
    zx_status_t status = ZX_OK;
    for (size_t i = 0; i < image->count && status == ZX_OK; i++) {
        status = take_range(&image->ranges[i]);
    }
    return status;
}

void memory_image_destroy(struct memory_image *image) {
    for (size_t i = 0; i < image->count; i++) {
        struct image_range *range = &image->ranges[i];
        if (range->pages != NULL) {
            platform_unmap(range->pages, (size_t)size_of(range));
        }
        if (range->store != NULL) {
            platform_memory_destroy(range->store);
        }
        free(range->present);
        vmo_unref(range->vmo);
    }
    free(image->ranges);
    free(image->mappings);
}

// --- Putting it back ---

static bool is_same(const struct mapping_view *left, const struct mapping_view *right) {
    return left->base == right->base && left->length == right->length && left->vmo == right->vmo &&
           left->vmo_offset == right->vmo_offset && left->vmo_end == right->vmo_end &&
           left->permissions == right->permissions;
}

bool memory_image_fits(const struct memory_image *image, const struct address_space *space) {
    if (space->count != image->mapping_count) {
        return false;
    }
    for (size_t i = 0; i < space->count; i++) {
        if (!is_same(&space->mappings[i], &image->mappings[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < image->count; i++) {
        if (image->ranges[i].vmo->size < image->ranges[i].end) {
            return false;
        }
    }
    return true;
}

// Pages that the VMO has given back since.
static zx_status_t prepare_range(const struct image_range *range) {
    uint8_t *host = vmo_host(range->vmo, range->end);
    if (host == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    uint64_t page = range->start;
    for (uint64_t data = next_page(range, page); page < range->end;
         page += PAGE, data = next_page(range, page)) {
        for (; page < data; page += PAGE) {
            if (is_present(range, page) && !platform_copy(host + page, zeros, 1)) {
                return ZX_ERR_NO_MEMORY;
            }
        }
    }
    return ZX_OK;
}

zx_status_t memory_image_prepare(const struct memory_image *image) {
    zx_status_t status = ZX_OK;
    for (size_t i = 0; i < image->count && status == ZX_OK; i++) {
        status = prepare_range(&image->ranges[i]);
    }
    return status;
}

static void restore_range(const struct image_range *range) {
    uint8_t *host = vmo_host(range->vmo, range->end);
    CHECK(host != NULL);
    for (uint64_t page = next_page(range, range->start); page < range->end;
         page = next_page(range, page + PAGE)) {
        const uint8_t *wanted = is_present(range, page) ? stored(range, page) : zeros;
        if (memcmp(host + page, wanted, PAGE) != 0) {
            memcpy(host + page, wanted, PAGE);
            vmo_tell_written(range->vmo, page, PAGE);
        }
    }
}

void memory_image_restore(const struct memory_image *image) {
    for (size_t i = 0; i < image->count; i++) {
        restore_range(&image->ranges[i]);
    }
}
