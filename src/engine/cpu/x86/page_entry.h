// SPDX-License-Identifier: MIT
//
// The bits of an entry of page tables (SDM volume 3A, section 4.5).

#ifndef ENGINE_CPU_X86_PAGE_ENTRY_H
#define ENGINE_CPU_X86_PAGE_ENTRY_H

#define ENTRY_PRESENT 1ull
#define ENTRY_WRITABLE 2ull
#define ENTRY_USER 4ull
#define ENTRY_ACCESSED 0x20ull
#define ENTRY_DIRTY 0x40ull
#define ENTRY_LARGE 0x80ull
#define ENTRY_ATTRIBUTE_TABLE 0x1000ull // PAT in the entry of a large page.
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0xffffffffff000ull

// Physical addresses have 40 bits, as the engine's own walk has them.
#define ENTRY_BEYOND_ADDRESS 0xfff0000000000ull

#endif // ENGINE_CPU_X86_PAGE_ENTRY_H
