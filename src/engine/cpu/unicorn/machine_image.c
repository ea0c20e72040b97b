// SPDX-License-Identifier: MIT
//
// Taking images of guest memory, and applying them.

#include "engine/cpu/unicorn/machine_image.h"

#include "engine/cpu/unicorn/arena.h"
#include "engine/cpu/unicorn/engine.h"
#include "engine/cpu/unicorn/image_chain.h"
#include "engine/cpu/unicorn/image_store.h"
#include "engine/cpu/unicorn/memory.h"
#include "objects/refusal.h"
#include "objects/vmo_clone.h"
#include "platform/check.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_SIZE 0x1000u

static const uint8_t zeros[PAGE_SIZE];

// --- Pages ---

// NULL without memory.
static const uint8_t *keep_copy(const struct machine_image *image, const uint8_t *host) {
    uint8_t *page = image_store_take(image->store);
    return page != NULL ? memcpy(page, host, PAGE_SIZE) : NULL;
}

static const uint8_t *saved(const struct image_part *part, uint64_t page) {
    const uint8_t *copy = part->pages[page - part->first];
    return copy != NULL ? copy : zeros;
}

static bool is_zero(const uint8_t *host) {
    return memcmp(host, zeros, PAGE_SIZE) == 0;
}

static uint8_t *host_page(const struct memory *memory, uint64_t page) {
    return arena_pointer(&memory->arena, page * PAGE_SIZE);
}

// The first page of the part from `page` on that the host has memory for, or the part's end.
static uint64_t next_with_data(const struct image_part *part, uint64_t page) {
    const struct memslot *memslot = part->memslot;
    const uint64_t end = part->first + part->count;
    if (page >= end) {
        return end;
    }
    const uint64_t base = memslot->base / PAGE_SIZE;
    const uint64_t offset = memslot->vmo_offset + (page - base) * PAGE_SIZE;
    const uint64_t found = vmo_find_data(memslot->vmo, offset);
    if (found <= offset) {
        return page;
    }
    const uint64_t next = base + (found - memslot->vmo_offset) / PAGE_SIZE;
    return found != UINT64_MAX && next < end ? next : end;
}

// A page that neither the image nor the host has memory for is zero in both. `data` goes along with
// the pages, from 0 on.
static bool may_differ(const struct image_part *part, uint64_t page, uint64_t *data) {
    if (part->pages[page - part->first] != NULL) {
        return true;
    }
    *data = *data < page ? next_with_data(part, page) : *data;
    return *data == page;
}

// --- Dirty pages ---

static void add_range(struct memory *memory, const struct page_range *range) {
    for (size_t i = 0; i < memory->arena.count; i++) {
        const struct memslot *memslot = memory->arena.memslots[i];
        const uint64_t start = memslot->base / PAGE_SIZE;
        const uint64_t end = start + memslot->size / PAGE_SIZE;
        uint64_t page = range->first > start ? range->first : start;
        for (; page < end && page < range->first + range->count; page++) {
            memory_dirty(memory, page);
        }
    }
}

// Whether the VMO is mapped elsewhere, or has been since the last look, so that stores to it may
// not have been seen.
static bool is_shared(struct memslot *memslot) {
    size_t mappings = 0;
    size_t spaces = 0;
    const bool more = memslot_is_mapped_anew(memslot);
    memslot->mapped = atomic_load_explicit(&memslot->vmo->mapped, memory_order_relaxed);
    vmo_count_users(memslot->vmo, &mappings, &spaces);
    return more || spaces > 1;
}

// Pages that differ from the base without having been noticed.
static void add_differing(struct memory *memory, const struct image_part *part) {
    uint64_t data = 0;
    for (uint64_t page = part->first; page < part->first + part->count; page++) {
        if (may_differ(part, page, &data) &&
            memcmp(host_page(memory, page), saved(part, page), PAGE_SIZE) != 0) {
            memory_dirty(memory, page);
        }
    }
}

