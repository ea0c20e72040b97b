// SPDX-License-Identifier: MIT
//
// The symbol table of an ELF64 file. Each field of it may be wrong, and is checked.

#include "cli/symbols.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/elf.h"

enum {
    SECTION_HEADER_SIZE = 64,
    SECTION_SYMBOLS = 2,
    SYMBOL_SIZE = 24,
    TYPE_NONE = 0,
    TYPE_FUNCTION = 2,
    INDEX_UNDEFINED = 0,
    INDEX_RESERVED = 0xff00,
};

struct part {
    const uint8_t *bytes;
    uint64_t size;
};

// A part of the file, empty when the file ends before.
static struct part part_of(const struct image *image, uint64_t offset, uint64_t size) {
    if (offset > image->file_size || size > image->file_size - offset)
        return (struct part){NULL, 0};
    return (struct part){image->file + offset, size};
}

static struct part section_header(const struct image *image, uint64_t index) {
    const uint64_t table = elf_field(image->file + 40, 8);
    const uint64_t count = elf_field(image->file + 60, 2);
    return index < count && table < image->file_size
               ? part_of(image, table + index * SECTION_HEADER_SIZE, SECTION_HEADER_SIZE)
               : (struct part){NULL, 0};
}

static struct part section(const struct image *image, struct part header) {
    return part_of(image, elf_field(header.bytes + 24, 8), elf_field(header.bytes + 32, 8));
}

// NULL unless it ends in the table.
static const char *name_at(struct part names, uint64_t offset) {
    const bool ends =
        offset < names.size && memchr(names.bytes + offset, 0, (size_t)(names.size - offset));
    return ends ? (const char *)names.bytes + offset : NULL;
}

// Functions, and the labels of assembly code.
static bool is_code(const uint8_t *entry) {
    const unsigned type = entry[4] & 15;
    const uint64_t index = elf_field(entry + 6, 2);
    return (type == TYPE_NONE || type == TYPE_FUNCTION) && index != INDEX_UNDEFINED &&
           index < INDEX_RESERVED;
}

static int by_address(const void *one, const void *other) {
    const struct symbol *left = one;
    const struct symbol *right = other;
    return left->address < right->address ? -1 : left->address > right->address;
}

static void read_table(struct symbols *symbols, struct part table, struct part names) {
    const uint64_t count = table.size / SYMBOL_SIZE;
    symbols->list = count ? calloc((size_t)count, sizeof(symbols->list[0])) : NULL;
    for (uint64_t i = 0; i < count && symbols->list; i++) {
        const uint8_t *entry = table.bytes + i * SYMBOL_SIZE;
        const char *name = name_at(names, elf_field(entry, 4));
        if (name && name[0] && is_code(entry))
            symbols->list[symbols->count++] =
                (struct symbol){elf_field(entry + 8, 8), elf_field(entry + 16, 8), name};
    }
    if (symbols->count)
        qsort(symbols->list, symbols->count, sizeof(symbols->list[0]), by_address);
}

struct symbols symbols_read(const struct image *image) {
    struct symbols symbols = {NULL, 0};
    if (!elf_is_elf(image))
        return symbols;
    struct part header;
    for (uint64_t i = 0; (header = section_header(image, i)).bytes; i++) {
        if (elf_field(header.bytes + 4, 4) != SECTION_SYMBOLS)
            continue;
        const struct part names = section_header(image, elf_field(header.bytes + 40, 4));
        if (names.bytes)
            read_table(&symbols, section(image, header), section(image, names));
        break;
    }
    return symbols;
}

void symbols_free(struct symbols *symbols) {
    free(symbols->list);
    *symbols = (struct symbols){NULL, 0};
}

// The last function at or before the address.
static const struct symbol *find(const struct symbols *symbols, uint64_t address) {
    size_t low = 0;
    size_t high = symbols->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (symbols->list[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &symbols->list[low - 1] : NULL;
}

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address) {
    const struct symbol *symbol = find(symbols, address);
    const bool inside = symbol && (symbol->size == 0 || address - symbol->address < symbol->size);
    return inside ? symbol : NULL;
}

const struct symbol *symbols_named(const struct symbols *symbols, const char *name, size_t length) {
    for (size_t i = 0; i < symbols->count; i++)
        if (strlen(symbols->list[i].name) == length &&
            memcmp(symbols->list[i].name, name, length) == 0)
            return &symbols->list[i];
    return NULL;
}

void symbols_text(const struct symbols *symbols, uint64_t address, char *text, size_t size) {
    const struct symbol *symbol = symbols_find(symbols, address);
    if (!symbol)
        text[0] = '\0';
    else if (address == symbol->address)
        snprintf(text, size, "%.100s", symbol->name);
    else
        snprintf(text, size, "%.100s+0x%" PRIx64, symbol->name, address - symbol->address);
}
