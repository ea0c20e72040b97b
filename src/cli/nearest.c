// SPDX-License-Identifier: MIT
//
// Levenshtein's distance: how many letters to put in, take out or change.

#include "cli/nearest.h"

#include <string.h>

enum { LONGEST = 32 };

static unsigned least(unsigned one, unsigned other) {
    return one < other ? one : other;
}

static unsigned distance(const char *one, size_t size, const char *other) {
    unsigned row[LONGEST + 1];
    const size_t width = strlen(other);
    if (size > LONGEST || width > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= width; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= size; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= width; j++) {
            const unsigned changed = diagonal + (one[i - 1] != other[j - 1]);
            diagonal = row[j];
            row[j] = least(changed, least(row[j - 1], row[j]) + 1);
        }
    }
    return row[width];
}

// More than half of the letters wrong is another word. An option's dashes are no letters.
struct nearest nearest_to(const char *wanted, size_t length) {
    const size_t dashes = strspn(wanted, "-");
    const size_t letters = dashes < length ? length - dashes : 0;
    return (struct nearest){wanted, length, NULL, (unsigned)(letters + 1) / 2 + 1};
}

void nearest_look_at(struct nearest *nearest, const char *word) {
    const unsigned found = distance(nearest->wanted, nearest->length, word);
    if (found < nearest->distance) {
        nearest->distance = found;
        nearest->word = word;
    }
}
