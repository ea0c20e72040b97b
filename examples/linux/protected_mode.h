// SPDX-License-Identifier: MIT
//
// From the 64-bit mode in which Zircon starts a boot processor down to the state that Linux's
// 32-bit boot protocol asks for: protected mode without paging, flat segments, ESI kept.

#ifndef EXAMPLES_LINUX_PROTECTED_MODE_H
#define EXAMPLES_LINUX_PROTECTED_MODE_H

#include <stdint.h>

enum { PROTECTED_MODE_SIZE = 0x100 };

// Writes code to `address`, below 4 GiB, that goes there and then jumps to `target`.
void protected_mode_write(uint8_t *memory, uint32_t address, uint32_t target);

#endif // EXAMPLES_LINUX_PROTECTED_MODE_H
