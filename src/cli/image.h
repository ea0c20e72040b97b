// SPDX-License-Identifier: MIT
//
// A program as a file: an ELF64 executable for x86-64, by its program headers, or a flat binary.
// Where its parts belong in guest-physical memory, and where it starts. Nothing is relocated.

#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"

enum { IMAGE_MAX_SEGMENTS = 64 };

// Bytes of the file that belong at an address; what lies between file_size and size is zero.
struct image_segment {
    const uint8_t *bytes;
    uint64_t file_size;
    uint64_t address; // guest-physical
    uint64_t size;
    bool executable;
};

struct image {
    uint8_t *file;
    size_t file_size;
    struct image_segment segments[IMAGE_MAX_SEGMENTS];
    size_t segment_count;
    uint64_t entry;
};

// Reads options->image. False when it cannot be read or is no such program, which has been said;
// nothing is left to close then.
bool image_open(const struct options *options, struct image *image);
void image_close(struct image *image);

// Fills in the rest from `file`, which has at least one byte. NULL, or the reason why the file is
// wrong.
const char *image_parse(const struct options *options, struct image *image);

// Copies the image into guest memory that begins at address 0. `reserved` bytes at its bottom are
// not the image's. False when it does not fit, which has been said.
bool image_load(const struct image *image, const char *name, uint8_t *memory, uint64_t memory_size,
                uint64_t reserved);

#endif // CLI_IMAGE_H
