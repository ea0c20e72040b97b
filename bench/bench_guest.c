// SPDX-License-Identifier: MIT
//
// `bench_guest [--short]` prints how fast guests run and what their exits cost, beside what bare
// Unicorn does in the same minute. The sides take turns for several rounds and each figure is the
// median, because other work on the host disturbs single ones. A missed target is printed and is no
// failure; a guest that does not do its work is.

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "own_guest.h"

#include <zircon/syscalls.h>
#include <zirconia/zirconia.h>

enum {
    ROUNDS = 5,
    LOOP_COUNT = 8000000,
    EXIT_COUNT = 50000,
    KICK_COUNT = 5000,
    LIFETIME_COUNT = 500,
    SHORT_DIVISOR = 100,
};

// docs/performance.md has them all, and what came of them.
#define TARGET_OF_BARE 0.95
#define TARGET_OF_BLOCK_HOOK 0.95
#define TARGET_ANSWER 40.0
#define TARGET_MSR_WRITE 120.0
#define TARGET_PORT 300.0
#define TARGET_DEVICE 400.0
#define TARGET_KICK 1000.0
#define TARGET_LATE_KICK 20000.0
#define TARGET_LIFETIME 300000.0

struct scale {
    unsigned rounds;
    uint64_t divisor;
};

_Noreturn void bench_fail(const char *what, const char *detail) {
    fprintf(stderr, "bench_guest: %s: %s\n", what, detail);
    exit(EXIT_FAILURE);
}

uint64_t bench_read_image(uint8_t *image) {
    FILE *file = fopen(ZIRCONIA_GUEST_DIR "/bench_loops.bin", "rb");
    if (file == NULL) {
        bench_fail(ZIRCONIA_GUEST_DIR "/bench_loops.bin", "cannot be opened");
    }
    const size_t size = fread(image, 1, BENCH_IMAGE_MAX, file);
    if (ferror(file) != 0 || size == 0 || size == BENCH_IMAGE_MAX) {
        bench_fail(ZIRCONIA_GUEST_DIR "/bench_loops.bin", "cannot be read");
    }
    fclose(file);
    return size;
}

