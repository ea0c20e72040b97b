// SPDX-License-Identifier: MIT
//
// How often each port, guest-physical address, MSR, CPUID leaf and vector made an exit.

#ifndef CLI_TALLY_H
#define CLI_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include <zirconia/observe.h>

#include "cli/text.h"

enum { TALLY_SLOTS = 1024 };

struct tally_row {
    zirconia_exit_t exit; // The first of its kind.
    uint64_t count;       // 0: the row is free.
};

struct tally {
    struct tally_row rows[TALLY_SLOTS];
    size_t used;
    uint64_t others; // The exits for which no row was free.
};

void tally_add(struct tally *tally, const zirconia_exit_t *exit);

// Sorts the most frequent first; nothing can be added any more.
void tally_sort(struct tally *tally);

// Says how often, and what.
void tally_row_text(const struct tally_row *row, struct text *line);

// Prints the most frequent ones on standard error.
void tally_print(struct tally *tally);

#endif // CLI_TALLY_H
