// SPDX-License-Identifier: MIT
//
// Sections are made, found and cleared; windows_memory.c maps them.

#include "platform/windows_sections.h"

#include <stdlib.h>
#include <string.h>

// More pages than this have no section before they are touched, since Windows counts all pages of a
// section against its limit of memory, and does not tell which were written.
#define MOST_AT_ONCE ((uint64_t)1 << 30)
#define STRETCH ((uint64_t)1 << 26)

static bool add_section(struct platform_memory *memory, uint64_t start, uint64_t end) {
    const uint64_t length = end - start;
    struct section *sections =
        realloc(memory->sections, (memory->count + 1) * sizeof(struct section));
    if (sections == NULL) {
        return false;
    }
    memory->sections = sections;
    const HANDLE handle = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE,
                                             (DWORD)(length >> 32), (DWORD)length, NULL);
    if (handle == NULL) {
        return false;
    }
    sections[memory->count++] = (struct section){handle, start, end};
    return true;
}

static bool make_larger(struct platform_memory *memory, uint64_t end) {
    const bool made = end - memory->size > MOST_AT_ONCE || add_section(memory, memory->size, end);
    memory->size = made ? end : memory->size;
    return made;
}

struct platform_memory *platform_memory_create(uint64_t size) {
    struct platform_memory *memory = size > INT64_MAX ? NULL : calloc(1, sizeof(*memory));
    if (memory == NULL) {
        return NULL;
    }
    InitializeSRWLock(&memory->lock);
    atomic_init(&memory->references, 1);
    if (size > 0 && !make_larger(memory, whole_pages(size))) {
        free(memory->sections);
        free(memory);
        return NULL;
    }
    return memory;
}

void windows_memory_ref(struct platform_memory *memory) {
    atomic_fetch_add(&memory->references, 1);
}

void windows_memory_unref(struct platform_memory *memory) {
    if (atomic_fetch_sub(&memory->references, 1) > 1) {
        return;
    }
    for (size_t i = 0; i < memory->count; i++) {
        CloseHandle(memory->sections[i].handle);
    }
    free(memory->sections);
    free(memory);
}

void platform_memory_destroy(struct platform_memory *memory) {
    windows_memory_unref(memory);
}

// What was mapped beyond the end is there from now on.
bool platform_memory_grow(struct platform_memory *memory, uint64_t size) {
    windows_ranges_lock();
    AcquireSRWLockExclusive(&memory->lock);
    const uint64_t old = memory->size;
    const bool enough = size <= old;
    const bool grown = enough || (size <= INT64_MAX && make_larger(memory, whole_pages(size)));
    ReleaseSRWLockExclusive(&memory->lock);
    const bool shown = enough || (grown && windows_ranges_show_grown(memory, old, memory->size));
    windows_ranges_unlock();
    return grown && shown;
}

// The section that has the offset, or the stretch around it that has none, as far as the memory
// goes. Returns whether there is one.
static bool find_section(const struct platform_memory *memory, uint64_t offset,
                         struct section *out) {
    out->start = offset / STRETCH * STRETCH;
    out->end = out->start + STRETCH < memory->size ? out->start + STRETCH : memory->size;
    for (size_t i = 0; i < memory->count; i++) {
        const struct section *section = &memory->sections[i];
        if (section->end <= offset) {
            out->start = section->end > out->start ? section->end : out->start;
        } else if (section->start > offset) {
            out->end = section->start < out->end ? section->start : out->end;
        } else {
            *out = *section;
            return true;
        }
    }
    return false;
}

bool windows_memory_touch(struct platform_memory *memory, uint64_t offset, uint64_t *start,
                          uint64_t *end) {
    struct section section = {0};
    AcquireSRWLockExclusive(&memory->lock);
    const bool there = offset < memory->size && (find_section(memory, offset, &section) ||
                                                 add_section(memory, section.start, section.end));
    ReleaseSRWLockExclusive(&memory->lock);
    *start = section.start;
    *end = section.end;
    return there;
}

static bool clear(const struct section *section, uint64_t start, uint64_t end) {
    enum { GRANULE_OF_VIEWS = 0x10000 };
    const uint64_t first = (start - section->start) / GRANULE_OF_VIEWS * GRANULE_OF_VIEWS;
    const uint64_t last = end - section->start;
    unsigned char *view = MapViewOfFile(section->handle, FILE_MAP_WRITE, (DWORD)(first >> 32),
                                        (DWORD)first, (SIZE_T)(last - first));
    if (view == NULL) {
        return false;
    }
    memset(view + (start - section->start - first), 0, (size_t)(end - start));
    UnmapViewOfFile(view);
    return true;
}

// Windows takes no page of a section back before the section ends. Where the memory is large, what
// was touched of it is made zero.
bool platform_memory_discard(struct platform_memory *memory, uint64_t offset, uint64_t length) {
    bool done = length > MOST_AT_ONCE;
    AcquireSRWLockShared(&memory->lock);
    for (size_t i = 0; i < memory->count && done; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t start = section->start > offset ? section->start : offset;
        const uint64_t end = section->end < offset + length ? section->end : offset + length;
        done = start >= end || clear(section, start, end);
    }
    ReleaseSRWLockShared(&memory->lock);
    return done;
}

uint64_t platform_memory_find_data(struct platform_memory *memory, uint64_t offset) {
    uint64_t nearest = UINT64_MAX;
    AcquireSRWLockShared(&memory->lock);
    for (size_t i = 0; i < memory->count; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t first = section->start > offset ? section->start : offset;
        nearest = section->end > offset && first < nearest ? first : nearest;
    }
    ReleaseSRWLockShared(&memory->lock);
    return nearest;
}

bool platform_memory_count(struct platform_memory *memory, uint64_t *bytes) {
    (void)memory;
    (void)bytes;
    return false;
}

bool platform_memory_count_range(struct platform_memory *memory, uint64_t offset, uint64_t length,
                                 uint64_t *bytes) {
    (void)offset;
    (void)length;
    return platform_memory_count(memory, bytes);
}
