// SPDX-License-Identifier: MIT
//
// The lessons. docs/lessons/ has a page on each, examples/lessons/ a guest to begin with.

#include "cli/lesson.h"

#include <zircon/syscalls/hypervisor.h>

enum { X2APIC_ICR = 0x830, X2APIC_LVT_TIMER = 0x832, X2APIC_INITIAL_COUNT = 0x838 };

#define STEPS(...)                                                                                 \
    .steps = __VA_ARGS__,                                                                          \
    .step_count = sizeof((const struct lesson_step[])__VA_ARGS__) / sizeof(struct lesson_step)

// clang-format off
#define OUT(port, number) .deed = {.kind = DEED_OUT, .where = (port), .value = (number), .size = 1}
#define IN(port, number) .deed = {.kind = DEED_IN, .where = (port), .value = (number), .size = 1}
#define LOAD(address, number)                                                                      \
    .deed = {.kind = DEED_LOAD, .where = (address), .value = (number), .size = 4}
#define STORE(address, number)                                                                     \
    .deed = {.kind = DEED_STORE, .where = (address), .value = (number), .size = 4}
#define RING(address) .deed = {.kind = DEED_RING, .where = (address)}
#define MSR_WRITE(msr, number) .deed = {.kind = DEED_MSR_WRITE, .where = (msr), .value = (number)}
#define ANY_MSR_WRITE(msr) .deed = {.kind = DEED_MSR_WRITE, .where = (msr), .any_value = true}
#define HALT .deed = {.kind = DEED_HALT}
#define WINDOW .deed = {.kind = DEED_WINDOW}
#define INTERRUPT .deed = {.kind = DEED_INTERRUPT, .where = LESSON_VECTOR}
#define PORT(port) {.text = "lesson", .kind = ZX_GUEST_TRAP_IO, .address = (port), .size = 1}
#define PORTS(port, count) {.text = "lesson", .kind = ZX_GUEST_TRAP_IO, .address = (port), .size = (count)}
#define DEVICE(at) {.text = "lesson", .kind = ZX_GUEST_TRAP_MEM, .address = (at), .size = 4096}
#define BELL(at) {.text = "lesson", .kind = ZX_GUEST_TRAP_BELL, .address = (at), .size = 4096}
// clang-format on

static const char hint_interrupts_off[] =
    "An interrupt comes only while interrupts are on: STI, directly before HLT.";

