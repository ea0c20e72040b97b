// SPDX-License-Identifier: MIT
//
// Puts a kernel where its boot protocol wants it (the kernel's document "The Linux/x86 Boot
// Protocol"), with a command line and an initramfs. A 64-bit kernel is entered by the 64-bit
// protocol, any other by the 32-bit one.

#ifndef EXAMPLES_LINUX_LOADER_H
#define EXAMPLES_LINUX_LOADER_H

#include "initramfs.h"

#include <zirconia/decode.h>

// What the processor starts with: RIP, and RSI.
struct boot_entry {
    uint64_t rip;
    uint64_t boot_parameters;
    zirconia_code_mode_t code_mode; // The kernel's, whatever the processor starts in.
};

// NULL, or why the kernel cannot be loaded. Page tables that map the first 4 GiB to themselves are
// at 0, where a boot processor has its CR3. An initramfs without bytes is none.
const char *loader_load(uint8_t *memory, uint64_t memory_size, const struct file *kernel,
                        const struct file *initramfs, const char *command_line,
                        struct boot_entry *entry);

// The page tables alone.
void loader_map_identity(uint8_t *memory);

#endif // EXAMPLES_LINUX_LOADER_H
