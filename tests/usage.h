// SPDX-License-Identifier: MIT
//
// The memory, descriptors and threads of the process, on Linux (0 elsewhere), for tests that these
// stay the same in the long run.

#ifndef TESTS_USAGE_H
#define TESTS_USAGE_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>

struct usage {
    unsigned descriptors;
    unsigned threads;
    unsigned long pages;
};

#ifdef __linux__

static inline unsigned count_entries(const char *path) {
    unsigned count = 0;
    DIR *directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    ck_assert_int_eq(closedir(directory), 0);
    return count;
}

static inline struct usage usage_now(void) {
    struct usage usage = {count_entries("/proc/self/fd"), count_entries("/proc/self/task"), 0};
    FILE *statm = fopen("/proc/self/statm", "r");
    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%*u %lu", &usage.pages), 1);
    ck_assert_int_eq(fclose(statm), 0);
    return usage;
}

#else

static inline struct usage usage_now(void) {
    return (struct usage){0, 0, 0};
}

#endif

#endif // TESTS_USAGE_H
