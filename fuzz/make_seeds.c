// SPDX-License-Identifier: MIT
//
// Writes seeds that are made of the programs of the tests (tests/guests/): make_seeds FOLDER
// PROGRAM... puts them into FOLDER/fuzz_decode, an instruction each, one for each mode, mnemonic
// and length, and into FOLDER/fuzz_image, each program as an ELF file and as a flat one.

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/decode.h>

enum {
    LONGEST_PROGRAM = 0x20000,
    LONGEST_INSTRUCTION = 15,
    ELF_HEADER = 64,
    PROGRAM_HEADER = 56,
    CODE = ELF_HEADER + 2 * PROGRAM_HEADER,
    CODE_SIZE = 64, // What a loader does with the rest is the same.
    ADDRESS = 0x100000,
    MOST_NAMES = 4096,
    NAME_SIZE = 80,
};

struct program {
    char name[64];
    size_t size;
    uint8_t bytes[LONGEST_PROGRAM];
};

static void write_file(const char *folder, const char *target, const char *name, const void *bytes,
                       size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s/%s", folder, target, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void read_program(const char *path, struct program *program) {
    const char *name = strrchr(path, '/');
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    program->size = fread(program->bytes, 1, sizeof program->bytes, file);
    fclose(file);
    snprintf(program->name, sizeof program->name, "%s", name != NULL ? name + 1 : path);
    program->name[strcspn(program->name, ".")] = '\0';
}

// --- Instructions ---

// Whether the name comes for the first time. There are a few hundred.
static bool is_new(const char *name) {
    static char names[MOST_NAMES][NAME_SIZE];
    static size_t count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return false;
        }
    }
    if (count < MOST_NAMES) {
        memcpy(names[count++], name, strlen(name) + 1);
    }
    return true;
}

// Its length; 0 where there is none. `mode` is what the target's first byte says.
static size_t write_instruction(const char *folder, const uint8_t *code, size_t left,
                                unsigned mode) {
    static const zirconia_code_mode_t modes[] = {ZIRCONIA_CODE_16, ZIRCONIA_CODE_32,
                                                 ZIRCONIA_CODE_64};
    uint8_t input[1 + LONGEST_INSTRUCTION] = {(uint8_t)mode};
    char text[64];
    char name[NAME_SIZE];
    size_t length = 0;
    const size_t most = left < LONGEST_INSTRUCTION ? left : LONGEST_INSTRUCTION;
    if (zirconia_disassemble(code, most, modes[mode], 0, text, sizeof text, &length) != ZX_OK) {
        return 0;
    }
    text[strcspn(text, " ")] = '\0';
    memcpy(input + 1, code, length);
    snprintf(name, sizeof name, "%u_%s_%zu", (unsigned)modes[mode], text, length);
    if (is_new(name)) {
        write_file(folder, "fuzz_decode", name, input, 1 + length);
    }
    return length;
}

static void write_instructions(const char *folder, const struct program *program) {
    for (unsigned mode = 0; mode < 3; mode++) {
        for (size_t at = 0; at < program->size;) {
            const size_t length =
                write_instruction(folder, program->bytes + at, program->size - at, mode);
            at += length > 0 ? length : 1;
        }
    }
}

// --- Images ---

static void put(uint8_t *at, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

// At a physical address and, to find the entry point by, at a virtual one.
static void put_segment(uint8_t *header, uint64_t address, size_t file_size, size_t size) {
    put(header, 1, 4);
    put(header + 4, 5, 4);
    put(header + 8, CODE, 8);
    put(header + 16, UINT64_C(0xffffffff80000000) + address, 8);
    put(header + 24, address, 8);
    put(header + 32, file_size, 8);
    put(header + 40, size, 8);
}

static void write_images(const char *folder, const struct program *program) {
    const size_t size = program->size < CODE_SIZE ? program->size : CODE_SIZE;
    uint8_t elf[CODE + CODE_SIZE] = "\177ELF\2\1\1";
    char name[sizeof program->name + 8];
    put(elf + 16, 2, 2);
    put(elf + 18, 62, 2);
    put(elf + 20, 1, 4);
    put(elf + 24, UINT64_C(0xffffffff80000000) + ADDRESS, 8);
    put(elf + 32, ELF_HEADER, 8);
    put(elf + 54, PROGRAM_HEADER, 2);
    put(elf + 56, 2, 2);
    put_segment(elf + ELF_HEADER, ADDRESS, size, size);
    put_segment(elf + ELF_HEADER + PROGRAM_HEADER, 0x8000, size / 2, program->size);
    memcpy(elf + CODE, program->bytes, size);
    snprintf(name, sizeof name, "%s.elf", program->name);
    write_file(folder, "fuzz_image", name, elf, CODE + size);
    write_file(folder, "fuzz_image", program->name, program->bytes, size);
}

int main(int argc, char **argv) {
    static struct program program;
    if (argc < 3) {
        fprintf(stderr, "make_seeds FOLDER PROGRAM...\n");
        return EXIT_FAILURE;
    }
    for (int i = 2; i < argc; i++) {
        read_program(argv[i], &program);
        write_instructions(argv[1], &program);
        write_images(argv[1], &program);
    }
    return EXIT_SUCCESS;
}
