// SPDX-License-Identifier: MIT
//
// ACPI's registers by which a guest turns the VM off or resets it.

#ifndef EXAMPLES_LINUX_POWER_H
#define EXAMPLES_LINUX_POWER_H

#include "acpi.h"

#include <stdint.h>

enum power { POWER_ON, POWER_OFF, POWER_RESET };

static inline void power_write(enum power *power, uint16_t port, uint8_t value) {
    if (port == ACPI_SLEEP_CONTROL_PORT && value == ACPI_POWER_OFF) {
        *power = POWER_OFF;
    } else if (port == ACPI_RESET_PORT && value == ACPI_RESET) {
        *power = POWER_RESET;
    }
}

static inline uint8_t power_read(uint16_t port) {
    return port == ACPI_SLEEP_STATUS_PORT ? 0 : 0xff;
}

#endif // EXAMPLES_LINUX_POWER_H
