// SPDX-License-Identifier: MIT
//
// Runs a fuzz target without a fuzzing engine, so with any compiler:
//   replay_TARGET FILE...                      each file as one input
//   replay_TARGET --random COUNT SEED          COUNT inputs of random bytes; a number that fails
//                                              can be written to a file with --write
//   replay_TARGET --write NUMBER SEED          that input, to standard output
//   replay_TARGET --changed COUNT SEED FILE... COUNT inputs, each a file with a few random changes;
//                                              one that fails is left in changed_TARGET
//   replay_TARGET --same COUNT FILE...         each file COUNT times, which must do the same every
//                                              time by the target's hash; how many runs had other
//                                              coverage is told, in an instrumented build
//   replay_TARGET --same-coverage COUNT FILE...  no run may have other coverage, either

#include "fuzz_trace.h"
#include "replay_coverage.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// At first a process does things that it does not do later: it makes what all inputs share, and
// takes handles that none has had.
enum {
    LONGEST_RANDOM = 1024,
    LONGEST_FILE = 1 << 20,
    MOST_CHANGES = 6,
    FIRST_RUNS = 300,
    MOST_TRIES = 10
};

struct input_file {
    uint8_t *bytes;
    size_t size;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t next_random(uint64_t *state) {
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = *state;
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

// --- Random bytes ---

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

static int write_random(uint64_t number, uint64_t seed) {
    uint8_t bytes[LONGEST_RANDOM];
    const size_t size = make_random(number, seed, bytes);
    return fwrite(bytes, 1, size, stdout) == size ? EXIT_SUCCESS : EXIT_FAILURE;
}

// --- Files ---

static bool read_file(const char *path, struct input_file *file) {
    static uint8_t bytes[LONGEST_FILE];
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        return false;
    }
    file->size = fread(bytes, 1, sizeof bytes, stream);
    fclose(stream);
    file->bytes = malloc(file->size + 1);
    if (file->bytes != NULL) {
        memcpy(file->bytes, bytes, file->size);
    }
    return file->bytes != NULL;
}

static bool run_file(const char *path, const struct input_file *file) {
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(file->bytes, file->size);
    return true;
}

// What an input did, and its coverage, to compare other runs with: of a run whose coverage the next
// one has, too, because now and then a process does something that it seldom does.
static uint64_t keep_usual_run(const struct input_file *file) {
    uint64_t trace = 0;
    unsigned tries = 0;
    do {
        replay_coverage_clear();
        LLVMFuzzerTestOneInput(file->bytes, file->size);
        trace = fuzz_trace;
        replay_coverage_keep();
        replay_coverage_clear();
        LLVMFuzzerTestOneInput(file->bytes, file->size);
    } while (!replay_coverage_is_same() && ++tries < MOST_TRIES);
    return trace;
}

struct again {
    uint64_t count;
    bool same_coverage;
};

static bool run_again(const char *path, const struct input_file *file, struct again again) {
    uint64_t others = 0;
    for (int i = 0; i < FIRST_RUNS; i++) {
        LLVMFuzzerTestOneInput(file->bytes, file->size);
    }
    const uint64_t trace = keep_usual_run(file);
    for (uint64_t i = 1; i < again.count; i++) {
        replay_coverage_clear();
        LLVMFuzzerTestOneInput(file->bytes, file->size);
        others += !replay_coverage_is_same();
        if (trace != fuzz_trace) {
            fprintf(stderr, "%s: run %llu did something else\n", path, (unsigned long long)i);
            return false;
        }
    }
    printf("%s: the same %llu times, but for %llu in coverage, of %zu places\n", path,
           (unsigned long long)again.count, (unsigned long long)others, replay_coverage_places());
    if (others != 0) {
        replay_coverage_tell();
    }
    return others == 0 || !again.same_coverage;
}

// `again.count` is 0 for one run.
static int run_files(char **paths, int count, struct again again) {
    int result = count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 0; i < count; i++) {
        struct input_file file = {0};
        if (!read_file(paths[i], &file) ||
            !(again.count > 0 ? run_again(paths[i], &file, again) : run_file(paths[i], &file))) {
            result = EXIT_FAILURE;
        }
        free(file.bytes);
    }
    return result;
}

