// SPDX-License-Identifier: MIT
//
// Exits by kind: how many, their share of all, the time until the guest ran again, its share and
// its average.

#include "cli/stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zircon/status.h>
#include <zirconia/observe.h>

#include "cli/json.h"
#include "cli/talk.h"

struct row {
    zirconia_exit_kind_t kind;
    zirconia_exit_statistics_t figures;
};

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

static void print_table(const struct row *rows, size_t count) {
    zirconia_exit_statistics_t all = {0};
    for (size_t i = 0; i < count; i++) {
        all.count += rows[i].figures.count;
        all.nanoseconds += rows[i].figures.nanoseconds;
    }
    fprintf(stderr, "%-24s %12s %8s %12s %8s %12s\n", "exit", "count", "share", "time us", "share",
            "average us");
    for (size_t i = 0; i < count; i++) {
        const zirconia_exit_statistics_t *figures = &rows[i].figures;
        double microseconds = (double)figures->nanoseconds / 1000.0;
        fprintf(stderr, "%-24s %12" PRIu64 " %7.2f%% %12.2f %7.2f%% %12.2f\n",
                zirconia_exit_kind_name(rows[i].kind), figures->count,
                share(figures->count, all.count), microseconds,
                share(figures->nanoseconds, all.nanoseconds),
                microseconds / (double)figures->count);
    }
    fprintf(stderr, "%-24s %12" PRIu64 " %8s %12.2f\n", "all", all.count, "",
            (double)all.nanoseconds / 1000.0);
}

void stats_print(zx_handle_t guest, bool json) {
    zirconia_exit_statistics_t figures[ZIRCONIA_EXIT_KIND_COUNT];
    zx_status_t status = zirconia_guest_statistics(guest, figures, ZIRCONIA_EXIT_KIND_COUNT);
    if (status != ZX_OK) {
        talk("no statistics: %s", zx_status_get_string(status));
        return;
    }
    struct row rows[ZIRCONIA_EXIT_KIND_COUNT];
    size_t count = 0;
    for (unsigned kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++)
        if (figures[kind].count != 0)
            rows[count++] = (struct row){(zirconia_exit_kind_t)kind, figures[kind]};
    qsort(rows, count, sizeof(rows[0]), compare_rows);
    if (!json) {
        print_table(rows, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        json_statistics(rows[i].kind, &rows[i].figures);
}
