// SPDX-License-Identifier: MIT
//
// Address space of Windows. Reservations are placeholders (Windows 10 1803 and later), the only
// kind that a view can replace at 4096 granularity. What lies where is in windows_ranges.c: Windows
// gives back a view as a whole only, so that one that loses a part is mapped anew around it.

#include "platform/windows_sections.h"

#include <stdlib.h>
#include <string.h>

#ifndef ERROR_DYNAMIC_CODE_BLOCKED
#define ERROR_DYNAMIC_CODE_BLOCKED 1655L
#endif

#ifndef MEM_COALESCE_PLACEHOLDERS
#define MEM_COALESCE_PLACEHOLDERS 0x00000001
#endif

// --- The calls, which are newer than some import libraries ---

typedef PVOID(WINAPI *virtual_alloc_fn)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, void *, ULONG);
typedef PVOID(WINAPI *map_view_fn)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, void *,
                                   ULONG);
typedef BOOL(WINAPI *unmap_view_fn)(HANDLE, PVOID, ULONG);

static struct {
    struct platform_once once;
    virtual_alloc_fn virtual_alloc;
    map_view_fn map_view;
    unmap_view_fn unmap_view;
} api = {.once = PLATFORM_ONCE_INIT};

static void find_function(HMODULE library, const char *name, void *out) {
    const FARPROC found = GetProcAddress(library, name);
    memcpy(out, &found, sizeof(found));
}

static void find_api(void) {
    const HMODULE library = GetModuleHandleW(L"kernelbase.dll");
    if (library != NULL) {
        find_function(library, "VirtualAlloc2", &api.virtual_alloc);
        find_function(library, "MapViewOfFile3", &api.map_view);
        find_function(library, "UnmapViewOfFile2", &api.unmap_view);
    }
}

static bool have_api(void) {
    platform_call_once(&api.once, find_api);
    return api.virtual_alloc != NULL && api.map_view != NULL && api.unmap_view != NULL;
}

// --- Placeholders ---

static DWORD page_protection(unsigned protection) {
    if ((protection & PLATFORM_EXECUTE) != 0) {
        return (protection & PLATFORM_WRITE) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    }
    if ((protection & PLATFORM_WRITE) != 0) {
        return PAGE_READWRITE;
    }
    return (protection & PLATFORM_READ) != 0 ? PAGE_READONLY : PAGE_NOACCESS;
}

// One allocation of Windows: a placeholder, pages of the process's own, or a view.
struct allocation {
    uintptr_t start;
    uintptr_t end;
    DWORD state; // The state of its first page; MEM_FREE for a gap.
    DWORD type;
};

static bool find_allocation(uintptr_t address, struct allocation *out) {
    MEMORY_BASIC_INFORMATION part;
    if (VirtualQuery((void *)address, &part, sizeof(part)) == 0) {
        return false;
    }
    *out = (struct allocation){.state = part.State, .type = part.Type};
    if (part.State == MEM_FREE) {
        out->start = (uintptr_t)part.BaseAddress;
        out->end = out->start + part.RegionSize;
        return true;
    }
    const void *base = part.AllocationBase;
    out->start = (uintptr_t)base;
    out->end = out->start;
    while (VirtualQuery((void *)out->end, &part, sizeof(part)) != 0 && part.State != MEM_FREE &&
           part.AllocationBase == base) {
        out->end += part.RegionSize;
    }
    return true;
}

static bool is_placeholder(const struct allocation *allocation) {
    return allocation->state == MEM_RESERVE && allocation->type == MEM_PRIVATE;
}

static bool split_off(uintptr_t start, uintptr_t end) {
    return VirtualFree((void *)start, end - start, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER) != FALSE;
}

// Makes what is in the allocation a placeholder as large as it.
static bool empty_allocation(const struct allocation *allocation) {
    if (allocation->type == MEM_MAPPED) {
        return api.unmap_view(GetCurrentProcess(), (void *)allocation->start,
                              MEM_PRESERVE_PLACEHOLDER) != FALSE;
    }
    return is_placeholder(allocation) || split_off(allocation->start, allocation->end);
}

// Makes the part of the allocation in [start, end) one placeholder. A view is mapped anew around
// it.
static bool empty_part(const struct allocation *allocation, uintptr_t start, uintptr_t end) {
    if (start == allocation->start && end == allocation->end) {
        return empty_allocation(allocation);
    }
    if (allocation->type == MEM_MAPPED &&
        !api.unmap_view(GetCurrentProcess(), (void *)allocation->start, MEM_PRESERVE_PLACEHOLDER)) {
        return false;
    }
    return split_off(start, end) &&
           (allocation->type != MEM_MAPPED || (windows_ranges_show(allocation->start, start) &&
                                               windows_ranges_show(end, allocation->end)));
}