const struct lesson lessons[] = {
    {
        .name = "first-exit",
        .title = "The first exit",
        .goal = "A guest cannot return: it has no caller. It ends when its VMM does not let it go\n"
                "on. Write the byte 0 to I/O port 0xf4, which tells this VMM that all went well.",
        STEPS({{OUT(0xf4, 0),
                .hint = "The byte goes into AL; any other value than 0 reports a failure."}}),
    },
    {
        .name = "ports",
        .title = "Ports",
        .goal = "Read a byte from port 0x60, and write twice its value, one byte too, to port\n"
                "0x3f8. Then end.",
        .traps = {PORT(0x60), PORT(0x3f8)},
        STEPS({
            {IN(0x60, 21)},
            {OUT(0x3f8, 42), .hint = "A port above 0xff goes into DX, and the byte into AL."},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "mmio",
        .title = "A device in memory, and who decodes",
        .goal = "A device has two registers of 4 bytes, at 0xe0000004 and 0xe0000008. Read the\n"
                "first, add 1, and write the sum to the second. Then end.",
        .traps = {DEVICE(0xe0000000)},
        STEPS({
            {LOAD(0xe0000004, 0x1234),
             .hint = "The size of an access is that of the register that it goes to."},
            {STORE(0xe0000008, 0x1235)},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "bells",
        .title = "Bells and ports",
        .goal = "A device has two doorbells, at 0xe0000000 and 0xe0001000. Ring the first twice\n"
                "and then the second once. Then end.",
        .traps = {BELL(0xe0000000), BELL(0xe0001000)},
        STEPS({
            {RING(0xe0000000), .hint = "A store of anything rings a bell."},
            {RING(0xe0000000)},
            {RING(0xe0001000)},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "windows",
        .title = "Interrupts and windows",
        .goal = "A byte to port 0x80 makes a device send interrupt 0x40. Write 1 there with\n"
                "interrupts off, then 2 to port 0x81, and only then turn them on. The handler\n"
                "writes 3 to port 0x82. Then end.",
        .traps = {PORTS(0x80, 3)},
        STEPS({
            {OUT(0x80, 1), .action = ACTION_INTERRUPT},
            {OUT(0x81, 2),
             .hint = "With interrupts off the vector stays pending; the guest can go on."},
            {WINDOW, .hint = "STI opens the window in which a pending interrupt can come."},
            {INTERRUPT},
            {OUT(0x82, 3)},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "halt",
        .title = "HLT",
        .goal = "Whenever the guest halts, a device sends interrupt 0x40. Sleep until it has come\n"
                "twice. Then end.",
        STEPS({
            {HALT, .action = ACTION_INTERRUPT},
            {INTERRUPT, .hint = hint_interrupts_off},
            {HALT, .action = ACTION_INTERRUPT},
            {INTERRUPT, .hint = hint_interrupts_off},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "second-vcpu",
        .title = "A second VCPU",
        .goal = "Start VCPU 1 at 0x8000, where the code that is there writes 7 to port 0x61 and\n"
                "then 1 to memory at 0x9000. To MSR 0x830 go an INIT, 0x0000000100004500, and a\n"
                "STARTUP with vector 8, 0x0000000100004608. Wait for the 1. Then end.",
        .traps = {PORT(0x61)},
        STEPS({
            {ANY_MSR_WRITE(X2APIC_ICR), .hint = "EDX holds the upper half: who is meant."},
            {MSR_WRITE(X2APIC_ICR, 0x100004608),
             .hint = "EDX is 1, for VCPU 1; the vector is the number of the page."},
            {.deed = {.kind = DEED_OUT, .where = 0x61, .value = 7, .size = 1, .vcpu = 1},
             .hint = "VCPU 1 runs beside VCPU 0, which has to wait for it."},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "page-tables",
        .title = "Page tables and nested tables",
        .goal = "A device lies at guest-physical 0xe0000000, but no page table leads there: the\n"
                "entry at 0x1018, for linear 3 GiB to 4 GiB, is 0. Make it a page of 1 GiB, and\n"
                "write 8, as 4 bytes, to the device. Then end.",
        .traps = {DEVICE(0xe0000000)},
        .cleared = 0x1018,
        STEPS({
            {STORE(0xe0000000, 8), .hint = "The entry of a page of 1 GiB is its guest-physical "
                                           "address, with bits 0 (present), 1 (writable) and 7 (a "
                                           "page, no table)."},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "timer",
        .title = "The timer",
        .goal = "Each VCPU has a timer in its local APIC. Let it send interrupt 0x40 once: first\n"
                "a count of your choice to MSR 0x838, then 0x40 to MSR 0x832. Sleep until the\n"
                "interrupt comes. Then end.",
        STEPS({
            {ANY_MSR_WRITE(X2APIC_INITIAL_COUNT),
             .hint = "Zircon's timer fires at once when its count is still 0."},
            {MSR_WRITE(X2APIC_LVT_TIMER, LESSON_VECTOR),
             .hint = "Bits 0 to 7 are the vector; bit 16 would keep it from coming."},
            {HALT},
            {INTERRUPT, .hint = hint_interrupts_off},
            {OUT(0xf4, 0)},
        }),
    },
    {
        .name = "time-travel",
        .title = "Snapshots and time travel",
        .goal = "A lock takes one try, a byte to port 0x82, and breaks if it is wrong. A byte to\n"
                "port 0x80 makes the VMM take a snapshot, to which it goes back after a wrong\n"
                "try; port 0x81 tells how often it did. Open the lock, trying 0, 1 and so on,\n"
                "and then write to port 0x83 how many tries the guest's own memory has counted.\n"
                "Then end.",
        .traps = {PORTS(0x80, 4)},
        STEPS({
            {.deed = {.kind = DEED_OUT, .where = 0x80, .any_value = true, .size = 1},
             .action = ACTION_SNAPSHOT,
             .hint = "Without a snapshot there is no way back."},
            {IN(0x81, 0)},
            {OUT(0x82, 0), .action = ACTION_GO_BACK},
            {IN(0x81, 1), .hint = "After a wrong try the guest goes on behind the snapshot."},
            {OUT(0x82, 1), .action = ACTION_GO_BACK},
            {IN(0x81, 2)},
            {OUT(0x82, 2)},
            {OUT(0x83, 1), .hint = "What memory had counted before is undone with the rest."},
            {OUT(0xf4, 0)},
        }),
    },
};

const size_t lesson_count = sizeof(lessons) / sizeof(lessons[0]);
