// SPDX-License-Identifier: MIT
//
// Exits by kind: how many, their share of all, the time until the guest ran again, its share, its
// average, and the shortest and the longest. The library counts all but the last two, by the host's
// clock; in virtual time an exit has no length that would say anything.

#include "cli/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/status.h>
#include <zirconia/observe.h>

#include "cli/fields.h"
#include "cli/json.h"
#include "cli/talk.h"

struct row {
    zirconia_exit_kind_t kind;
    zirconia_exit_statistics_t figures;
    struct stats_span span;
};

void stats_observe(struct stats *stats, const zirconia_exit_t *exit) {
    zirconia_exit_t *open = &stats->open[exit->vcpu];
    if (exit->resumed != 0 && open->time != 0) {
        struct stats_span *span = &stats->spans[open->kind];
        const int64_t length = exit->resumed - open->time;
        if (!span->any || length < span->shortest)
            span->shortest = length;
        if (!span->any || length > span->longest)
            span->longest = length;
        span->any = true;
        open->time = 0;
    }
    if (is_exit_kind(exit->kind) && exit->kind < ZIRCONIA_EXIT_KIND_COUNT)
        *open = *exit;
}

static int compare_rows(const void *left, const void *right) {
    const struct row *a = left;
    const struct row *b = right;
    if (a->figures.nanoseconds != b->figures.nanoseconds)
        return a->figures.nanoseconds < b->figures.nanoseconds ? 1 : -1;
    if (a->figures.count != b->figures.count)
        return a->figures.count < b->figures.count ? 1 : -1;
    return (int)a->kind - (int)b->kind;
}

static double share(uint64_t part, uint64_t whole) {
    return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

// As many decimals as there is room for.
static void print_microseconds(int64_t nanoseconds) {
    const double microseconds = (double)nanoseconds / 1000.0;
    fprintf(stderr, microseconds < 10000 ? " %7.2f" : " %7.0f", microseconds);
}

static void print_row(const struct row *row, const zirconia_exit_statistics_t *all) {
    const zirconia_exit_statistics_t *figures = &row->figures;
    fprintf(stderr, "%-23s %8" PRIu64 " %5.1f%% %9.2f %5.1f%%", zirconia_exit_kind_name(row->kind),
            figures->count, share(figures->count, all->count),
            (double)figures->nanoseconds / 1000.0, share(figures->nanoseconds, all->nanoseconds));
    print_microseconds((int64_t)(figures->nanoseconds / figures->count));
    if (row->span.any) {
        print_microseconds(row->span.shortest);
        print_microseconds(row->span.longest);
    }
    fprintf(stderr, "\n");
}

static void print_table(const struct row *rows, size_t count) {
    zirconia_exit_statistics_t all = {0};
    bool any_span = false;
    for (size_t i = 0; i < count; i++) {
        all.count += rows[i].figures.count;
        all.nanoseconds += rows[i].figures.nanoseconds;
        any_span |= rows[i].span.any;
    }
    fprintf(stderr, "%-23s %8s %6s %9s %6s %7s%s\n", "exit", "count", "share", "time us", "share",
            "average", any_span ? "     min     max" : "");
    for (size_t i = 0; i < count; i++)
        print_row(&rows[i], &all);
    fprintf(stderr, "%-23s %8" PRIu64 " %6s %9.2f\n", "all", all.count, "",
            (double)all.nanoseconds / 1000.0);
}

// The kinds that there were, the one that took longest first. How many.
static size_t make_rows(const zirconia_exit_statistics_t *figures, const struct stats_span *spans,
                        struct row *rows) {
    size_t count = 0;
    for (unsigned kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++)
        if (figures[kind].count != 0)
            rows[count++] = (struct row){(zirconia_exit_kind_t)kind, figures[kind], spans[kind]};
    qsort(rows, count, sizeof(rows[0]), compare_rows);
    return count;
}

void stats_print_figures(const zirconia_exit_statistics_t *figures) {
    static const struct stats_span none[ZIRCONIA_EXIT_KIND_COUNT];
    struct row rows[ZIRCONIA_EXIT_KIND_COUNT];
    print_table(rows, make_rows(figures, none, rows));
}

void stats_print(const struct stats *stats, zx_handle_t guest, bool json) {
    zirconia_exit_statistics_t figures[ZIRCONIA_EXIT_KIND_COUNT];
    zx_status_t status = zirconia_guest_statistics(guest, figures, ZIRCONIA_EXIT_KIND_COUNT);
    if (status != ZX_OK) {
        talk("no statistics: %s", zx_status_get_string(status));
        return;
    }
    struct row rows[ZIRCONIA_EXIT_KIND_COUNT];
    const size_t count = make_rows(figures, stats->spans, rows);
    if (!json) {
        print_table(rows, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        json_statistics(rows[i].kind, &rows[i].figures, &rows[i].span);
}
