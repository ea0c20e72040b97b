// SPDX-License-Identifier: MIT
//
// The pages of a memory of Windows: sections without a file. Another one is made when there come to
// be more pages, since a section cannot grow, and where there are very many, one for each stretch
// that is touched.

#ifndef PLATFORM_WINDOWS_SECTIONS_H
#define PLATFORM_WINDOWS_SECTIONS_H

#include "platform/windows_memory.h"

#include <stdatomic.h>

struct section {
    HANDLE handle;
    uint64_t start; // Offset of its first page in the memory.
    uint64_t end;
};

// The lock guards the size and the sections.
struct platform_memory {
    SRWLOCK lock;
    atomic_uint references; // The creator's and one for each range that is mapped.
    uint64_t size;
    size_t count;
    struct section *sections;
};

static inline uint64_t whole_pages(uint64_t size) {
    const uint64_t page = platform_page_size();
    return (size + page - 1) / page * page;
}

#endif // PLATFORM_WINDOWS_SECTIONS_H
