// SPDX-License-Identifier: MIT
//
// The works that bench_compare measures: the kernels of compare.asm, and the boot of Linux.

#ifndef BENCH_COMPARE_WORK_H
#define BENCH_COMPARE_WORK_H

#include <stdbool.h>
#include <stdint.h>

// How QEMU is called for a kernel and for the boot.
#define QEMU_COMMAND                                                                               \
    "qemu-system-x86_64", "-accel", "tcg,thread=single", "-M", "q35", "-display", "none",          \
        "-nodefaults", "-no-user-config", "-serial", "stdio", "-no-reboot"

enum side { SIDE_ZIRCONIA, SIDE_UNICORN, SIDE_QEMU, SIDE_COUNT };

struct work {
    const char *name;
    const char *unit; // "MIPS", "MB/s" or "ns", or "s" of processor time.
    double per;       // The instructions, bytes or steps of one repetition.
    uint32_t count;   // Repetitions; of a boot, the guest's processors.
    bool on_unicorn;  // Bare Unicorn delivers no interrupts and has no devices.
    // Targets, 0 for none: the speed beside bare Unicorn's and QEMU's, and nanoseconds at most.
    double of_unicorn;
    double of_qemu;
    double limit;
};

// The kernels come first.
extern const struct work works[];
extern const unsigned work_count;
extern const unsigned kernel_count;

// Runs kernel `number` on a side, in a process of its own: at first a fiftieth of the work,
// untimed, and then all of it. Returns false when the side is not there; *time are nanoseconds for
// one repetition, *result is what the guest computed.
bool kernel_measure(enum side side, unsigned number, uint32_t count, double *time,
                    uint64_t *result);

// Boots Linux to its power-off on Zirconia or QEMU; *time is the processor time in nanoseconds.
// Returns false when the side, the kernel or busybox is not there.
bool boot_measure(enum side side, unsigned processors, double *time);

#endif // BENCH_COMPARE_WORK_H
