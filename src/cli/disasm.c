// SPDX-License-Identifier: MIT
//
// `zirconia disasm`: the executable parts of an image as instructions, one a line: address, bytes,
// text.

#include <inttypes.h>
#include <stdio.h>

#include <zirconia/decode.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/image.h"
#include "cli/talk.h"
#include "cli/text.h"

// Room for the bytes of most instructions; longer ones push their text to the right.
enum { TEXT_COLUMN = 42, LONGEST_INSTRUCTION = 15 };

// One line; returns how many bytes it took. What is no instruction goes byte by byte.
static size_t print_instruction(const uint8_t *bytes, uint64_t size, zirconia_code_mode_t mode,
                                uint64_t address) {
    char words[96];
    size_t length;
    size_t available = size < LONGEST_INSTRUCTION ? (size_t)size : LONGEST_INSTRUCTION;
    if (zirconia_disassemble(bytes, available, mode, address, words, sizeof(words), &length) !=
        ZX_OK) {
        snprintf(words, sizeof(words), ".byte 0x%02x", bytes[0]);
        length = 1;
    }
    struct text line = {0};
    text_append(&line, "%#10" PRIx64 "  ", address);
    for (size_t i = 0; i < length; i++)
        text_append(&line, "%02x ", bytes[i]);
    text_pad(&line, TEXT_COLUMN);
    text_append(&line, "%s", words);
    text_write_line(&line, stdout);
    return length;
}

static void print_help(void) {
    help_print(SUBCOMMAND_DISASM,
               "  zirconia disasm hello.elf\n"
               "  zirconia disasm boot.bin --base 0x7c00 --mode 16\n",
               "Prints the executable segments of an ELF64 executable, or a flat binary, as\n"
               "instructions.\n");
}

int command_disasm(int count, char **words) {
    struct options options = {.mode = ZIRCONIA_CODE_64};
    if (!options_parse(SUBCOMMAND_DISASM, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_help();
        return EXIT_CODE_OK;
    }
    struct image image;
    if (!image_open(&options, &image))
        return EXIT_CODE_USAGE;
    for (size_t i = 0; i < image.segment_count; i++) {
        const struct image_segment *segment = &image.segments[i];
        if (!segment->executable)
            continue;
        for (uint64_t at = 0; at < segment->file_size && !ferror(stdout);)
            at += print_instruction(segment->bytes + at, segment->file_size - at, options.mode,
                                    segment->address + at);
    }
    image_close(&image);
    return EXIT_CODE_OK;
}
