// SPDX-License-Identifier: MIT
//
// The ACPI tables of the VM: its processors, one serial port, and the ports by which the
// kernel turns the VM off. Hardware-reduced, so that it has no legacy timer or controller.

#ifndef EXAMPLES_LINUX_ACPI_H
#define EXAMPLES_LINUX_ACPI_H

#include <stdint.h>

// The tables lie in [ACPI_BASE, ACPI_BASE + ACPI_SIZE), the root pointer first.
#define ACPI_BASE 0xe0000u
#define ACPI_SIZE 0x1000u

// What the guest writes to them is in devices.c.
#define ACPI_SLEEP_CONTROL_PORT 0x600
#define ACPI_SLEEP_STATUS_PORT 0x601
#define ACPI_RESET_PORT 0x602

#define ACPI_POWER_OFF 0x34 // Sleep type 5, and enable.
#define ACPI_RESET 0x55

#define SERIAL_PORT 0x3f8

void acpi_write(uint8_t *memory, unsigned processor_count);

#endif // EXAMPLES_LINUX_ACPI_H