static int compare(const void *left, const void *right) {
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

// Sorts the values.
static double median(double *values, size_t count) {
    qsort(values, count, sizeof values[0], compare);
    return values[count / 2];
}

static const char *verdict(bool reached) {
    return reached ? "PASS" : "miss";
}

// --- Straight code ---

static const struct {
    const char *name;
    enum program program;
    unsigned instructions; // Each time round.
} loops[] = {
    {"tight loop", PROGRAM_TIGHT, 3},        {"arithmetic", PROGRAM_ARITHMETIC, 11},
    {"calls and returns", PROGRAM_CALLS, 5}, {"branches", PROGRAM_BRANCHES, 12},
    {"loads and stores", PROGRAM_MEMORY, 9},
};

enum { SIDE_BARE, SIDE_HOOKED, SIDE_OWN, SIDE_COUNT };

// Instructions a microsecond, for each side.
static void time_loop(size_t loop, uint64_t count, struct bare *engines, double *speed) {
    uint64_t results[SIDE_COUNT];
    for (int side = 0; side < SIDE_COUNT; side++) {
        const enum program program = loops[loop].program;
        const int64_t start = zx_clock_get_monotonic();
        results[side] =
            side == SIDE_OWN ? own_run(program, count) : bare_run(&engines[side], program, count);
        const double time = (double)(zx_clock_get_monotonic() - start);
        speed[side] = (double)count * loops[loop].instructions * 1000.0 / time;
    }
    if (results[SIDE_OWN] != results[SIDE_BARE] || results[SIDE_OWN] != results[SIDE_HOOKED]) {
        bench_fail(loops[loop].name, "the library and bare Unicorn computed different results");
    }
}

static void measure_loop(size_t loop, const struct scale *scale, struct bare *engines) {
    double speeds[SIDE_COUNT][ROUNDS];
    double of_bare[ROUNDS];
    double of_hooked[ROUNDS];
    double speed[SIDE_COUNT];
    time_loop(loop, 1000, engines, speed); // Translation is not what is measured.
    for (unsigned round = 0; round < scale->rounds; round++) {
        time_loop(loop, LOOP_COUNT / scale->divisor, engines, speed);
        for (int side = 0; side < SIDE_COUNT; side++) {
            speeds[side][round] = speed[side];
        }
        of_bare[round] = speed[SIDE_OWN] / speed[SIDE_BARE];
        of_hooked[round] = speed[SIDE_OWN] / speed[SIDE_HOOKED];
    }
    const double bare = median(of_bare, scale->rounds);
    const double hooked = median(of_hooked, scale->rounds);
    printf("  %-18s %9.0f %9.0f %9.0f %9.2f %s %9.2f %s\n", loops[loop].name,
           median(speeds[SIDE_BARE], scale->rounds), median(speeds[SIDE_HOOKED], scale->rounds),
           median(speeds[SIDE_OWN], scale->rounds), bare, verdict(bare >= TARGET_OF_BARE), hooked,
           verdict(hooked >= TARGET_OF_BLOCK_HOOK));
}

static void measure_loops(const struct scale *scale) {
    struct bare engines[2];
    bare_open(&engines[SIDE_BARE], BARE_NO_HOOK);
    bare_open(&engines[SIDE_HOOKED], BARE_BLOCK_HOOK);
    printf("Straight code, MIPS (targets: %.2f of bare Unicorn, %.2f of it with a block hook)\n"
           "  %-18s %9s %9s %9s %14s %14s\n",
           TARGET_OF_BARE, TARGET_OF_BLOCK_HOOK, "", "bare", "hooked", "zirconia", "of bare",
           "of hooked");
    for (size_t loop = 0; loop < sizeof loops / sizeof loops[0]; loop++) {
        measure_loop(loop, scale, engines);
    }
    bare_close(&engines[SIDE_BARE]);
    bare_close(&engines[SIDE_HOOKED]);
}

// --- Exits ---

static struct bare stop_engine;
static struct bare cpuid_engine;
static struct bare output_engine;

static void check_hooked(const struct bare *bare, uint64_t expected) {
    if (bare->hooked != expected) {
        bench_fail("a hook of bare Unicorn", "not called as often as it should be");
    }
}

static void bare_cpuids(uint64_t count) {
    const uint64_t before = cpuid_engine.hooked;
    bare_run(&cpuid_engine, PROGRAM_CPUIDS, count);
    check_hooked(&cpuid_engine, before + count);
}

static void bare_outputs(uint64_t count) {
    const uint64_t before = output_engine.hooked;
    bare_run(&output_engine, PROGRAM_OUTPUTS, count);
    check_hooked(&output_engine, before + count);
}

static void bare_empty(uint64_t count) {
    const uint64_t before = stop_engine.hooked;
    bare_start_and_stop(&stop_engine, count);
    check_hooked(&stop_engine, before + count);
}

static void own_cpuids(uint64_t count) {
    own_run(PROGRAM_CPUIDS, count);
}

static void own_time_stamps(uint64_t count) {
    own_run(PROGRAM_TIME_STAMPS, count);
}

static void own_msr_writes(uint64_t count) {
    own_run(PROGRAM_MSR_WRITES, count);
}

static void own_breakpoints(uint64_t count) {
    own_run_vectors(PROGRAM_BREAKPOINTS, count);
}

static void own_user_interrupts(uint64_t count) {
    own_run_vectors(PROGRAM_USER_INTERRUPTS, count);
}

static void own_system_calls(uint64_t count) {
    own_run_vectors(PROGRAM_SYSTEM_CALLS, count);
}

static void own_page_faults(uint64_t count) {
    own_run_vectors(PROGRAM_PAGE_FAULTS, count);
}

static void own_interrupts(uint64_t count) {
    own_run_vectors(PROGRAM_INTERRUPTS, count);
}

static void own_halts(uint64_t count) {
    own_run_vectors(PROGRAM_HALTS, count);
}

static void own_reloads(uint64_t count) {
    own_run(PROGRAM_RELOADS, count);
}

static void own_page_table_writes(uint64_t count) {
    own_run(PROGRAM_PAGE_TABLE_WRITES, count);
}

static const struct {
    const char *name;
    void (*run)(uint64_t count);
    double target; // Nanoseconds, 0 for none.
} exits[] = {
    {"bare Unicorn: start, stop in block hook", bare_empty, 0},
    {"bare Unicorn: CPUID hook", bare_cpuids, 0},
    {"bare Unicorn: OUT hook, stop, start", bare_outputs, 0},
    {"CPUID", own_cpuids, TARGET_ANSWER},
    {"RDTSC", own_time_stamps, TARGET_ANSWER}, // RDTSC makes no exit either.
    {"WRMSR", own_msr_writes, TARGET_MSR_WRITE},
    {"INT3, delivered, IRETQ", own_breakpoints, 0}, // An exception, which is no exit.
    {"INT from ring 3, delivered, IRETQ", own_user_interrupts, 0},
    {"SYSCALL from ring 3, SYSRET", own_system_calls, 0},
    {"#PF, delivered, IRETQ", own_page_faults, 0},
    {"WRMSR to self IPI, delivered, IRETQ", own_interrupts, 0},
    {"the same before STI and HLT", own_halts, 0},
    {"OUT to the caller and back", own_run_outputs, TARGET_PORT},
    {"IN to the caller, answer, back", own_run_inputs, 0},
    {"MMIO store to the caller and back", own_run_stores, TARGET_DEVICE},
    {"interrupt, handler's OUT, IRETQ", own_run_interrupted, 0},
    {"MOV CR3, then 8 pages touched", own_reloads, 0},
    {"page-table entry, INVLPG, page touched", own_page_table_writes, 0},
};

enum { EXIT_KINDS = sizeof exits / sizeof exits[0] };

static void measure_exits(const struct scale *scale) {
    double times[EXIT_KINDS][ROUNDS];
    const uint64_t count = EXIT_COUNT / scale->divisor;
    bare_open(&stop_engine, BARE_STOP_HOOK);
    bare_open(&cpuid_engine, BARE_CPUID_HOOK);
    bare_open(&output_engine, BARE_OUTPUT_HOOK);
    for (unsigned round = 0; round < scale->rounds; round++) {
        for (size_t i = 0; i < EXIT_KINDS; i++) {
            exits[i].run(10);
            const int64_t start = zx_clock_get_monotonic();
            exits[i].run(count);
            times[i][round] = (double)(zx_clock_get_monotonic() - start) / (double)count;
        }
    }
    printf("Exits, ns each\n");
    for (size_t i = 0; i < EXIT_KINDS; i++) {
        const double time = median(times[i], scale->rounds);
        printf("  %-39s %9.0f", exits[i].name, time);
        if (exits[i].target > 0) {
            printf("  < %4.0f %s", exits[i].target, verdict(time < exits[i].target));
        }
        printf("\n");
    }
    bare_close(&stop_engine);
    bare_close(&cpuid_engine);
    bare_close(&output_engine);
}

// --- Kicks ---

static void measure_kicks(const struct scale *scale) {
    static double latencies[KICK_COUNT];
    const size_t count = KICK_COUNT / scale->divisor;
    own_measure_kicks(latencies, count);
    const double middle = median(latencies, count);
    const double late = latencies[count - 1 - count / 100];
    printf("Kick of a spinning guest, from another thread, to the return, ns (%zu kicks)\n", count);
    printf("  median %.0f (< %.0f %s), p99 %.0f (< %.0f %s), max %.0f\n", middle, TARGET_KICK,
           verdict(middle < TARGET_KICK), late, TARGET_LATE_KICK, verdict(late < TARGET_LATE_KICK),
           latencies[count - 1]);
}

// --- Guests ---

static void measure_lifetimes(const struct scale *scale) {
    double times[LIFETIME_COUNT];
    const size_t count = LIFETIME_COUNT / scale->divisor;
    own_run_lifetimes(1); // Makes an engine.
    for (size_t i = 0; i < count; i++) {
        const int64_t start = zx_clock_get_monotonic();
        own_run_lifetimes(1);
        times[i] = (double)(zx_clock_get_monotonic() - start);
    }
    const double middle = median(times, count);
    printf("Guest created, run to an exit, closed, with the engine of the one before, ns\n"
           "  median %.0f (< %.0f %s)\n",
           middle, TARGET_LIFETIME, verdict(middle < TARGET_LIFETIME));
}

int main(int argc, char **argv) {
    struct scale scale = {ROUNDS, 1};
    if (argc == 2 && strcmp(argv[1], "--short") == 0) {
        scale = (struct scale){1, SHORT_DIVISOR};
    } else if (argc != 1) {
        fprintf(stderr, "usage: bench_guest [--short]\n");
        return 2;
    }
    printf("zirconia %s on Unicorn %s, medians of %u rounds\n", zirconia_version(),
           zirconia_engine_version(), scale.rounds);
    own_open();
    measure_loops(&scale);
    measure_exits(&scale);
    measure_kicks(&scale);
    own_close();
    measure_lifetimes(&scale);
    return EXIT_SUCCESS;
}
