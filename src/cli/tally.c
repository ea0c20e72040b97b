// SPDX-License-Identifier: MIT
//
// An open hash table that never grows: a guest that touches very many addresses is told in full by
// --json.

#include "cli/tally.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/fields.h"

enum { MOST_ROWS = TALLY_SLOTS * 3 / 4, PRINTED_ROWS = 20 };

static bool has_direction(zirconia_exit_kind_t kind) {
    return kind == ZIRCONIA_EXIT_IO_INSTRUCTION;
}

static bool has_access(zirconia_exit_kind_t kind) {
    return kind == ZIRCONIA_EXIT_EPT_VIOLATION;
}

// The part of a row's key beside the kind and the first qualification.
static uint64_t second(const zirconia_exit_t *exit) {
    return has_direction(exit->kind) ? exit->qualification[2]
           : has_access(exit->kind)  ? exit->qualification[1]
                                     : 0;
}

static bool is_same(const zirconia_exit_t *one, const zirconia_exit_t *other) {
    return one->kind == other->kind && one->qualification[0] == other->qualification[0] &&
           second(one) == second(other);
}

void tally_add(struct tally *tally, const zirconia_exit_t *exit) {
    const uint64_t key =
        (exit->qualification[0] * 4 + second(exit)) * 16 + (uint64_t)exit->kind + 1;
    size_t slot = (size_t)(key * 0x9e3779b97f4a7c15u >> 54);
    while (tally->rows[slot].count && !is_same(&tally->rows[slot].exit, exit))
        slot = (slot + 1) % TALLY_SLOTS;
    struct tally_row *row = &tally->rows[slot];
    if (row->count == 0 && tally->used == MOST_ROWS) {
        tally->others++;
        return;
    }
    if (row->count == 0) {
        row->exit = *exit;
        tally->used++;
    }
    row->count++;
}

static int by_count(const void *one, const void *other) {
    const struct tally_row *left = one;
    const struct tally_row *right = other;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    return left->exit.qualification[0] < right->exit.qualification[0] ? -1 : 1;
}

static void append_what(struct text *line, const zirconia_exit_t *exit) {
    static const char *const accesses[] = {"", " read", " write", " modify", " fetch"};
    const struct fields fields = fields_of_exit(exit);
    if (fields.count)
        text_append(line, " %s 0x%" PRIx64, fields.list[0].name, exit->qualification[0]);
    if (has_direction(exit->kind))
        text_append(line, exit->qualification[2] ? " in" : " out");
    else if (has_access(exit->kind) && exit->qualification[1] < 5)
        text_append(line, "%s", accesses[exit->qualification[1]]);
}

void tally_sort(struct tally *tally) {
    qsort(tally->rows, TALLY_SLOTS, sizeof(tally->rows[0]), by_count);
}

void tally_row_text(const struct tally_row *row, struct text *line) {
    text_append(line, "%12" PRIu64 "  %s", row->count, zirconia_exit_kind_name(row->exit.kind));
    append_what(line, &row->exit);
}

void tally_print(struct tally *tally) {
    tally_sort(tally);
    uint64_t rest = tally->others;
    for (size_t i = 0; i < TALLY_SLOTS && tally->rows[i].count; i++) {
        struct text line = {0};
        if (i >= PRINTED_ROWS) {
            rest += tally->rows[i].count;
            continue;
        }
        tally_row_text(&tally->rows[i], &line);
        text_write_line(&line, stderr);
    }
    if (rest)
        fprintf(stderr, "%12" PRIu64 "  others\n", rest);
}