// Makes [start, end) one placeholder. False where not all of it is reserved.
static bool make_placeholder(uintptr_t start, uintptr_t end) {
    unsigned count = 0;
    for (uintptr_t at = start; at < end; count++) {
        struct allocation found;
        if (!find_allocation(at, &found) || found.state == MEM_FREE) {
            return false;
        }
        const uintptr_t stop = found.end < end ? found.end : end;
        if (!empty_part(&found, at, stop)) {
            return false;
        }
        at = stop;
    }
    return count < 2 || VirtualFree((void *)start, end - start,
                                    MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS) != FALSE;
}

// --- Views ---

// To be called before [start, end) is emptied. Views that lose a part are mapped anew, so that all
// of them counts.
static void record_views(uintptr_t start, uintptr_t end) {
    struct allocation first;
    struct allocation last;
    if (start < end && find_allocation(start, &first) && find_allocation(end - 1, &last)) {
        windows_ranges_record(first.type == MEM_MAPPED ? first.start : start,
                              last.type == MEM_MAPPED ? last.end : end);
    }
}

// Maps what one section has of the memory from `offset` on, at most up to `end`; returns where it
// ends, `at` when there is nothing or Windows refuses.
static uintptr_t show_section(const struct section *section, uintptr_t at, uintptr_t end,
                              uint64_t offset, DWORD protection) {
    const uint64_t left = section->end - offset;
    const size_t length = left < end - at ? (size_t)left : end - at;
    const bool shown =
        make_placeholder(at, at + length) &&
        api.map_view(section->handle, GetCurrentProcess(), (void *)at,
                     section->base + (offset - section->start), length, MEM_REPLACE_PLACEHOLDER,
                     PAGE_EXECUTE_READWRITE, NULL, 0) != NULL;
    DWORD old = 0;
    return shown && VirtualProtect((void *)at, length, protection, &old) ? at + length : at;
}

// What has no section stays a placeholder.
bool windows_memory_show(struct platform_memory *memory, uint64_t offset, uintptr_t start,
                         uintptr_t end, unsigned protection) {
    const uint64_t last = offset + (end - start);
    bool shown = true;
    AcquireSRWLockShared(&memory->lock);
    for (size_t i = 0; i < memory->count && shown; i++) {
        const struct section *section = &memory->sections[i];
        const uint64_t from = section->start > offset ? section->start : offset;
        const uintptr_t at = start + (uintptr_t)(from - offset);
        if (from < last && from < section->end) {
            shown = show_section(section, at, end, from, page_protection(protection)) > at;
        }
    }
    ReleaseSRWLockShared(&memory->lock);
    return shown;
}

bool windows_memory_record_views(struct platform_memory *memory, uint64_t offset, uintptr_t start,
                                 uintptr_t end, unsigned protection) {
    (void)memory;
    (void)offset;
    (void)protection;
    record_views(start, end);
    return true;
}

bool windows_memory_show_anew(struct platform_memory *memory, uint64_t offset, uintptr_t start,
                              uintptr_t end, unsigned protection) {
    return make_placeholder(start, end) &&
           windows_memory_show(memory, offset, start, end, protection);
}

// Wine has a byte for each page of a mapping, and writes them all: 16 GiB for 64 TiB. Whom this
// refuses maps a part.
#define LARGEST_MAPPING ((uint64_t)1 << 40)

void *platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                          unsigned protection, void *fixed) {
    if (offset > INT64_MAX || !have_api() || (fixed == NULL && length > LARGEST_MAPPING)) {
        return NULL;
    }
    void *address = fixed != NULL ? fixed : platform_reserve(length);
    const uintptr_t start = (uintptr_t)address;
    length = (size_t)whole_pages(length);
    if (address == NULL) {
        return NULL;
    }
    windows_ranges_lock();
    record_views(start, start + length);
    const bool mapped = make_placeholder(start, start + length) &&
                        windows_ranges_add(start, start + length, memory, offset, protection) &&
                        windows_memory_show(memory, offset, start, start + length, protection);
    windows_ranges_unlock();
    if (!mapped && fixed == NULL) {
        platform_unmap(address, length);
    }
    return mapped ? address : NULL;
}

// --- Address space ---

