// SPDX-License-Identifier: MIT
//
// Windows reads the memory of any process that the caller has a handle to.

#include "platform/peek.h"

#include <windows.h>

bool platform_peek(uintptr_t address, void *out, size_t size) {
    const void *const from = (const void *)address; // NOLINT(performance-no-int-to-ptr)
    SIZE_T count = 0;
    return ReadProcessMemory(GetCurrentProcess(), from, out, size, &count) != 0 && count == size;
}
