// SPDX-License-Identifier: MIT
//
// What bench_loops.asm and its users agree on: the numbers of its programs, in the order of its
// table, and its addresses.

#ifndef BENCH_PROGRAMS_H
#define BENCH_PROGRAMS_H

#include <stdint.h>

enum program {
    PROGRAM_TIGHT,
    PROGRAM_ARITHMETIC,
    PROGRAM_CALLS,
    PROGRAM_BRANCHES,
    PROGRAM_MEMORY,
    PROGRAM_CPUIDS,
    PROGRAM_OUTPUTS,
    PROGRAM_INPUTS,
    PROGRAM_STORES,
    PROGRAM_BREAKPOINTS,
    PROGRAM_PAGE_FAULTS,
    PROGRAM_MSR_WRITES,
    PROGRAM_INTERRUPTS,
    PROGRAM_SPIN,
    PROGRAM_PREPARE,
    PROGRAM_RELOADS,
    PROGRAM_PAGE_TABLE_WRITES,
    PROGRAM_TIME_STAMPS,
    PROGRAM_SYSTEM_CALLS,
    PROGRAM_USER_INTERRUPTS,
    PROGRAM_HALTS,
};

#define BENCH_MEMORY_SIZE 0x1000000u
#define BENCH_ENTRY 0x10000u
#define BENCH_BARE_END 0x10020u
#define BENCH_STACK 0x80000u
#define BENCH_COUNTER 0x300000u
#define BENCH_FINISH_PAGE 0xfff000u
#define BENCH_TRAPPED_PAGE 0xffe000u
#define BENCH_PORT 0x80u
#define BENCH_VECTOR_REPORTED 0x41u

// Reads bench_loops.bin; ends the benchmark if it cannot. Returns its size.
#define BENCH_IMAGE_MAX 0x10000u
uint64_t bench_read_image(uint8_t *image);

// Prints the reason and ends the benchmark.
_Noreturn void bench_fail(const char *what, const char *detail);

#endif // BENCH_PROGRAMS_H
