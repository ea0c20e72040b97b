// SPDX-License-Identifier: MIT
//
// The guest of the worked example: it unpacks a message of runs. It has a fault for the fuzzer to
// find. Your guest's code takes the place of this file, or is called by it. It is compiled with
// checks that end in UD2, for which it has no handler, and with counters of its own blocks, which
// the harness reads. It is entered in 64-bit mode with a stack, and ends by a write to a port.

#include "layout.h"

#include <stdint.h>

static const struct guest_input *const input = (const struct guest_input *)INPUT;
static uint8_t unpacked[64];

// The fault: a run may be longer than what is left.
static void unpack(const uint8_t *runs, uint32_t size) {
    uint32_t end = 0;
    for (uint32_t i = 0; i + 1 < size && end < sizeof unpacked; i += 2) {
        for (uint8_t count = 0; count < runs[i]; count++) {
            unpacked[end++] = runs[i + 1];
        }
    }
}

static void read_message(const uint8_t *bytes, uint32_t size) {
    if (size > 3 && bytes[0] == 'R' && bytes[1] == 'U' && bytes[2] == 'N') {
        unpack(bytes + 3, size - 3);
    }
}

__attribute__((section(".entry"), noreturn, used)) void entry(void);
void entry(void) {
    read_message(input->bytes, input->size);
    for (;;) {
        __asm__ volatile("outb %%al, %1" : : "a"(0), "N"(END_PORT));
    }
}

// Clang's counters call it where there is a run-time library.
void __sanitizer_cov_8bit_counters_init(const uint8_t *begin, const uint8_t *end);
void __sanitizer_cov_8bit_counters_init(const uint8_t *begin, const uint8_t *end) {
    (void)begin;
    (void)end;
}
