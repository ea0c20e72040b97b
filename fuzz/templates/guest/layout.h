// SPDX-License-Identifier: MIT
//
// What the harness and the guest agree on: where things are in the guest's memory, the first 4 MiB.

#ifndef LAYOUT_H_
#define LAYOUT_H_

#include <stdint.h>

enum {
    MEMORY_SIZE = 4 << 20,
    INPUT = 0x2000,
    STACK_END = 0x10000,
    IMAGE = 0x10000,    // guest.ld
    COUNTERS = 0x14000, // guest.ld
    COUNTERS_SIZE = 0x400,
    END_PORT = 0xf4,
};

struct guest_input {
    uint32_t size;
    uint8_t bytes[4092];
};

#endif // LAYOUT_H_
