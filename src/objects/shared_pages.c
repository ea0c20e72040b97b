// SPDX-License-Identifier: MIT
//
// The VMOs that may have pages in common stand in a ring, and each has a list of its pages with the
// copying that made them common. A page keeps its place in the VMO that has no parent, whatever
// copies of copies there are, so two VMOs share a page if both lists have it with the same copying.

#include "objects/shared_pages.h"

#include "objects/vmo_clone.h"
#include "platform/check.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/limits.h>

enum {
    FIRST_ROOM = 16,
    BATCH = 64, // Pages that are counted while the lock is held.
};

struct shared_page {
    uint64_t place; // The page's number in the VMO that has no parent.
    uint64_t copying;
};

struct shared_pages {
    struct vmo *vmo;
    struct shared_pages *next; // In the ring.
    struct shared_pages *previous;
    struct shared_page *pages; // By place.
    size_t count;
    size_t room;
};

static uint64_t place_of(const struct vmo *vmo, uint64_t offset) {
    return (vmo->root_offset + offset) / ZX_PAGE_SIZE;
}

static uint64_t offset_of(const struct vmo *vmo, uint64_t place) {
    return place * ZX_PAGE_SIZE - vmo->root_offset;
}

// --- Lists ---

static struct shared_pages *make_list(struct vmo *vmo) {
    struct shared_pages *list = calloc(1, sizeof(*list));
    if (list != NULL) {
        list->vmo = vmo;
        list->next = list;
        list->previous = list;
    }
    return list;
}

// The VMO's list, which is made if there is none. NULL without memory.
static struct shared_pages *list_of(struct vmo *vmo) {
    struct shared_pages *list = atomic_load_explicit(&vmo->shared, memory_order_relaxed);
    if (list == NULL) {
        list = make_list(vmo);
        atomic_store_explicit(&vmo->shared, list, memory_order_release);
    }
    return list;
}

static bool make_room(struct shared_pages *list) {
    const size_t room = list->room == 0 ? FIRST_ROOM : list->room * 2;
    if (list->count < list->room) {
        return true;
    }
    struct shared_page *pages = realloc(list->pages, room * sizeof(*pages));
    if (pages == NULL) {
        return false;
    }
    list->pages = pages;
    list->room = room;
    return true;
}

bool shared_pages_note(struct vmo *copy, uint64_t offset) {
    struct shared_pages *list = list_of(copy);
    if (list == NULL || !make_room(list)) {
        return false;
    }
    list->pages[list->count++] = (struct shared_page){place_of(copy, offset), 0};
    return true;
}