static void add_unseen_stores(struct memory *memory) {
    const struct machine_image *base = memory->dirty.base;
    struct page_range range;
    while (host_stores_take(&memory->arena.stores, &range)) {
        add_range(memory, &range);
        memory->dirty.unseen = true;
    }
    memory->dirty.shared = false;
    for (size_t i = 0; base != NULL && i < base->part_count; i++) {
        if (!base->options.noted && is_shared(base->parts[i].memslot)) {
            add_differing(memory, &base->parts[i]);
            memory->dirty.shared = true;
            memory->dirty.unseen = true;
        }
    }
}

void memory_note_store(struct memory *memory, uint64_t guest_physical, uint64_t length) {
    const uint64_t first = guest_physical & ~(uint64_t)(PAGE_SIZE - 1);
    const uint64_t end = guest_physical + length;
    for (uint64_t address = first; address < end && address >= first; address += PAGE_SIZE) {
        struct backing backing;
        if (memory->client.find_page(memory->client.context, address, &backing)) {
            const uint64_t shift = address - backing.vmo_offset;
            const uint64_t page =
                arena_page_for(&memory->arena, backing.vmo, backing.vmo_offset, shift);
            if (page != NO_ARENA_PAGE) {
                memory_dirty(memory, page);
                code_pages_forget(&memory->code, page);
            }
        }
    }
}

// A page leaves the list: a store to it is to be noticed again.
static void guard(struct memory *memory, uint64_t page, uint8_t *mark) {
    *mark &= (uint8_t)~DIRTY_LISTED;
    if (nested_protect(&memory->nested, page)) {
        memory->engine->tlb_stale = true;
    }
}

// Pages that are stored to each time cost less if they are always taken for dirty: a fault is
// dearer than a copy.
enum { OFTEN = 2, LOOK_AGAIN = 64 };

static bool is_often_dirty(const uint8_t *mark) {
    return (*mark & DIRTY_COUNT) >= OFTEN;
}

// --- Taking ---

static bool add_part(struct machine_image *image, struct memslot *memslot, uint64_t start,
                     uint64_t end) {
    struct image_part *part = &image->parts[image->part_count];
    part->memslot = memslot;
    part->first = (memslot->base + (start - memslot->vmo_offset)) / PAGE_SIZE;
    part->count = (end - start) / PAGE_SIZE;
    part->pages = calloc(part->count, sizeof *part->pages);
    image->part_count += part->pages != NULL;
    return part->pages != NULL;
}

// Marks are made here and stay: dirty pages cannot be told from others without.
static bool add_range_of(struct machine_image *image, struct memslot *memslot,
                         const struct image_range *range) {
    const uint64_t slot_end = memslot->vmo_offset + memslot->size;
    const uint64_t start = range->start > memslot->vmo_offset ? range->start : memslot->vmo_offset;
    const uint64_t end = range->end < slot_end ? range->end : slot_end;
    if (memslot->vmo != range->vmo || start >= end) {
        return true;
    }
    if (memslot->stored == NULL) {
        memslot->stored = calloc(memslot->size / PAGE_SIZE, 1);
    }
    memslot->mapped = atomic_load_explicit(&memslot->vmo->mapped, memory_order_relaxed);
    return memslot->stored != NULL && add_part(image, memslot, start, end);
}

static bool make_parts(struct memory *memory, struct machine_image *image,
                       const struct image_range *ranges, size_t count) {
    const size_t most = count * (memory->arena.count + 1) + 1;
    image->parts = calloc(most, sizeof *image->parts);
    bool made = image->parts != NULL;
    for (size_t i = 0; made && i < count; i++) {
        for (size_t j = 0; made && j < memory->arena.count; j++) {
            made = add_range_of(image, memory->arena.memslots[j], &ranges[i]);
        }
    }
    return made;
}

