// SPDX-License-Identifier: MIT
//
// The ACPI tables of the VM, and where in it everything is that they tell of: its processors, the
// I/O APIC, the devices behind ports and the PCI bus. Hardware-reduced, so that it has no legacy
// timer, controller of interrupts or power management.

#ifndef EXAMPLES_LINUX_ACPI_H
#define EXAMPLES_LINUX_ACPI_H

#include <stdint.h>

// The tables lie in [ACPI_BASE, ACPI_BASE + ACPI_SIZE), the root pointer first.
#define ACPI_BASE 0xe0000u
#define ACPI_SIZE 0x1000u

// What the guest writes to them is below.
#define ACPI_SLEEP_CONTROL_PORT 0x600
#define ACPI_SLEEP_STATUS_PORT 0x601
#define ACPI_RESET_PORT 0x602

#define ACPI_POWER_OFF 0x34 // Sleep type 5, and enable.
#define ACPI_RESET 0x55

#define SERIAL_PORT 0x3f8
#define SERIAL_PIN 4 // The I/O APIC has pins.
#define RTC_PORT 0x70

#define PCI_PORT 0xcf8
#define PCI_MEMORY 0xd0000000u
#define PCI_MEMORY_SIZE 0x1000000u

#define IO_APIC_BASE 0xfec00000u
#define IO_APIC_PINS 24
#define LOCAL_APIC_BASE 0xfee00000u

void acpi_write(uint8_t *memory, unsigned processor_count);

#endif // EXAMPLES_LINUX_ACPI_H
