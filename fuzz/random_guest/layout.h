// SPDX-License-Identifier: MIT
//
// Where a random guest's parts lie in its memory, and what its descriptor table holds.

#ifndef RANDOM_GUEST_LAYOUT_H
#define RANDOM_GUEST_LAYOUT_H

#include <stdint.h>

enum {
    PAGE = 0x1000,
    MEMORY_SIZE = 0x40000,

    // Tables of pages. The boot processor starts with CR3 = 0. The directory and the page tables
    // below it serve long mode and PAE alike.
    PML4 = 0x0,
    PDPT = 0x1000,
    DIRECTORY = 0x2000,
    PAGE_TABLE = 0x3000,       // Linear 0 to 2 MiB.
    WILD_TABLE = 0x4000,       // Linear 4 MiB to 6 MiB: anything.
    PAE_PDPT = 0x5000,         // Four entries.
    LEGACY_DIRECTORY = 0x6000, // 32-bit paging.
    LEGACY_TABLE = 0x7000,
    LEGACY_WILD_TABLE = 0x8000,
    SECOND_PML4 = 0x9000,
    TABLES_END = 0xa000,

    // Descriptors.
    GDT = 0xa000,
    LDT = 0xb000,
    IDT_64 = 0xc000,
    IDT_32 = 0xd000,
    TASK_64 = 0xe000,
    TASK_32_FIRST = 0xe200,
    TASK_32_SECOND = 0xe400,
    TASK_16 = 0xe600,
    POINTERS = 0xf000, // For LGDT and LIDT: the GDT, IDT_64 and IDT_32, 16 bytes apart.

    // Code.
    ENTRY_LONG = 0x10000,
    ENTRY_REAL = 0x11000,
    HANDLERS_64 = 0x12000,
    HANDLERS_32 = 0x13000,
    HANDLERS_REAL = 0x14000,
    CHAOS = 0x18000,
    CHAOS_SIZE = 0x2000, // CHAOS is a multiple of it.

    // Data.
    DATA = 0x20000,
    STACKS = 0x28000,
    TAKEN = STACKS, // How many events the handlers have taken. Real mode's SS leads to it.
    STACK_INTERRUPT = 0x2c000,
    STACK_0 = 0x30000,
    STACK_3 = 0x34000,

    // Traps.
    MEMORY_TRAP = 0x38000,
    BELL_TRAP = 0x39000,
    PORTS = 0x1000, // Ports 0 to 0xfff.
    END_PORT = 0xf4,

    // Where the memory shows once more, as guest-physical and as linear address.
    ALIAS = 0x200000,
    WILD = 0x400000, // Linear.
    SELF = 0x600000, // Linear: the directory as a page table.
};

// Selectors.
enum {
    CODE_0 = 0x08,
    DATA_0 = 0x10,
    CODE_32_3 = 0x18,
    DATA_3 = 0x20,
    CODE_3 = 0x28,
    TASK_WIDE = 0x30, // Two places, as all that long mode widens.
    CODE_32_0 = 0x40,
    CODE_16_0 = 0x48, // Based at CHAOS.
    LOCAL_WIDE = 0x50,
    GATE_WIDE = 0x60,
    GATE_32 = 0x70,
    GATE_16 = 0x78,
    TASK_GATE = 0x80,
    TASK_FIRST = 0x88,
    TASK_SECOND = 0x90,
    CODE_CONFORMING = 0x98,
    DATA_DOWN = 0xa0,
    CODE_ABSENT = 0xa8,
    TASK_NARROW = 0xb0,
    DATA_16 = 0xb8,
    RANDOM_SELECTORS = 0xc0, // To the end.
    GDT_SIZE = 0x100,
    LDT_SIZE = 0x40,
};

#endif // RANDOM_GUEST_LAYOUT_H