static bool has_same_parts(const struct machine_image *image, const struct machine_image *other) {
    bool same = image->part_count == other->part_count;
    for (size_t i = 0; same && i < image->part_count; i++) {
        same = image->parts[i].first == other->parts[i].first &&
               image->parts[i].count == other->parts[i].count;
    }
    return same;
}

static bool copy_all(struct memory *memory, struct machine_image *image) {
    for (size_t i = 0; i < image->part_count; i++) {
        struct image_part *part = &image->parts[i];
        const uint64_t end = part->first + part->count;
        for (uint64_t page = next_with_data(part, part->first); page < end;
             page = next_with_data(part, page + 1)) {
            const uint8_t *host = host_page(memory, page);
            if (!is_zero(host)) {
                const uint8_t *copy = keep_copy(image, host);
                if (copy == NULL) {
                    return false;
                }
                part->pages[page - part->first] = copy;
            }
        }
    }
    return true;
}

static bool copy_if_changed(struct memory *memory, struct machine_image *image, uint64_t page) {
    const struct image_part *part = image_part_of(image, page);
    const uint8_t *host = host_page(memory, page);
    if (part == NULL || memcmp(host, saved(part, page), PAGE_SIZE) == 0) {
        return true;
    }
    const bool zero = is_zero(host);
    const uint8_t *copy = zero ? NULL : keep_copy(image, host);
    if (!zero && copy == NULL) {
        return false;
    }
    part->pages[page - part->first] = copy;
    image->changed[image->changed_count++] = page;
    return true;
}

static bool copy_changed(struct memory *memory, struct machine_image *image) {
    const struct dirty_pages *dirty = &memory->dirty;
    image_chain_put_on(image, dirty->base);
    image->changed = calloc(dirty->count + 1, sizeof *image->changed);
    bool copied = image->changed != NULL;
    for (size_t i = 0; copied && i < dirty->count; i++) {
        copied = copy_if_changed(memory, image, dirty->pages[i]);
    }
    return copied;
}

// Nothing differs from the new base.
static void begin_anew(struct memory *memory, struct machine_image *image) {
    struct dirty_pages *dirty = &memory->dirty;
    for (size_t i = 0; i < dirty->count; i++) {
        *dirty_pages_mark(&memory->arena, dirty->pages[i]) &= (uint8_t)~DIRTY_LISTED;
    }
    dirty->count = 0;
    dirty->all = false;
    nested_protect_all(&memory->nested);
    memory->engine->tlb_stale = true;
    memory->engine->fill.unmarked = false;
    if (dirty->base != NULL) {
        machine_image_unref(dirty->base);
    }
    dirty->base = machine_image_ref(image);
}

