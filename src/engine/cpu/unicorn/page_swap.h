// SPDX-License-Identifier: MIT
//
// For the time of a translation a page of the arena is made memory that nobody else has, with what
// was read ahead of it. So Unicorn translates that where it cannot be shown a copy by its TLB
// (code_copy.h), without anything known of Unicorn. It takes two calls of the host for each
// translation, about as long as the translation itself.

#ifndef ENGINE_CPU_UNICORN_PAGE_SWAP_H
#define ENGINE_CPU_UNICORN_PAGE_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct memslot;

enum { PAGE_SWAP_PAGES = 2 }; // A block lies in no more.

struct page_swap {
    unsigned count; // Pages of the host that are swapped now.
    struct {
        uint8_t *at;
        const struct memslot *memslot;
    } pages[PAGE_SWAP_PAGES];
    uint8_t *buffer; // What each was swapped for, and room for one more. NULL before the first.
};

// The page of the arena has the bytes of `copy` from `first` on until page_swap_end(). What it has
// already stays. False where the host does not do that: nothing has changed.
bool page_swap_begin(struct page_swap *swap, struct arena *arena, uint64_t page,
                     const uint8_t *copy, size_t first);

// The pages are the guest's memory again, and what Unicorn has stored to them meanwhile, such as
// the accessed bits of page tables, is stored there. False where the host refuses; then the pages
// are still swapped.
bool page_swap_end(struct page_swap *swap);

// No page is swapped any more, or the arena is gone.
void page_swap_close(struct page_swap *swap);

#endif // ENGINE_CPU_UNICORN_PAGE_SWAP_H
