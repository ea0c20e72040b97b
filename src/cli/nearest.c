// SPDX-License-Identifier: MIT
//
// Levenshtein's distance with swaps: how many letters to put in, take out or change, or neighbours
// to exchange.

#include "cli/nearest.h"

#include <string.h>

enum { LONGEST = 32 };

static unsigned least(unsigned one, unsigned other) {
    return one < other ? one : other;
}

static unsigned distance(const char *one, size_t size, const char *other) {
    unsigned rows[LONGEST + 1][LONGEST + 1]; // For the first i letters and the first j.
    const size_t width = strlen(other);
    if (size > LONGEST || width > LONGEST)
        return LONGEST;
    for (size_t i = 0; i <= size; i++) {
        rows[i][0] = (unsigned)i;
        for (size_t j = 1; j <= width; j++) {
            if (i == 0) {
                rows[0][j] = (unsigned)j;
                continue;
            }
            const unsigned changed = rows[i - 1][j - 1] + (one[i - 1] != other[j - 1]);
            rows[i][j] = least(changed, least(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[size][width];
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