// The first page at a place or behind it.
static size_t find(const struct shared_pages *list, uint64_t place) {
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (list->pages[middle].place < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has(const struct shared_pages *list, const struct shared_page *page) {
    const size_t at = find(list, page->place);
    return at < list->count && list->pages[at].place == page->place &&
           list->pages[at].copying == page->copying;
}

// --- Copies ---

static void add(struct shared_pages *list, uint64_t place, uint64_t copying) {
    list->pages[list->count++] = (struct shared_page){place, copying};
}

// The pages that the source shared before stay shared, and with the copy too if it shows them.
static void add_known(const struct shared_page *page, uint64_t first, uint64_t end,
                      struct shared_pages *source, struct shared_pages *copy) {
    add(source, page->place, page->copying);
    if (page->place >= first && page->place < end) {
        add(copy, page->place, page->copying);
    }
}

// Joins what the source shared and what was noted for the copy, of the places from `first` on and
// before `end`, in two new lists.
static void merge(const struct shared_pages *known, const struct shared_pages *noted,
                  uint64_t first, uint64_t end, struct shared_pages *source,
                  struct shared_pages *copy) {
    static uint64_t copyings;
    const uint64_t copying = ++copyings;
    size_t at = 0;
    for (size_t i = 0; i < noted->count; i++) {
        const uint64_t place = noted->pages[i].place;
        while (at < known->count && known->pages[at].place < place) {
            add_known(&known->pages[at++], first, end, source, copy);
        }
        if (at == known->count || known->pages[at].place != place) {
            add(source, place, copying);
            add(copy, place, copying);
        }
    }
    while (at < known->count) {
        add_known(&known->pages[at++], first, end, source, copy);
    }
}

static void replace(struct shared_pages *list, const struct shared_pages *by) {
    free(list->pages);
    list->pages = by->pages;
    list->count = by->count;
    list->room = by->room;
}

static bool share(struct shared_pages *source, struct shared_pages *copy, uint64_t length) {
    const size_t room = source->count + copy->count;
    struct shared_pages of_source = {.pages = calloc(room + 1, sizeof(struct shared_page))};
    struct shared_pages of_copy = {.pages = calloc(room + 1, sizeof(struct shared_page))};
    if (of_source.pages == NULL || of_copy.pages == NULL) {
        free(of_source.pages);
        free(of_copy.pages);
        return false;
    }
    of_source.room = room + 1;
    of_copy.room = room + 1;
    const uint64_t first = place_of(copy->vmo, 0);
    merge(source, copy, first, first + length / ZX_PAGE_SIZE, &of_source, &of_copy);
    replace(source, &of_source);
    replace(copy, &of_copy);
    copy->next = source->next;
    copy->previous = source;
    source->next->previous = copy;
    source->next = copy;
    return true;
}

bool shared_pages_begin(struct vmo *copy, struct vmo *source, uint64_t length) {
    if (source->clone != NULL) {
        return true;
    }
    vmo_families_lock();
    struct shared_pages *known = list_of(source);
    struct shared_pages *noted = list_of(copy);
    const bool shared = known != NULL && noted != NULL && share(known, noted, length);
    vmo_families_unlock();
    return shared;
}

void shared_pages_unshare(struct vmo *vmo, uint64_t offset, uint64_t length) {
    struct shared_pages *list = atomic_load_explicit(&vmo->shared, memory_order_acquire);
    if (list == NULL || length == 0) {
        return;
    }
    vmo_families_lock();
    const size_t first = find(list, place_of(vmo, offset));
    const size_t end = find(list, place_of(vmo, offset + length - 1) + 1);
    if (end > first) {
        memmove(&list->pages[first], &list->pages[end], (list->count - end) * sizeof(*list->pages));
        list->count -= end - first;
    }
    vmo_families_unlock();
}

void shared_pages_destroy(struct vmo *vmo) {
    struct shared_pages *list = atomic_load_explicit(&vmo->shared, memory_order_relaxed);
    if (list == NULL) {
        return;
    }
    vmo_families_lock();
    list->next->previous = list->previous;
    list->previous->next = list->next;
    vmo_families_unlock();
    free(list->pages);
    free(list);
}

// --- Counting ---

// Whether a page has no memory yet. Reading the page would give it some.
static bool is_hole(struct vmo *vmo, uint64_t offset) {
    return platform_memory_find_data(vmo->memory, offset) >= offset + ZX_PAGE_SIZE;
}

// Copies the page to `page`. False when the page cannot be mapped.
static bool look(struct vmo *vmo, uint64_t offset, uint8_t *page) {
    const uint64_t end = offset + ZX_PAGE_SIZE;
    if (is_hole(vmo, offset)) {
        memset(page, 0, ZX_PAGE_SIZE);
        return true;
    }
    const uint8_t *host = vmo_host(vmo, vmo->size > end ? vmo->size : end);
    return host != NULL && platform_copy(page, host + offset, ZX_PAGE_SIZE);
}

static bool same_bytes(struct vmo *vmo, struct vmo *other, uint64_t place) {
    uint8_t page[1 << ZX_PAGE_SHIFT];
    uint8_t others[1 << ZX_PAGE_SHIFT];
    return !look(vmo, offset_of(vmo, place), page) ||
           !look(other, offset_of(other, place), others) || memcmp(page, others, sizeof(page)) == 0;
}

struct holders {
    unsigned count;
    bool elder; // One of the other VMOs is older than this one.
};

static struct holders find_holders(const struct shared_pages *list,
                                   const struct shared_page *page) {
    struct holders holders = {1, false};
    for (struct shared_pages *other = list->next; other != list; other = other->next) {
        if (has(other, page) && same_bytes(list->vmo, other->vmo, page->place)) {
            holders.count++;
            holders.elder |= other->vmo->object.koid < list->vmo->object.koid;
        }
    }
    return holders;
}

// The pages of a range that are shared, or were shared until the other VMOs went.
struct shared_counts {
    uint64_t untouched; // Bytes that the host holds no memory for.
    uint64_t shared;
    uint64_t elders;
    uint64_t scaled;
    uint64_t scaled_fraction;
};

static void count_page(const struct shared_pages *list, const struct shared_page *page,
                       struct shared_counts *out) {
    const uint64_t one = UINT64_C(1) << 63;
    const struct holders holders = find_holders(list, page);
    out->untouched += is_hole(list->vmo, offset_of(list->vmo, page->place)) ? ZX_PAGE_SIZE : 0;
    if (holders.count == 1) {
        return;
    }
    out->shared += ZX_PAGE_SIZE;
    out->elders += holders.elder ? ZX_PAGE_SIZE : 0;
    out->scaled += ZX_PAGE_SIZE / holders.count;
    out->scaled_fraction += one / holders.count * (ZX_PAGE_SIZE % holders.count);
    if (out->scaled_fraction >= one) {
        out->scaled_fraction -= one;
        out->scaled++;
    }
}

// Goes on at `*place`. False at the end of the range.
static bool count_batch(const struct shared_pages *list, uint64_t *place, uint64_t end,
                        struct shared_counts *out) {
    vmo_families_lock();
    size_t at = find(list, *place);
    for (int i = 0; i < BATCH && at < list->count && list->pages[at].place < end; i++, at++) {
        count_page(list, &list->pages[at], out);
        *place = list->pages[at].place + 1;
    }
    const bool more = at < list->count && list->pages[at].place < end;
    vmo_families_unlock();
    return more;
}

void vmo_count_memory(struct vmo *vmo, uint64_t offset, uint64_t length,
                      struct memory_counts *out) {
    const struct shared_pages *list = atomic_load_explicit(&vmo->shared, memory_order_acquire);
    const uint64_t size = vmo->size;
    struct shared_counts counts = {0};
    length = offset >= size ? 0 : length < size - offset ? length : size - offset;
    if (list != NULL && length > 0) {
        uint64_t place = place_of(vmo, offset);
        const uint64_t end = place_of(vmo, offset + length - 1) + 1;
        while (count_batch(list, &place, end, &counts)) {
        }
    }
    // Pages that come or go while they are counted must not make a number negative.
    const uint64_t visible = vmo_committed_in(vmo, offset, length) + counts.untouched;
    out->visible = visible > counts.shared ? visible : counts.shared;
    out->unshared = out->visible - counts.shared;
    out->eldest = out->visible - counts.elders;
    out->scaled = out->unshared + counts.scaled;
    out->scaled_fraction = counts.scaled_fraction;
}
