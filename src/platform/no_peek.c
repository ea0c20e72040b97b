// SPDX-License-Identifier: MIT
//
// Hosts that have no way to look, and builds with ZIRCONIA_PORTABLE.

#include "platform/peek.h"

bool platform_peek(uintptr_t address, void *out, size_t size) {
    (void)address;
    (void)out;
    (void)size;
    return false;
}
