// SPDX-License-Identifier: MIT
//
// Shareable pages and address space of Windows. Reservations are placeholders (Windows 10 1803 and
// later), the only kind that a mapping can replace at 4096 granularity. A placeholder or a view is
// given back, replaced or emptied as a whole only; the callers hear of it by false. The maintainers
// have compiled this file but not run it.

#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0A00
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif

#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

// Newer than some import libraries, so they are looked up.
#ifndef MEM_RESERVE_PLACEHOLDER
#define MEM_RESERVE_PLACEHOLDER 0x00040000
#define MEM_REPLACE_PLACEHOLDER 0x00004000
#define MEM_PRESERVE_PLACEHOLDER 0x00000002
#endif

#ifndef ERROR_DYNAMIC_CODE_BLOCKED
#define ERROR_DYNAMIC_CODE_BLOCKED 1655L
#endif

typedef PVOID(WINAPI *virtual_alloc_fn)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, void *, ULONG);
typedef PVOID(WINAPI *map_view_fn)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, void *,
                                   ULONG);
typedef BOOL(WINAPI *unmap_view_fn)(HANDLE, PVOID, ULONG);

struct platform_memory {
    HANDLE section; // NULL for a size of 0, which Windows has no section for.
    uint64_t size;
};

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

struct platform_memory *platform_memory_create(uint64_t size) {
    struct platform_memory *memory = malloc(sizeof(*memory));
    if (memory == NULL) {
        return NULL;
    }
    memory->section = NULL;
    memory->size = size;
    if (size > 0) {
        memory->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE,
                                             (DWORD)(size >> 32), (DWORD)size, NULL);
        if (memory->section == NULL) {
            free(memory);
            return NULL;
        }
    }
    return memory;
}

void platform_memory_destroy(struct platform_memory *memory) {
    if (memory->section != NULL) {
        CloseHandle(memory->section);
    }
    free(memory);
}

bool platform_memory_grow(struct platform_memory *memory, uint64_t size) {
    return size <= memory->size;
}

bool platform_memory_discard(struct platform_memory *memory, uint64_t offset, uint64_t length) {
    (void)memory;
    (void)offset;
    (void)length;
    return false;
}

uint64_t platform_memory_find_data(struct platform_memory *memory, uint64_t offset) {
    (void)memory;
    return offset;
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

static DWORD page_protection(unsigned protection) {
    if ((protection & PLATFORM_EXECUTE) != 0) {
        return (protection & PLATFORM_WRITE) != 0 ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    }
    if ((protection & PLATFORM_WRITE) != 0) {
        return PAGE_READWRITE;
    }
    return (protection & PLATFORM_READ) != 0 ? PAGE_READONLY : PAGE_NOACCESS;
}

// Makes [address, address + length) one placeholder: what is there is a view of just that range,
// or lies in a larger placeholder, or is just that placeholder already.
static void isolate_placeholder(void *address, size_t length) {
    if (!api.unmap_view(GetCurrentProcess(), address, MEM_PRESERVE_PLACEHOLDER)) {
        VirtualFree(address, length, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
    }
}

// A part beyond the end of the memory is refused here.
void *platform_memory_map(struct platform_memory *memory, uint64_t offset, size_t length,
                          unsigned protection, void *fixed) {
    if (memory->section == NULL || !have_api()) {
        return NULL;
    }
    void *address = fixed != NULL ? fixed : platform_reserve(length);
    if (address == NULL) {
        return NULL;
    }
    if (fixed != NULL) {
        isolate_placeholder(address, length);
    }
    void *mapped = api.map_view(memory->section, GetCurrentProcess(), address, offset, length,
                                MEM_REPLACE_PLACEHOLDER, page_protection(protection), NULL, 0);
    if (mapped == NULL && fixed == NULL) {
        platform_unmap(address, length);
    }
    return mapped;
}

void *platform_reserve(size_t length) {
    return have_api()
               ? api.virtual_alloc(GetCurrentProcess(), NULL, length,
                                   MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0)
               : NULL;
}

bool platform_reserve_at(void *address, size_t length, bool *taken) {
    *taken = false;
    if (!have_api()) {
        return false;
    }
    const void *got =
        api.virtual_alloc(GetCurrentProcess(), address, length,
                          MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS, NULL, 0);
    *taken = got == NULL && GetLastError() == ERROR_INVALID_ADDRESS;
    return got != NULL;
}

bool platform_reset(void *address, size_t length) {
    (void)length;
    return have_api() &&
           api.unmap_view(GetCurrentProcess(), address, MEM_PRESERVE_PLACEHOLDER) != FALSE;
}

bool platform_unmap(void *address, size_t length) {
    MEMORY_BASIC_INFORMATION information;
    if (VirtualQuery(address, &information, sizeof(information)) == 0 ||
        information.AllocationBase != address || information.RegionSize != length) {
        return false;
    }
    return information.State == MEM_RESERVE ? VirtualFree(address, 0, MEM_RELEASE) != FALSE
                                            : UnmapViewOfFile(address) != FALSE;
}

bool platform_protect(void *address, size_t length, unsigned protection) {
    DWORD old = 0;
    return VirtualProtect(address, length, page_protection(protection), &old) != FALSE;
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
