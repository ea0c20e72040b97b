// SPDX-License-Identifier: MIT
//
// Runs a fuzz target without libFuzzer, so with any compiler:
//   replay_TARGET FILE...               each file as one input
//   replay_TARGET --random COUNT SEED   COUNT inputs of random bytes; a number that fails can be
//                                       written to a file with --write
//   replay_TARGET --write NUMBER SEED   that input, to standard output

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_RANDOM = 1024, LONGEST_FILE = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = *state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static size_t make_random(uint64_t number, uint64_t seed, uint8_t *bytes) {
    uint64_t state = seed * 1000003 + number;
    const size_t size = next_random(&state) % (LONGEST_RANDOM + 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)next_random(&state);
    }
    return size;
}

// The number of the input in progress, for whoever looks at a crash.
static volatile uint64_t current_number;

static void run_random(uint64_t count, uint64_t seed) {
    static uint8_t bytes[LONGEST_RANDOM];
    for (uint64_t i = 0; i < count; i++) {
        current_number = i;
        LLVMFuzzerTestOneInput(bytes, make_random(i, seed, bytes));
    }
    printf("%llu random inputs\n", (unsigned long long)count);
}

static int run_file(const char *path) {
    static uint8_t bytes[LONGEST_FILE];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        return EXIT_FAILURE;
    }
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, size);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "--random") == 0) {
        run_random(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
        return EXIT_SUCCESS;
    }
    if (argc == 4 && strcmp(argv[1], "--write") == 0) {
        uint8_t bytes[LONGEST_RANDOM];
        const size_t size =
            make_random(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0), bytes);
        return fwrite(bytes, 1, size, stdout) == size ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    int result = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1; i < argc; i++) {
        if (run_file(argv[i]) != EXIT_SUCCESS) {
            result = EXIT_FAILURE;
        }
    }
    return result;
}
