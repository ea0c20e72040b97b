// SPDX-License-Identifier: MIT
//
// Reads an image into memory and copies it to where it belongs.

#include "cli/image.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/elf.h"
#include "cli/recognise.h"
#include "cli/talk.h"

static const uint64_t default_base = 0x100000;
static const size_t max_file_size = (size_t)1 << 30;

static bool complain(const char *name, const char *problem) {
    talk("%s: %s", name, problem);
    return false;
}

// NULL, or why the file could not be read. Works on pipes too.
static const char *read_stream(FILE *stream, struct image *image) {
    size_t capacity = 0;
    do {
        if (image->file_size == max_file_size)
            return "larger than 1 GiB";
        if (image->file_size == capacity) {
            capacity = capacity ? capacity * 2 : (size_t)1 << 16;
            uint8_t *larger = realloc(image->file, capacity);
            if (!larger)
                return "no memory to read it";
            image->file = larger;
        }
        errno = 0;
        image->file_size +=
            fread(image->file + image->file_size, 1, capacity - image->file_size, stream);
        if (ferror(stream))
            return errno ? strerror(errno) : "cannot be read";
    } while (!feof(stream));
    return image->file_size ? NULL : "empty";
}

static void read_flat(const struct options *options, struct image *image) {
    image->entry = options->has_base ? options->base : default_base;
    image->segments[0] = (struct image_segment){
        .bytes = image->file,
        .file_size = image->file_size,
        .address = image->entry,
        .size = image->file_size,
        .executable = true,
    };
    image->segment_count = 1;
}

// A user who says where a file lies knows that it is a flat binary.
static bool is_what_it_seems(const struct options *options, const struct image *image) {
    const bool known = options->has_base || elf_is_elf(image);
    const char *what = known ? NULL : recognise(image->file, image->file_size);
    if (what)
        talk("%s: not a program for this machine but %s; --base runs it as a flat binary all the "
             "same",
             options->image, what);
    return !what;
}

const char *image_parse(const struct options *options, struct image *image) {
    const char *problem = NULL;
    if (!elf_is_elf(image))
        read_flat(options, image);
    else if (options->has_base)
        problem = "ELF, which says itself where it lies; --base is for flat binaries";
    else
        problem = elf_read(image);
    if (options->has_entry)
        image->entry = options->entry;
    return problem;
}

bool image_open(const struct options *options, struct image *image) {
    *image = (struct image){0};
    FILE *stream = fopen(options->image, "rb");
    if (!stream)
        return complain(options->image, strerror(errno));
    const char *problem = read_stream(stream, image);
    fclose(stream);
    if (!problem)
        problem = image_parse(options, image);
    if (problem ? !complain(options->image, problem) : !is_what_it_seems(options, image)) {
        image_close(image);
        return false;
    }
    return true;
}

void image_close(struct image *image) {
    free(image->file);
    *image = (struct image){0};
}

bool image_load(const struct image *image, const char *name, uint8_t *memory, uint64_t memory_size,
                uint64_t reserved) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        if (segment->address < reserved) {
            talk("%s: would lie at 0x%" PRIx64 ", but 0 to 0x%" PRIx64 " hold the page tables",
                 name, segment->address, reserved - 1);
            return false;
        }
        if (segment->address > memory_size || segment->size > memory_size - segment->address) {
            talk("%s: 0x%" PRIx64 " bytes at 0x%" PRIx64 " do not fit in 0x%" PRIx64
                 " bytes of memory; see --mem",
                 name, segment->size, segment->address, memory_size);
            return false;
        }
        memcpy(memory + segment->address, segment->bytes, (size_t)segment->file_size);
        memset(memory + segment->address + segment->file_size, 0,
               (size_t)(segment->size - segment->file_size));
    }
    if (image->entry >= memory_size) {
        talk("%s: the entry point 0x%" PRIx64 " is not in memory; see --entry and --mem", name,
             image->entry);
        return false;
    }
    return true;
}
