// SPDX-License-Identifier: MIT
//
// How a random guest comes from a VCPU's first instruction to its code, in the mode it shall have.

#ifndef RANDOM_GUEST_BOOT_H
#define RANDOM_GUEST_BOOT_H

#include "choices.h"
#include "image.h"

enum boot_mode {
    BOOT_LONG_KERNEL,
    BOOT_LONG_USER,
    BOOT_COMPATIBILITY_KERNEL,
    BOOT_COMPATIBILITY_USER,
    BOOT_COMPATIBILITY_16,

    // From here on the VCPU is an application processor; in the modes above it is the first one.
    BOOT_LONG_MODES,
    BOOT_REAL = BOOT_LONG_MODES,
    BOOT_PROTECTED_KERNEL,
    BOOT_PROTECTED_USER,
    BOOT_PROTECTED_16,
    BOOT_VIRTUAL_8086,
    BOOT_MODES,
};

// 64, 32 or 16: of the code that is reached.
unsigned boot_bits(enum boot_mode mode);

// What zx_vcpu_create() is given.
uint32_t boot_entry(enum boot_mode mode);

// `start` is the offset in the code that it leads to.
void boot_put(struct image *image, struct choices *choices, enum boot_mode mode, uint32_t start);

#endif // RANDOM_GUEST_BOOT_H
