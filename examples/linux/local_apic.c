// SPDX-License-Identifier: MIT
//
// The registers by the numbers that they have as MSRs too (Intel SDM, volume 3, chapter "APIC"). An
// interrupt is pending in Zircon's kernel until the processor takes it, and of no concern to anyone
// afterwards, so the registers that tell of interrupts under way read as 0, and the end of one is
// nothing. The timer counts the nanoseconds of the host's clock.

#include "local_apic.h"

#include "interrupt.h"
#include "processors.h"
#include "vm.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

enum {
    ID = 0x02,
    VERSION = 0x03,
    TASK_PRIORITY = 0x08,
    LOGICAL_ID = 0x0d,
    LOGICAL_FORMAT = 0x0e,
    SPURIOUS_VECTOR = 0x0f,
    COMMAND = 0x30,
    COMMAND_HIGH = 0x31,
    TIMER_VECTOR = 0x32,
    ERROR_VECTOR = 0x37, // The last of six that begin with the timer's.
    INITIAL_COUNT = 0x38,
    CURRENT_COUNT = 0x39,
    DIVIDE = 0x3e,
};

#define VERSION_VALUE 0x60015u
#define VECTOR 0xffu
#define MASKED 0x10000u
#define PERIODIC 0x20000u

// Bits and fields of the command register.
#define LOGICAL 0x800u
#define BUSY 0x1000u
enum { FIXED = 0, LOWEST_PRIORITY = 1, NMI = 4, STARTUP = 6 };
enum { NO_SHORTHAND, SELF, ALL, ALL_OTHERS };

#define NMI_VECTOR 2

// A guest that asks for a shorter one gets this, so that its timer does not keep the others
// waiting.
#define SHORTEST_PERIOD ZX_USEC(20)

void local_apic_reset(struct local_apic *apic) {
    *apic = (struct local_apic){.deadline = ZX_TIME_INFINITE};
    apic->registers[LOGICAL_FORMAT] = UINT32_MAX;
    apic->registers[SPURIOUS_VECTOR] = VECTOR;
    for (unsigned i = TIMER_VECTOR; i <= ERROR_VECTOR; i++) {
        apic->registers[i] = MASKED;
    }
}

void local_apic_close(struct local_apic *apic) {
    if (apic->timer != ZX_HANDLE_INVALID) {
        check(zx_handle_close(apic->timer), "zx_handle_close of a timer");
    }
}

// --- The timer ---

static zx_duration_t count_length(const struct local_apic *apic) {
    const uint32_t divide = apic->registers[DIVIDE];
    return (zx_duration_t)1 << ((((divide & 3) | (divide >> 1 & 4)) + 1) & 7);
}

static bool is_periodic(const struct local_apic *apic) {
    return (apic->registers[TIMER_VECTOR] & PERIODIC) != 0;
}

// The packet of a timer that is set again before it has come is the new one's.
static void arm(struct vm *vm, unsigned number) {
    struct local_apic *apic = &vm->processors[number].local_apic;
    if (apic->timer == ZX_HANDLE_INVALID) {
        check(zx_timer_create(0, ZX_CLOCK_MONOTONIC, &apic->timer), "zx_timer_create");
    }
    check(zx_timer_set(apic->timer, apic->deadline, 0), "zx_timer_set");
    if (!apic->awaited) {
        apic->awaited = true;
        check(zx_object_wait_async(apic->timer, vm->doorbells.port, number, ZX_TIMER_SIGNALED, 0),
              "zx_object_wait_async");
    }
}

static void restart(struct vm *vm, unsigned number) {
    struct local_apic *apic = &vm->processors[number].local_apic;
    const zx_duration_t length = apic->registers[INITIAL_COUNT] * count_length(apic);
    apic->deadline = ZX_TIME_INFINITE;
    if (length != 0) {
        apic->deadline = zx_deadline_after(length);
        arm(vm, number);
    }
}

// A period that has ended is the next one's beginning, before its packet has been taken.
static uint32_t current_count(const struct local_apic *apic) {
    const zx_duration_t length = count_length(apic);
    const zx_duration_t period = apic->registers[INITIAL_COUNT] * length;
    zx_duration_t left = apic->deadline - zx_clock_get_monotonic();
    if (apic->deadline == ZX_TIME_INFINITE) {
        return 0;
    }
    if (left <= 0) {
        left = is_periodic(apic) ? period + left % period : 0;
    }
    return (uint32_t)((left + length - 1) / length);
}

