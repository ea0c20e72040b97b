// SPDX-License-Identifier: MIT
//
// LOCK BT, BTS, BTR or BTC of a register is undefined on a processor, but Unicorn's translator ends
// the process over it. So the bytes are watched as they are fetched, and translation ends before
// one goes through.

#ifndef ENGINE_CPU_LOCKED_BIT_TEST_H
#define ENGINE_CPU_LOCKED_BIT_TEST_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

struct locked_bit_test {
    enum { BYTE_ANY, BYTE_LOCKED, BYTE_ESCAPE, BYTE_OPCODE } last; // What the last byte may be.
    uint64_t suspect;    // In the window: the ModR/M byte at which translation ended; 0 for none.
    uint64_t cleared[8]; // Suspects in this block that turned out to be none.
    unsigned cleared_count;
    bool cut; // End the next translation at `site`, a linear address.
    uint64_t site;
};

// A block has been translated: the next one is looked at afresh.
void locked_bit_test_reset(struct locked_bit_test *test);

// The next byte of the translation under way, at this address of the window. False to end it.
bool locked_bit_test_fetch(struct locked_bit_test *test, uint64_t window_address, uint8_t byte);

enum suspicion { SUSPICION_CLEARED, SUSPICION_INVALID_OPCODE, SUSPICION_UNKNOWN };

// Looks at the suspect, with the CPU at the block that was to be translated. INVALID_OPCODE: it is
// the instruction at RIP. UNKNOWN: the code cannot be followed there, so it must not be run.
enum suspicion locked_bit_test_resolve(struct cpu *cpu);

#endif // ENGINE_CPU_LOCKED_BIT_TEST_H
