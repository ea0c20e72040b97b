// SPDX-License-Identifier: MIT
//
// Sections are made and found; windows_memory.c maps them, windows_discard.c gives pages back.

#include "platform/windows_sections.h"

#include <stdlib.h>

#define STRETCH ((uint64_t)1 << 26)

// --- One section ---

bool windows_section_create(uint64_t start, uint64_t end, struct section *out) {
    const uint64_t length = end - start;
    *out = (struct section){.start = start, .end = end};
    out->touched = windows_touched_create(length);
    if (out->touched != NULL) {
        out->handle = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE,
                                         (DWORD)(length >> 32), (DWORD)length, NULL);
    }
    if (out->handle == NULL) {
        free(out->touched);
    }
    return out->handle != NULL;
}

void windows_section_destroy(struct section *section) {
    CloseHandle(section->handle);
    free(section->touched);
}

bool windows_sections_append(struct platform_memory *memory, const struct section *section) {
    struct section *sections =
        realloc(memory->sections, (memory->count + 1) * sizeof(struct section));
    if (sections != NULL) {
        memory->sections = sections;
        sections[memory->count++] = *section;
    }
    return sections != NULL;
}

#define GRANULE_OF_VIEWS ((uint64_t)0x10000)

unsigned char *windows_section_look(const struct section *section, uint64_t at, uint64_t end,
                                    DWORD access) {
    const uint64_t from = section->base + (at - section->start);
    const uint64_t first = from / GRANULE_OF_VIEWS * GRANULE_OF_VIEWS;
    unsigned char *view = MapViewOfFile(section->handle, access, (DWORD)(first >> 32), (DWORD)first,
                                        (SIZE_T)(from - first + (end - at)));
    return view != NULL ? view + (from - first) : NULL;
}

void windows_section_look_away(unsigned char *seen) {
    UnmapViewOfFile(seen - (uintptr_t)seen % GRANULE_OF_VIEWS);
}

// --- All of a memory ---

static bool add_section(struct platform_memory *memory, uint64_t start, uint64_t end) {
    struct section section;
    if (!windows_section_create(start, end, &section)) {
        return false;
    }
    const bool added = windows_sections_append(memory, &section);
    if (!added) {
        windows_section_destroy(&section);
    }
    return added;
}

static bool make_larger(struct platform_memory *memory, uint64_t end) {
    const bool made =
        end - memory->size > WINDOWS_MOST_AT_ONCE || add_section(memory, memory->size, end);
    memory->size = made ? end : memory->size;
    return made;
}

struct platform_memory *platform_memory_create(uint64_t size, bool grows) {
    (void)grows; // All may.
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
        windows_section_destroy(&memory->sections[i]);
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
    const bool shown =
        enough || (grown && windows_ranges_each(memory, old, memory->size, windows_memory_show));
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
