// SPDX-License-Identifier: MIT
//
// What the VM has behind its I/O ports: a serial port without interrupts, and ACPI's
// power and reset registers. All other ports read as ones and ignore writes, as on a bare bus.

#ifndef EXAMPLES_LINUX_DEVICES_H
#define EXAMPLES_LINUX_DEVICES_H

#include <stddef.h>
#include <stdint.h>

enum power { POWER_ON, POWER_OFF, POWER_RESET };

struct devices {
    enum power power;
    uint8_t interrupt_enable;
    uint8_t fifo_control;
    uint8_t line_control;
    uint8_t modem_control;
    uint8_t scratch;
    uint8_t divisor[2];
    char output[1 << 20]; // What was sent; the rest is dropped when it is full.
    size_t output_size;
};

void devices_write(struct devices *devices, uint16_t port, uint8_t value);
uint8_t devices_read(const struct devices *devices, uint16_t port);

#endif // EXAMPLES_LINUX_DEVICES_H
