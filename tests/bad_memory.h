// SPDX-License-Identifier: MIT
//
// Pointers that a call must refuse: every kind that makes a copy fault. Private headers are used
// to get the pages. In everything else the tests with these pointers are ordinary clients.

#ifndef TESTS_BAD_MEMORY_H
#define TESTS_BAD_MEMORY_H

#include "platform/platform.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

enum { BAD_POINTER_COUNT = 5 };

// The i-th pointer that can be neither read nor written.
static inline void *bad_pointer(int i) {
    if (i == 0) {
        return NULL;
    }
    if (i == 1) {
        return (void *)(uintptr_t)16;
    }
    if (i == 2) {
        return (void *)(UINTPTR_MAX - 7); // No host gives this address to a program.
    }
    if (i == 4) { // x86-64 has no such address; arm64 takes it for 16, and Linux reports that.
        return (void *)(uintptr_t)0x8000000000000010;
    }
    void *page = platform_reserve(platform_page_size());
    ck_assert_ptr_nonnull(page);
    return page;
}

// A page of zeros that can be read but not written.
static inline void *read_only_page(void) {
    void *page = platform_reserve(platform_page_size());
    ck_assert_ptr_nonnull(page);
    ck_assert(platform_protect(page, platform_page_size(), PLATFORM_READ));
    return page;
}

// The last `size` bytes before an inaccessible page.
static inline uint8_t *before_bad_memory(size_t size) {
    const size_t page = platform_page_size();
    uint8_t *pages = platform_reserve(2 * page);
    ck_assert_ptr_nonnull(pages);
    ck_assert(platform_protect(pages, page, PLATFORM_READ | PLATFORM_WRITE));
    return pages + page - size;
}

#endif // TESTS_BAD_MEMORY_H
