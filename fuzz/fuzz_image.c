// SPDX-License-Identifier: MIT
//
// Feeds any bytes to the tool as an image, as `zirconia run` reads one, under several sets of
// options. It looks for faults, for refusals without a reason, and for parts of an image that are
// not where they belong. The whole input is the file, so that any ELF file is one.

#include "fuzz_trace.h"

#include "cli/image.h"
#include "cli/talk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY_SIZE = 0x120000, RESERVED = 0x6000, UNTOUCHED = 0xa5, LONGEST_REASON = 512 };

static uint8_t memory[MEMORY_SIZE];
static unsigned reasons; // How many reasons were told.

static const struct options option_sets[] = {
    {0},
    {.has_entry = true, .entry = 0},
    {.has_entry = true, .entry = UINT64_MAX},
    {.has_base = true, .base = RESERVED},
    {.has_base = true, .base = RESERVED - 1},
    {.has_base = true, .base = UINT64_MAX},
    {.has_base = true, .base = MEMORY_SIZE - 1, .has_entry = true, .entry = MEMORY_SIZE},
};

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "fuzz_image: %s\n", what);
        abort();
    }
}

// In place of the tool's, which writes to standard error.
void talk(const char *format, ...) {
    char reason[LONGEST_REASON];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    require(length > 0 && length < LONGEST_REASON, "a reason without words or without end");
    reasons++;
    fuzz_trace_bytes(reason, (size_t)length);
}

static bool is_at(const struct image_segment *segment) {
    const uint8_t *at = memory + segment->address;
    bool zero = true;
    for (uint64_t i = segment->file_size; i < segment->size; i++) {
        zero = zero && at[i] == 0;
    }
    return zero && memcmp(at, segment->bytes, (size_t)segment->file_size) == 0;
}

// The last segment lies on top of the others.
static void check_loaded(const struct image *image) {
    require(reasons == 0, "a reason for what was not refused");
    require(image->segment_count > 0 && image->segment_count <= IMAGE_MAX_SEGMENTS,
            "a number of segments that cannot be");
    require(image->entry < MEMORY_SIZE, "an entry point outside of memory");
    require(is_at(&image->segments[image->segment_count - 1]), "a segment is not in its place");
    for (size_t i = 0; i < RESERVED; i++) {
        require(memory[i] == UNTOUCHED, "a store to what is reserved");
    }
}

// Segments may have been copied before one was refused.
static void clear(const struct image *image) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const struct image_segment *segment = &image->segments[i];
        if (segment->address < MEMORY_SIZE && segment->size <= MEMORY_SIZE - segment->address) {
            memset(memory + segment->address, UNTOUCHED, (size_t)segment->size);
        }
    }
}

static void load(const struct options *options, const uint8_t *file, size_t size) {
    struct image image = {.file = (uint8_t *)file, .file_size = size};
    const char *problem = image_parse(options, &image);
    reasons = 0;
    if (problem != NULL) {
        talk("%s", problem);
    } else if (image_load(&image, "input", memory, MEMORY_SIZE, RESERVED)) {
        check_loaded(&image);
    } else {
        require(reasons == 1, "a refusal without a reason, or with several");
    }
    fuzz_trace_bytes(&image.entry, sizeof image.entry);
    if (problem == NULL) {
        clear(&image);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_trace = 0;
    if (size == 0) {
        return 0; // The tool says so before.
    }
    if (memory[0] == 0) {
        memset(memory, UNTOUCHED, sizeof memory);
    }
    for (size_t i = 0; i < sizeof option_sets / sizeof option_sets[0]; i++) {
        load(&option_sets[i], data, size);
    }
    return 0;
}