// --- Changed files ---

static struct {
    uint8_t bytes[LONGEST_FILE];
    size_t size;
    char path[256];
} changed;

static void save_changed(int number) {
    // The process is at its end: what no handler may call can but fail to save the file.
    // NOLINTBEGIN(bugprone-signal-handler)
    FILE *file = fopen(changed.path, "wb");
    if (file != NULL) {
        fwrite(changed.bytes, 1, changed.size, file);
        fclose(file);
    }
    // NOLINTEND(bugprone-signal-handler)
    signal(number, SIG_DFL);
    raise(number);
}

// A byte, or the low bytes of a word, near a power of two or anything.
static void change_once(uint64_t *state) {
    const uint64_t kind = next_random(state);
    const size_t width = (size_t)1 << kind % 4;
    if (changed.size < width) {
        return;
    }
    const size_t at = next_random(state) % (changed.size - width + 1);
    uint64_t value = next_random(state);
    if (kind / 4 % 2 == 0) {
        value = (UINT64_C(1) << value % 64) + value / 64 % 3 - 1;
    }
    for (size_t i = 0; i < width; i++) {
        changed.bytes[at + i] = (uint8_t)(value >> 8 * i);
    }
    if (kind / 8 % 16 == 0) { // Shorter, at that place.
        memmove(changed.bytes + at, changed.bytes + at + width, changed.size - at - width);
        changed.size -= width;
    }
}

static void run_changed(uint64_t count, uint64_t seed, const struct input_file *files,
                        size_t file_count) {
    uint64_t state = seed;
    for (uint64_t i = 0; i < count; i++) {
        const struct input_file *file = &files[next_random(&state) % file_count];
        changed.size = file->size;
        if (file->size > 0) {
            memcpy(changed.bytes, file->bytes, file->size);
        }
        for (uint64_t left = 1 + next_random(&state) % MOST_CHANGES; left > 0; left--) {
            change_once(&state);
        }
        LLVMFuzzerTestOneInput(changed.bytes, changed.size);
    }
    printf("%llu changed inputs\n", (unsigned long long)count);
}

static int change_files(const char *program, uint64_t count, uint64_t seed, char **paths,
                        int path_count) {
    struct input_file *files = calloc((size_t)path_count + 1, sizeof *files);
    bool read = files != NULL && path_count > 0;
    const char *name = strrchr(program, '/');
    snprintf(changed.path, sizeof changed.path, "changed_%s", name != NULL ? name + 1 : program);
    signal(SIGABRT, save_changed);
    for (int i = 0; read && i < path_count; i++) {
        read = read_file(paths[i], &files[i]);
    }
    if (read) {
        run_changed(count, seed, files, (size_t)path_count);
    }
    for (int i = 0; files != NULL && i < path_count; i++) {
        free(files[i].bytes);
    }
    free(files);
    return read ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    const uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 0;
    if (strcmp(what, "--random") == 0 && argc == 4) {
        run_random(count, seed);
        return EXIT_SUCCESS;
    }
    if (strcmp(what, "--write") == 0 && argc == 4) {
        return write_random(count, seed);
    }
    if (strcmp(what, "--changed") == 0 && argc > 4) {
        return change_files(argv[0], count, seed, argv + 4, argc - 4);
    }
    if (strcmp(what, "--same") == 0 && argc > 3) {
        return run_files(argv + 3, argc - 3, (struct again){count, false});
    }
    if (strcmp(what, "--same-coverage") == 0 && argc > 3) {
        return run_files(argv + 3, argc - 3, (struct again){count, true});
    }
    return run_files(argv + 1, argc - 1, (struct again){0});
}
