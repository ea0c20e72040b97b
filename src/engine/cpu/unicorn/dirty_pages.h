// SPDX-License-Identifier: MIT
//
// The pages of the arena that may differ from the image that was taken or applied last. All other
// pages are read-only in the nested tables, so that a store to one is noticed.

#ifndef ENGINE_CPU_UNICORN_DIRTY_PAGES_H
#define ENGINE_CPU_UNICORN_DIRTY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct machine_image;

struct dirty_pages {
    struct machine_image *base; // The image, with a reference. NULL: no image was taken.
    uint64_t *pages;            // Pages of the arena, each once.
    size_t count;
    size_t room;
    bool shared;     // Stores may go unseen: a VMO is mapped elsewhere.
    bool tables;     // A page with a table was dirty when an image was applied last.
    bool all;        // Memory was short for the list: any page may differ.
    bool unseen;     // Stores may have gone unseen, or the host may have taken pages back.
    unsigned rounds; // How often an image was applied.
};

void dirty_pages_close(struct dirty_pages *dirty);

// Whether the page may be written without notice: it is in the list, or there is no image.
bool dirty_pages_contain(const struct dirty_pages *dirty, struct arena *arena, uint64_t page);

// Adds the page. False when it was in the list, or belongs to no image.
bool dirty_pages_add(struct dirty_pages *dirty, struct arena *arena, uint64_t page);

// The byte of a page of an image, which says whether the page is in the list, how often it was
// added, and whether entries of the TLB may come from page tables in it. NULL for other pages.
uint8_t *dirty_pages_mark(struct arena *arena, uint64_t page);

#define DIRTY_LISTED 0x80u
#define DIRTY_TABLE 0x40u
#define DIRTY_COUNT 0x3fu

#endif // ENGINE_CPU_UNICORN_DIRTY_PAGES_H