// What Windows reserves at least, and at multiples of which.
#define GRANULE ((uintptr_t)0x10000)

static uintptr_t granule_of(uintptr_t address) {
    return address & ~(GRANULE - 1);
}

static bool take(uintptr_t start, uintptr_t end) {
    return api.virtual_alloc(GetCurrentProcess(), (void *)start, end - start,
                             MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0) != NULL;
}

// Whether nothing of the process lies in the granule, but for [start, end) of it.
static bool is_free_around(uintptr_t granule, uintptr_t start, uintptr_t end) {
    for (uintptr_t at = granule; at < granule + GRANULE;) {
        MEMORY_BASIC_INFORMATION part;
        const uintptr_t held = windows_held_end(at);
        if (at >= start && at < end) {
            at = end;
        } else if (held > at) {
            at = held;
        } else if (VirtualQuery((void *)at, &part, sizeof(part)) != 0 && part.State == MEM_FREE) {
            at = (uintptr_t)part.BaseAddress + part.RegionSize;
        } else {
            return false;
        }
    }
    return true;
}

// Gives back what is there, all of which is held or in [start, end).
static bool give_back(uintptr_t start, uintptr_t end) {
    for (uintptr_t at = start; at < end;) {
        struct allocation found;
        if (!find_allocation(at, &found)) {
            return false;
        }
        const uintptr_t stop = found.end < end ? found.end : end;
        if (found.state != MEM_FREE &&
            (!empty_part(&found, at, stop) || !VirtualFree((void *)at, 0, MEM_RELEASE))) {
            return false;
        }
        at = stop;
    }
    return true;
}

// A part of a granule, which is held as long as another part is in use.
static bool give_back_part(uintptr_t start, uintptr_t end) {
    const uintptr_t granule = granule_of(start);
    if (!is_free_around(granule, start, end)) {
        return make_placeholder(start, end) && windows_held_add(start, end);
    }
    for (uintptr_t at = granule; at < granule + GRANULE; at += GRANULE / 16) {
        if (windows_held_contains(at, at + 1)) {
            const uintptr_t held = windows_held_end(at);
            const uintptr_t stop = held < granule + GRANULE ? held : granule + GRANULE;
            windows_held_remove(at, stop);
        }
    }
    return give_back(granule, granule + GRANULE);
}

// What is not reserved at all has nothing to give back.
static bool give_back_pages(uintptr_t start, uintptr_t end) {
    const uintptr_t first = granule_of(start + GRANULE - 1);
    const uintptr_t last = granule_of(end);
    if (first > last) {
        return give_back_part(start, end);
    }
    return (start == first || give_back_part(start, first)) && give_back(first, last) &&
           (last == end || give_back_part(last, end));
}

// Takes a part of a granule that is held or free.
static bool hold_part(uintptr_t start, uintptr_t end) {
    const uintptr_t granule = granule_of(start);
    return windows_held_contains(start, end) ||
           (is_free_around(granule, start, start) && windows_held_end(granule) == granule &&
            take(granule, granule + GRANULE) && windows_held_add(granule, granule + GRANULE));
}

static bool take_pages(uintptr_t start, uintptr_t end) {
    const uintptr_t first = granule_of(start + GRANULE - 1);
    const uintptr_t last = granule_of(end);
    if (first > last) {
        return hold_part(start, end) && windows_held_remove(start, end) &&
               make_placeholder(start, end);
    }
    if (first < last && !take(first, last)) {
        return false;
    }
    const bool held =
        (start == first || (hold_part(start, first) && windows_held_remove(start, first)));
    if (held && (last == end || (hold_part(last, end) && windows_held_remove(last, end)))) {
        return make_placeholder(start, end);
    }
    if (held && start < first) {
        give_back_part(start, first);
    }
    give_back(first, last);
    return false;
}

// The rest of its last granule is held.
void *platform_reserve(size_t length) {
    length = (size_t)whole_pages(length);
    if (!have_api() || length > SIZE_MAX - GRANULE) {
        return NULL;
    }
    const size_t whole = (size_t)granule_of(length + GRANULE - 1);
    unsigned char *base =
        api.virtual_alloc(GetCurrentProcess(), NULL, whole, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                          PAGE_NOACCESS, NULL, 0);
    if (base != NULL && length < whole) {
        const uintptr_t end = (uintptr_t)base + length;
        windows_ranges_lock();
        split_off(end, (uintptr_t)base + whole);
        windows_held_add(end, (uintptr_t)base + whole);
        windows_ranges_unlock();
    }
    return base;
}

