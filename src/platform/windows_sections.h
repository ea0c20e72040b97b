// SPDX-License-Identifier: MIT
//
// The pages of a memory of Windows: sections without a file. Another one is made when there come to
// be more pages, since a section cannot grow, where there are very many, one for each stretch that
// is touched, and one in the place of pages that are given back.

#ifndef PLATFORM_WINDOWS_SECTIONS_H
#define PLATFORM_WINDOWS_SECTIONS_H

#include "platform/windows_memory.h"

#include <stdatomic.h>

// A part of a section of Windows, or all of one.
struct section {
    HANDLE handle;
    uint64_t start; // Offset of its first page in the memory.
    uint64_t end;
    uint64_t base;    // Where that page is in the section of Windows.
    uint8_t *touched; // A bit for each page: windows_touched.c.
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

// Memories with more pages than this have no section before they are touched, since Windows counts
// all pages of a section against its limit of memory.
#define WINDOWS_MOST_AT_ONCE ((uint64_t)1 << 30)

// A section for the pages without memory. False where Windows refuses.
bool windows_section_create(uint64_t start, uint64_t end, struct section *out);
void windows_section_destroy(struct section *section);

// False without memory.
bool windows_sections_append(struct platform_memory *memory, const struct section *section);

// Maps [at, end) of the section anywhere, to be read or written. NULL where Windows refuses.
unsigned char *windows_section_look(const struct section *section, uint64_t at, uint64_t end,
                                    DWORD access);
void windows_section_look_away(unsigned char *seen);

// One bit for each page, all clear. NULL without memory.
uint8_t *windows_touched_create(uint64_t length);

// The bits of the pages from the offset on. NULL without memory.
uint8_t *windows_touched_copy(const struct section *section, uint64_t offset);

#endif // PLATFORM_WINDOWS_SECTIONS_H
