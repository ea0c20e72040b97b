// SPDX-License-Identifier: MIT
//
// `bench_compare` prints how fast the same guest code runs on Zirconia, on bare Unicorn, and on
// QEMU's TCG where it is installed, and what the boot of Linux costs. The sides take turns in each
// round. All must compute the same. A missed target is printed and is no failure. Options and names
// of works: see usage().

#include "compare_ports.h"
#include "compare_report.h"
#include "compare_work.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 7, BOOT_ROUNDS_MAX = 3, SHORT_DIVISOR = 100, WORKS_MAX = 64 };

struct options {
    unsigned rounds;
    uint32_t divisor;
    const char *json;
    bool chosen[WORKS_MAX];
};

static void usage(void) {
    fprintf(stderr, "usage: bench_compare [--short] [--rounds N] [--json FILE] [WORK...]\n"
                    "--short makes one quick pass and boots no Linux unless told to. Works:");
    for (unsigned i = 0; i < work_count; i++) {
        fprintf(stderr, " %s", works[i].name);
    }
    fprintf(stderr, "\n");
    exit(2);
}

static void choose(struct options *options, const char *name) {
    for (unsigned i = 0; i < work_count; i++) {
        if (strcmp(works[i].name, name) == 0) {
            options->chosen[i] = true;
            return;
        }
    }
    usage();
}

static struct options read_options(int argc, char **argv) {
    struct options options = {.rounds = ROUNDS, .divisor = 1};
    bool all = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--short") == 0) {
            options.rounds = 1;
            options.divisor = SHORT_DIVISOR;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            options.rounds = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            options.json = argv[++i];
        } else {
            choose(&options, argv[i]);
            all = false;
        }
    }
    for (unsigned i = 0; all && i < work_count; i++) {
        options.chosen[i] = options.divisor == 1 || i < kernel_count;
    }
    if (options.rounds == 0 || options.rounds > ROUNDS_MAX || work_count > WORKS_MAX) {
        usage();
    }
    return options;
}

static bool measure_side(unsigned number, enum side side, uint32_t divisor, double *time,
                         uint64_t *result) {
    const struct work *work = &works[number];
    if (side == SIDE_UNICORN && !work->on_unicorn) {
        return false;
    }
    if (number >= kernel_count) {
        return boot_measure(side, work->count, time);
    }
    const uint32_t count = work->count >= divisor ? work->count / divisor : 1;
    return kernel_measure(side, number, count, time, result);
}

static void measure(unsigned number, const struct options *options, struct times *times) {
    const bool boots = number >= kernel_count;
    const unsigned rounds =
        boots && options->rounds > BOOT_ROUNDS_MAX ? BOOT_ROUNDS_MAX : options->rounds;
    for (unsigned round = 0; round < rounds; round++) {
        uint64_t results[SIDE_COUNT] = {0};
        for (unsigned turn = 0; turn < SIDE_COUNT; turn++) {
            const enum side side = (round + turn) % SIDE_COUNT;
            times->there[side] = measure_side(number, side, options->divisor,
                                              &times->values[side][round], &results[side]);
        }
        for (enum side side = SIDE_UNICORN; side < SIDE_COUNT; side++) {
            if (times->there[side] && results[side] != results[SIDE_ZIRCONIA]) {
                fprintf(stderr, "%s: %" PRIx64 ", and on Zirconia %" PRIx64 "\n",
                        works[number].name, results[side], results[SIDE_ZIRCONIA]);
                compare_fail(works[number].name, "the sides computed different results");
            }
        }
    }
    times->rounds = times->there[SIDE_ZIRCONIA] ? rounds : 0;
}

int main(int argc, char **argv) {
    static struct times times[WORKS_MAX];
    const struct options options = read_options(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    report_header(options.rounds);
    for (unsigned i = 0; i < work_count; i++) {
        if (options.chosen[i]) {
            measure(i, &options, &times[i]);
        }
        if (times[i].rounds != 0) {
            report_line(&works[i], &times[i]);
        }
    }
    if (options.json != NULL) {
        report_json(options.json, times);
    }
    return EXIT_SUCCESS;
}