bool platform_reserve_at(void *address, size_t length, bool *taken) {
    const uintptr_t start = (uintptr_t)address;
    *taken = false;
    if (!have_api()) {
        return false;
    }
    windows_ranges_lock();
    const bool got = take_pages(start, start + length);
    windows_ranges_unlock();
    *taken = !got;
    return got;
}

// What is mapped there is lost. `then` says what comes in its place.
static bool replace_pages(void *address, size_t length,
                          bool (*then)(uintptr_t start, uintptr_t end)) {
    const uintptr_t start = (uintptr_t)address;
    const uintptr_t end = start + (size_t)whole_pages(length);
    if (!have_api()) {
        return false;
    }
    windows_ranges_lock();
    record_views(start, end);
    const bool replaced = windows_ranges_remove(start, end) && then(start, end);
    windows_ranges_unlock();
    return replaced;
}

bool platform_reset(void *address, size_t length) {
    return replace_pages(address, length, make_placeholder);
}

// Windows would take several steps for it, each of which may fail.
bool platform_replace(void *address, size_t length) {
    (void)address;
    (void)length;
    return false;
}

bool platform_unmap(void *address, size_t length) {
    return replace_pages(address, length, give_back_pages);
}

// A placeholder becomes pages of the process's own with the first protection that lets it be
// touched.
static bool protect_own(uintptr_t start, uintptr_t end, unsigned protection) {
    for (uintptr_t at = start; at < end;) {
        struct allocation found;
        DWORD old = 0;
        if (!find_allocation(at, &found) || found.state == MEM_FREE) {
            return false;
        }
        const uintptr_t stop = found.end < end ? found.end : end;
        const bool done =
            !is_placeholder(&found)
                ? VirtualProtect((void *)at, stop - at, page_protection(protection), &old) != FALSE
                : protection == 0 ||
                      (empty_part(&found, at, stop) &&
                       api.virtual_alloc(GetCurrentProcess(), (void *)at, stop - at,
                                         MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER,
                                         page_protection(protection), NULL, 0) != NULL);
        if (!done) {
            return false;
        }
        at = stop;
    }
    return true;
}

// Protects the parts of a mapping that are there, after mapping those that the memory has got
// since.
static bool protect_shown(uintptr_t start, uintptr_t end, unsigned protection) {
    for (uintptr_t at = start; at < end;) {
        struct allocation found;
        DWORD old = 0;
        if (!find_allocation(at, &found) || found.state == MEM_FREE) {
            return false;
        }
        const uintptr_t stop = found.end < end ? found.end : end;
        const bool done =
            is_placeholder(&found)
                ? protection == 0 || windows_ranges_show(at, stop)
                : VirtualProtect((void *)at, stop - at, page_protection(protection), &old) != FALSE;
        if (!done) {
            return false;
        }
        at = stop;
    }
    return true;
}

bool platform_protect(void *address, size_t length, unsigned protection) {
    const uintptr_t start = (uintptr_t)address;
    const uintptr_t end = start + (uintptr_t)whole_pages(length);
    bool done = have_api();
    if (!done) {
        return false;
    }
    windows_ranges_lock();
    if (protection == 0) { // Pages that nobody may touch are not at hand.
        windows_ranges_record(start, end);
    }
    for (uintptr_t at = start; at < end && done;) {
        uintptr_t stop = end;
        if (windows_ranges_next(at, &stop)) {
            done =
                windows_ranges_protect(at, stop, protection) && protect_shown(at, stop, protection);
        } else {
            done = protect_own(at, stop, protection);
        }
        at = stop;
    }
    windows_ranges_unlock();
    return done;
}

// Forbidden: a process with dynamic code prohibited.
enum platform_grant platform_ask_executable(size_t length) {
    void *pages = VirtualAlloc(NULL, length, MEM_RESERVE, PAGE_EXECUTE_READWRITE);
    if (pages == NULL) {
        return GetLastError() == ERROR_DYNAMIC_CODE_BLOCKED ? PLATFORM_FORBIDDEN
                                                            : PLATFORM_EXHAUSTED;
    }
    VirtualFree(pages, 0, MEM_RELEASE);
    return PLATFORM_GRANTED;
}

size_t platform_page_size(void) {
    SYSTEM_INFO information;
    GetSystemInfo(&information);
    return information.dwPageSize;
}

uint64_t platform_address_limit(void) {
    SYSTEM_INFO information;
    GetSystemInfo(&information);
    return (uint64_t)(uintptr_t)information.lpMaximumApplicationAddress + 1;
}
