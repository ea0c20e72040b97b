// SPDX-License-Identifier: MIT
//
// ELF64, little-endian, x86-64, ET_EXEC. Fields are read byte by byte at the offsets of the ELF
// specification, so neither the host's byte order nor the file's alignment matters. Segments go to
// their physical addresses; an entry point that lies in a segment by virtual address is taken to
// the same place in it.

#include "cli/elf.h"

#include <string.h>

enum {
    HEADER_SIZE = 64,
    PROGRAM_HEADER_SIZE = 56,
    CLASS_64 = 2,
    DATA_LITTLE_ENDIAN = 1,
    TYPE_EXEC = 2,
    TYPE_DYN = 3,
    MACHINE_X86_64 = 62,
    SEGMENT_LOAD = 1,
    SEGMENT_EXECUTABLE = 1,
};

uint64_t elf_field(const uint8_t *at, unsigned size) {
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

bool elf_is_elf(const struct image *image) {
    return image->file_size >= 4 && memcmp(image->file, "\177ELF", 4) == 0;
}

static const char *check_header(const struct image *image) {
    const uint8_t *file = image->file;
    if (image->file_size < HEADER_SIZE)
        return "truncated: the ELF header is not whole";
    if (file[4] != CLASS_64)
        return "ELF, but not 64-bit";
    if (file[5] != DATA_LITTLE_ENDIAN || elf_field(file + 18, 2) != MACHINE_X86_64)
        return "ELF for another machine than x86-64";
    if (elf_field(file + 16, 2) == TYPE_DYN)
        return "position-independent ELF; link it with -static -no-pie";
    if (elf_field(file + 16, 2) != TYPE_EXEC)
        return "ELF, but not an executable";
    if (elf_field(file + 54, 2) != PROGRAM_HEADER_SIZE)
        return "ELF with program headers of an unknown size";
    return NULL;
}

// Adds the segment of one PT_LOAD header and places the entry point if it is in there.
static const char *add_segment(struct image *image, const uint8_t *header, uint64_t virtual_entry,
                               bool *entry_found) {
    uint64_t offset = elf_field(header + 8, 8);
    uint64_t virtual_address = elf_field(header + 16, 8);
    uint64_t address = elf_field(header + 24, 8);
    uint64_t file_size = elf_field(header + 32, 8);
    uint64_t size = elf_field(header + 40, 8);
    if (size == 0)
        return NULL;
    if (file_size > size)
        return "ELF segment with more bytes than memory";
    if (offset > image->file_size || file_size > image->file_size - offset)
        return "truncated: a segment goes on beyond the end of the file";
    if (image->segment_count == IMAGE_MAX_SEGMENTS)
        return "ELF with more than 64 segments";
    image->segments[image->segment_count++] = (struct image_segment){
        .bytes = image->file + offset,
        .file_size = file_size,
        .address = address,
        .size = size,
        .executable = (elf_field(header + 4, 4) & SEGMENT_EXECUTABLE) != 0,
    };
    if (!*entry_found && virtual_entry - virtual_address < size) {
        image->entry = virtual_entry - virtual_address + address;
        *entry_found = true;
    }
    return NULL;
}

const char *elf_read(struct image *image) {
    const char *problem = check_header(image);
    if (problem)
        return problem;
    uint64_t entry = elf_field(image->file + 24, 8);
    uint64_t table = elf_field(image->file + 32, 8);
    uint64_t count = elf_field(image->file + 56, 2);
    if (table > image->file_size || count * PROGRAM_HEADER_SIZE > image->file_size - table)
        return "truncated: the program headers are not whole";
    image->entry = entry;
    bool entry_found = false;
    for (uint64_t i = 0; i < count && !problem; i++) {
        const uint8_t *header = image->file + table + i * PROGRAM_HEADER_SIZE;
        if (elf_field(header, 4) == SEGMENT_LOAD)
            problem = add_segment(image, header, entry, &entry_found);
    }
    if (!problem && image->segment_count == 0)
        problem = "ELF without anything to load";
    return problem;
}
