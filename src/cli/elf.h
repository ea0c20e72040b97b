// SPDX-License-Identifier: MIT
//
// The part of ELF64 that loading by program headers needs.

#ifndef CLI_ELF_H
#define CLI_ELF_H

#include <stdbool.h>

#include "cli/image.h"

// A little-endian number of 1 to 8 bytes.
uint64_t elf_field(const uint8_t *at, unsigned size);

bool elf_is_elf(const struct image *image);

// Fills in segments and entry from image->file. NULL, or what is wrong with the file.
const char *elf_read(struct image *image);

#endif // CLI_ELF_H