static zx_time_t next_deadline(const struct local_apic *apic, zx_time_t now) {
    if (!is_periodic(apic)) {
        return ZX_TIME_INFINITE;
    }
    const zx_time_t next = apic->deadline + apic->registers[INITIAL_COUNT] * count_length(apic);
    const zx_time_t earliest = now + SHORTEST_PERIOD;
    return next > earliest ? next : earliest;
}

void local_apic_expire(struct vm *vm, unsigned number) {
    struct local_apic *apic = &vm->processors[number].local_apic;
    const uint32_t vector = apic->registers[TIMER_VECTOR];
    const zx_time_t now = zx_clock_get_monotonic();
    apic->awaited = false;
    if (now >= apic->deadline) {
        apic->deadline = next_deadline(apic, now);
        if ((vector & MASKED) == 0) {
            interrupt_send(vm, 1ull << number, (uint8_t)(vector & VECTOR));
        }
    }
    if (apic->deadline != ZX_TIME_INFINITE) {
        arm(vm, number);
    }
}

// --- Interrupts to processors ---

static uint64_t receivers(const struct vm *vm, unsigned number, uint32_t command) {
    const uint64_t self = 1ull << number;
    const uint8_t destination =
        (uint8_t)(vm->processors[number].local_apic.registers[COMMAND_HIGH] >> 24);
    switch (command >> 18 & 3) {
    case SELF:
        return self;
    case ALL:
        return UINT64_MAX;
    case ALL_OTHERS:
        return ~self;
    default:
        return interrupt_mask((command & LOGICAL) != 0, destination);
    }
}

// The others, such as INIT, do nothing: a processor that has not started waits for its STARTUP.
static void send(struct vm *vm, unsigned number, uint32_t command) {
    const uint64_t mask = receivers(vm, number, command);
    switch (command >> 8 & 7) {
    case FIXED:
        interrupt_send(vm, mask, (uint8_t)(command & VECTOR));
        break;
    case LOWEST_PRIORITY:
        interrupt_send(vm, mask & -mask, (uint8_t)(command & VECTOR));
        break;
    case NMI:
        interrupt_send(vm, mask & ~(1ull << number), NMI_VECTOR);
        break;
    case STARTUP:
        for (unsigned i = 0; i < vm->config.processor_count; i++) {
            if ((mask >> i & 1) != 0) {
                processors_start(vm, i, (uint64_t)(command & VECTOR) << 12);
            }
        }
        break;
    default:
        break;
    }
}

// --- The registers ---

void local_apic_write(struct vm *vm, unsigned number, uint64_t offset, uint32_t value) {
    struct local_apic *apic = &vm->processors[number].local_apic;
    const uint64_t index = offset / 16;
    switch (index) {
    case COMMAND:
        apic->registers[COMMAND] = value & ~BUSY;
        send(vm, number, value);
        break;
    case TIMER_VECTOR:
        apic->registers[TIMER_VECTOR] = value;
        break;
    case INITIAL_COUNT:
    case DIVIDE:
        apic->registers[index] = value;
        restart(vm, number);
        break;
    case TASK_PRIORITY:
    case LOGICAL_ID:
    case LOGICAL_FORMAT:
    case SPURIOUS_VECTOR:
    case COMMAND_HIGH:
        apic->registers[index] = value;
        break;
    default:
        if (index > TIMER_VECTOR && index <= ERROR_VECTOR) {
            apic->registers[index] = value;
        }
        break;
    }
}

uint32_t local_apic_read(const struct vm *vm, unsigned number, uint64_t offset) {
    const struct local_apic *apic = &vm->processors[number].local_apic;
    const uint64_t index = offset / 16;
    switch (index) {
    case ID:
        return number << 24;
    case VERSION:
        return VERSION_VALUE;
    case CURRENT_COUNT:
        return current_count(apic);
    default:
        return index < LOCAL_APIC_REGISTERS ? apic->registers[index] : 0;
    }
}
