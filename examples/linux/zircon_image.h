// SPDX-License-Identifier: MIT
//
// Boots a Zircon boot image (ZBI) as Zircon's boot protocol for x86-64 wants it: the kernel at
// 1 MiB, and in RSI the address of a second image, with all other items of the first and those that
// describe the VM.

#ifndef EXAMPLES_LINUX_ZIRCON_IMAGE_H
#define EXAMPLES_LINUX_ZIRCON_IMAGE_H

#include "loader.h"

// The words of a command line come behind those of the image, unless they are none. NULL, or why
// the image cannot be loaded.
const char *zircon_image_load(uint8_t *memory, uint64_t memory_size, unsigned processor_count,
                              const struct file *image, const char *command_line,
                              struct boot_entry *entry);

#endif // EXAMPLES_LINUX_ZIRCON_IMAGE_H