// An image with its parts, which shares its store with the one that it will stand on.
static zx_status_t make_image(struct memory *memory, const struct image_range *ranges, size_t count,
                              struct image_options options, struct machine_image **out) {
    struct machine_image *image = calloc(1, sizeof *image);
    if (image == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    atomic_store(&image->references, 1);
    image->options = options;
    if (!make_parts(memory, image, ranges, count)) {
        machine_image_unref(image);
        return ZX_ERR_NO_MEMORY;
    }
    *out = image;
    return ZX_OK;
}

static bool has_store(struct machine_image *image, const struct machine_image *below) {
    image->store = below != NULL ? image_store_ref(below->store) : image_store_new();
    return image->store != NULL;
}

static zx_status_t fill(struct memory *memory, struct machine_image *image) {
    const struct dirty_pages *dirty = &memory->dirty;
    const bool on_top = dirty->base != NULL && !dirty->all && has_same_parts(image, dirty->base);
    if (on_top && !image_chain_has_room(dirty->base)) {
        return refuse(ZX_ERR_NO_RESOURCES, "64 snapshots that have handles stand on each other");
    }
    const bool filled = has_store(image, on_top ? dirty->base : NULL) &&
                        (on_top ? copy_changed(memory, image) : copy_all(memory, image));
    return filled ? ZX_OK : ZX_ERR_NO_MEMORY;
}

zx_status_t image_take(struct memory *memory, const struct image_range *ranges, size_t count,
                       struct image_options options, struct machine_image **out) {
    struct machine_image *image = NULL;
    atomic_store(&memory->arena.stores.active, true); // Before anything is read.
    add_unseen_stores(memory);
    zx_status_t status = make_image(memory, ranges, count, options, &image);
    if (status != ZX_OK) {
        return status;
    }
    status = fill(memory, image);
    if (status != ZX_OK) {
        machine_image_unref(image);
        return status;
    }
    begin_anew(memory, image);
    *out = image;
    return ZX_OK;
}

// --- Filling one from elsewhere ---

zx_status_t image_empty(struct memory *memory, const struct image_range *ranges, size_t count,
                        struct image_options options, struct machine_image **out) {
    const zx_status_t status = make_image(memory, ranges, count, options, out);
    if (status == ZX_OK && !has_store(*out, NULL)) {
        machine_image_unref(*out);
        *out = NULL;
        return ZX_ERR_NO_MEMORY;
    }
    return status;
}

// Where the image has the page, or NULL.
static const uint8_t **place_of(const struct machine_image *image, const struct vmo *vmo,
                                uint64_t offset) {
    for (size_t i = 0; i < image->part_count; i++) {
        const struct image_part *part = &image->parts[i];
        const struct memslot *memslot = part->memslot;
        const uint64_t first = memslot->vmo_offset + (part->first * PAGE_SIZE - memslot->base);
        const uint64_t index = (offset - first) / PAGE_SIZE;
        if (memslot->vmo == vmo && offset >= first && index < part->count) {
            return &part->pages[index];
        }
    }
    return NULL;
}

zx_status_t machine_image_page(struct machine_image *image, const struct vmo *vmo, uint64_t offset,
                               bool write, uint8_t **out) {
    const uint8_t **place = place_of(image, vmo, offset);
    CHECK(!write || image->options.empty); // It has no copies of a parent's.
    if (place == NULL) {
        return ZX_ERR_OUT_OF_RANGE;
    }
    if (write && *place == NULL) {
        *place = keep_copy(image, zeros);
    }
    *out = (uint8_t *)*place;
    return write && *place == NULL ? ZX_ERR_NO_MEMORY : ZX_OK;
}

// --- Applying ---

static void add_changed(struct memory *memory, const struct machine_image *image) {
    for (size_t i = 0; i < image->changed_count; i++) {
        dirty_pages_add(&memory->dirty, &memory->arena, image->changed[i]);
    }
}

// What differs between the present base and the image, by way of the one that both stand on. The
// higher of two that differ stands on something.
static void add_way(struct memory *memory, const struct machine_image *image) {
    const struct machine_image *from = memory->dirty.base;
    while (from != image && from != NULL && image != NULL) {
        const bool up = image->level > from->level;
        add_changed(memory, up ? image : from);
        if (up) {
            image = image->parent;
        } else {
            from = from->parent;
        }
    }
    memory->dirty.all |= from != image;
}

static void copy_back(struct memory *memory, uint64_t page, const uint8_t *copy) {
    code_pages_forget(&memory->code, page);
    memcpy(host_page(memory, page), copy, PAGE_SIZE);
}

// True if the page is still to be taken for dirty.
static bool apply_page(struct memory *memory, const struct machine_image *image, uint64_t page,
                       const uint8_t *mark) {
    const struct image_part *part = image_part_of(image, page);
    if (part == NULL) {
        return false;
    }
    const bool often = is_often_dirty(mark);
    const uint8_t *copy = saved(part, page);
    const bool look =
        !often || memory->dirty.rounds % LOOK_AGAIN == 0 || arena_watches(&memory->arena, page);
    if (look && memcmp(host_page(memory, page), copy, PAGE_SIZE) == 0) {
        return often && memory->dirty.rounds % LOOK_AGAIN != 0;
    }
    copy_back(memory, page, copy);
    return often;
}

static void apply_dirty(struct memory *memory, const struct machine_image *image) {
    struct dirty_pages *dirty = &memory->dirty;
    size_t kept = 0;
    dirty->tables = false;
    for (size_t i = 0; i < dirty->count; i++) {
        const uint64_t page = dirty->pages[i];
        uint8_t *mark = dirty_pages_mark(&memory->arena, page);
        dirty->tables |= (*mark & DIRTY_TABLE) != 0;
        if (apply_page(memory, image, page, mark)) {
            dirty->pages[kept++] = page;
        } else {
            *mark &= (uint8_t)(is_often_dirty(mark) ? ~DIRTY_COUNT : UINT8_MAX);
            guard(memory, page, mark);
        }
    }
    dirty->count = kept;
}

static void apply_all(struct memory *memory, const struct machine_image *image) {
    for (size_t i = 0; i < image->part_count; i++) {
        const struct image_part *part = &image->parts[i];
        uint64_t data = 0;
        for (uint64_t page = part->first; page < part->first + part->count; page++) {
            if (may_differ(part, page, &data) &&
                memcmp(host_page(memory, page), saved(part, page), PAGE_SIZE) != 0) {
                copy_back(memory, page, saved(part, page));
            }
        }
    }
}

// The host may have taken pages back, and have none to give now.
static bool is_writable(const struct memory *memory, uint64_t page) {
    uint8_t *host = host_page(memory, page);
    uint8_t byte = 0;
    return platform_copy(&byte, host, 1) && platform_copy(host, &byte, 1);
}

static bool prepare(const struct memory *memory, const struct machine_image *image) {
    const struct dirty_pages *dirty = &memory->dirty;
    bool prepared = true;
    for (size_t i = 0; prepared && dirty->unseen && !dirty->all && i < dirty->count; i++) {
        const struct image_part *part = image_part_of(image, dirty->pages[i]);
        prepared = part == NULL || is_writable(memory, dirty->pages[i]);
    }
    for (size_t i = 0; dirty->all && i < image->part_count; i++) {
        const struct image_part *part = &image->parts[i];
        for (uint64_t j = 0; prepared && j < part->count; j++) {
            prepared = part->pages[j] == NULL || is_writable(memory, part->first + j);
        }
    }
    return prepared;
}

// Whether entries of the TLB are those that an empty one would get: they come from tables that
// nobody has stored to since. See guest_tables.h for stores from now on.
static bool is_tlb_right(const struct memory *memory, const struct machine_image *image) {
    const struct dirty_pages *dirty = &memory->dirty;
    return dirty->base == image && !dirty->all && !dirty->tables && !dirty->shared &&
           tlb_fill_knows_tables(&memory->engine->fill);
}

zx_status_t image_apply(struct memory *memory, struct machine_image *image) {
    struct dirty_pages *dirty = &memory->dirty;
    struct engine *engine = memory->engine;
    atomic_store(&memory->arena.stores.active, true); // One from elsewhere may be the first.
    add_unseen_stores(memory);
    add_way(memory, image);
    if (!prepare(memory, image)) {
        return ZX_ERR_NO_MEMORY;
    }
    const bool steady = image->options.steady && dirty->base == image; // Each has its own tables.
    if (dirty->all) {
        apply_all(memory, image);
        begin_anew(memory, image);
    } else {
        apply_dirty(memory, image);
        engine->tlb_kept = !steady && is_tlb_right(memory, image);
    }
    if (dirty->base != image) {
        machine_image_unref(dirty->base);
        dirty->base = machine_image_ref(image);
    }
    dirty->unseen = false;
    dirty->rounds++;
    engine->tlb_stale |= !steady && !engine->tlb_kept;
    return ZX_OK;
}
