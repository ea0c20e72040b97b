// SPDX-License-Identifier: MIT
//
// Medians, smallest and largest figures, and how fast Zirconia is beside the other sides: the
// median of the ratios of each round, which other work on the host disturbs least.

#include "compare_report.h"

#include "compare_host.h"
#include "compare_ports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zirconia/zirconia.h>

static const char *const side_names[SIDE_COUNT] = {"zirconia", "unicorn", "qemu"};

struct summary {
    double median;
    double smallest;
    double largest;
};

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

static struct summary summarize(const double *values, unsigned count) {
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof sorted[0]);
    qsort(sorted, count, sizeof sorted[0], compare);
    return (struct summary){sorted[count / 2], sorted[0], sorted[count - 1]};
}

// A time in the unit of the work.
static double in_unit(const struct work *work, double time) {
    if (strcmp(work->unit, "s") == 0) {
        return time / 1e9;
    }
    return strcmp(work->unit, "ns") == 0 ? time / work->per : work->per * 1000 / time;
}

static struct summary side_summary(const struct work *work, const struct times *times,
                                   enum side side) {
    double values[ROUNDS_MAX] = {0};
    for (unsigned round = 0; round < times->rounds; round++) {
        values[round] = in_unit(work, times->values[side][round]);
    }
    return summarize(values, times->rounds);
}

// Zirconia's speed beside that of another side.
static struct summary ratio(const struct times *times, enum side other) {
    double values[ROUNDS_MAX] = {0};
    for (unsigned round = 0; round < times->rounds; round++) {
        values[round] = times->values[other][round] / times->values[SIDE_ZIRCONIA][round];
    }
    return summarize(values, times->rounds);
}

static const char *verdict(const struct work *work, const struct times *times) {
    bool good = true;
    bool judged = false;
    const double target[SIDE_COUNT] = {0, work->of_unicorn, work->of_qemu};
    for (enum side side = SIDE_UNICORN; side <= SIDE_QEMU; side++) {
        if (target[side] > 0 && times->there[side]) {
            judged = true;
            good = good && ratio(times, side).median >= target[side];
        }
    }
    if (work->limit > 0) {
        judged = true;
        good = good && side_summary(work, times, SIDE_ZIRCONIA).median <= work->limit;
    }
    return !judged ? "" : good ? "PASS" : "missed";
}

static void print_targets(const struct work *work) {
    if (work->of_unicorn > 0) {
        printf(" %.2f of Unicorn", work->of_unicorn);
    }
    if (work->of_qemu > 0) {
        printf(" %.2f of QEMU", work->of_qemu);
    }
    if (work->limit > 0) {
        printf(" %.0f ns", work->limit);
    }
}

void report_header(unsigned rounds) {
    printf("Zirconia %s on Unicorn %s; %s\n%s\nMedians of %u rounds (smallest..largest)\n\n",
           zirconia_version(), zirconia_engine_version(), host_qemu(), host_processor(), rounds);
    printf("| %-17s | %-4s | %-20s | %-20s | %-20s | of Unicorn | of QEMU | target\n", "", "",
           "Zirconia", "Unicorn", "QEMU");
    printf("|---|---|--:|--:|--:|--:|--:|---|\n");
}

void report_line(const struct work *work, const struct times *times) {
    printf("| %-17s | %-4s", work->name, work->unit);
    for (enum side side = SIDE_ZIRCONIA; side < SIDE_COUNT; side++) {
        char text[40] = "";
        if (times->there[side]) {
            const struct summary figure = side_summary(work, times, side);
            const int digits = figure.median < 10 ? 2 : figure.median < 100 ? 1 : 0;
            snprintf(text, sizeof text, "%.*f (%.*f..%.*f)", digits, figure.median, digits,
                     figure.smallest, digits, figure.largest);
        }
        printf(" | %20s", text);
    }
    for (enum side side = SIDE_UNICORN; side < SIDE_COUNT; side++) {
        char text[20] = "";
        if (times->there[side]) {
            snprintf(text, sizeof text, "%.2f", ratio(times, side).median);
        }
        printf(side == SIDE_UNICORN ? " | %10s" : " | %7s", text);
    }
    printf(" | %s", verdict(work, times));
    print_targets(work);
    printf("\n");
    fflush(stdout);
}

static void write_summary(FILE *file, const char *name, const struct summary *figure) {
    fprintf(file, ", \"%s\": {\"median\": %.5g, \"smallest\": %.5g, \"largest\": %.5g}", name,
            figure->median, figure->smallest, figure->largest);
}

static void write_work(FILE *file, const struct work *work, const struct times *times) {
    static const char *const ratio_names[] = {"", "of_unicorn", "of_qemu"};
    fprintf(file, "    {\"name\": \"%s\", \"unit\": \"%s\", \"rounds\": %u", work->name, work->unit,
            times->rounds);
    for (enum side side = SIDE_ZIRCONIA; side < SIDE_COUNT; side++) {
        if (times->there[side]) {
            const struct summary figure = side_summary(work, times, side);
            write_summary(file, side_names[side], &figure);
        }
    }
    for (enum side side = SIDE_UNICORN; side < SIDE_COUNT; side++) {
        if (times->there[side]) {
            const struct summary figure = ratio(times, side);
            write_summary(file, ratio_names[side], &figure);
        }
    }
    fprintf(file, ", \"verdict\": \"%s\"}", verdict(work, times));
}

void report_json(const char *path, const struct times *times) {
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        compare_fail(path, "cannot be written");
    }
    fprintf(file,
            "{\n  \"zirconia\": \"%s\",\n  \"unicorn\": \"%s\",\n  \"qemu\": \"%s\",\n"
            "  \"processor\": \"%s\",\n  \"works\": [\n",
            zirconia_version(), zirconia_engine_version(), host_qemu(), host_processor());
    const char *separator = "";
    for (unsigned i = 0; i < work_count; i++) {
        if (times[i].rounds != 0) {
            fputs(separator, file);
            write_work(file, &works[i], &times[i]);
            separator = ",\n";
        }
    }
    fprintf(file, "\n  ]\n}\n");
    if (fclose(file) != 0) {
        compare_fail(path, "cannot be written");
    }
}
