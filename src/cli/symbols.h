// SPDX-License-Identifier: MIT
//
// The functions of an ELF executable, by address.

#ifndef CLI_SYMBOLS_H
#define CLI_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/image.h"

enum { SYMBOL_TEXT_SIZE = 128 };

struct symbol {
    uint64_t address;
    uint64_t size; // 0 when the file does not say.
    const char *name;
};

// By address. The names lie in the image.
struct symbols {
    struct symbol *list;
    size_t count;
};

// The functions that the image's symbol table names. Entries that are wrong are left out; without
// memory all are.
struct symbols symbols_read(const struct image *image);
void symbols_free(struct symbols *symbols);

// "name+0x12", "name" for its first byte, or "" when the address is in no function.
void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size);

// The function that the address is in, or NULL.
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

// The function of that name, or NULL.
const struct symbol *symbols_named(const struct symbols *symbols, const char *name, size_t length);

#endif // CLI_SYMBOLS_H
