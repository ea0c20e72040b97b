// SPDX-License-Identifier: MIT
//
// The table of works, and the kernels among them, which are timed from outside: each side's serial
// port is two pipes, and its clock the processor time of its process, which other work on the host
// disturbs less than any other.

#include "compare_work.h"

#include "compare_child.h"
#include "compare_ports.h"

#define WARM_UP_DIVISOR 50

#define KERNEL(label, name, unit, per, count, on_unicorn, of_unicorn, of_qemu, limit)              \
    {name, unit, per, count, on_unicorn, of_unicorn, of_qemu, limit},

const struct work works[] = {
#include "compare_kernels.inc"
    {"linux", "s", 1, 1, false, 0, 1 / 0.9, 0},
    {"linux-4-vcpus", "s", 1, 4, false, 0, 1 / 0.9, 0},
};
const unsigned work_count = sizeof works / sizeof works[0];
const unsigned kernel_count = sizeof works / sizeof works[0] - 2;

static const char zirconia[] = COMPARE_PROGRAM_DIR "/compare_zirconia";
static const char unicorn[] = COMPARE_PROGRAM_DIR "/compare_unicorn";
static const char image[] = ZIRCONIA_GUEST_DIR "/compare.bin";

static const char *const commands[SIDE_COUNT][20] = {
    [SIDE_ZIRCONIA] = {zirconia, image},
    [SIDE_UNICORN] = {unicorn, image},
    [SIDE_QEMU] = {QEMU_COMMAND, "-m", "64", "-kernel", image},
};

static void expect(struct child *child, int byte) {
    if (child_receive(child) != byte) {
        compare_fail(child->name, "it does not run the guest");
    }
}

static double run(struct child *child, unsigned number, uint32_t count, uint64_t *result) {
    const uint8_t command[] = {(uint8_t)number, (uint8_t)count, (uint8_t)(count >> 8),
                               (uint8_t)(count >> 16), (uint8_t)(count >> 24)};
    const uint8_t go = 'G';
    child_send(child, command, sizeof command);
    expect(child, 'S');
    const double start = child_time(child);
    child_send(child, &go, 1);
    expect(child, 'E');
    const double end = child_time(child);
    *result = 0;
    for (unsigned i = 0; i < 8; i++) {
        *result |= (uint64_t)(uint8_t)child_receive(child) << (8 * i);
    }
    return (end - start) / count;
}

bool kernel_measure(enum side side, unsigned number, uint32_t count, double *time,
                    uint64_t *result) {
    struct child child;
    if (!child_start(&child, commands[side])) {
        return false;
    }
    expect(&child, 'R');
    run(&child, number, count / WARM_UP_DIVISOR + 1, result);
    *time = run(&child, number, count, result);
    child_stop(&child);
    return true;
}
