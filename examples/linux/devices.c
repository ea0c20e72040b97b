// SPDX-License-Identifier: MIT
//
// The devices' registers, a byte each.

#include "devices.h"

#include "acpi.h"

#include <stdbool.h>
#include <stdio.h>

enum {
    DATA,
    INTERRUPT_ENABLE,
    INTERRUPT_IDENTIFICATION, // For reads; for writes the FIFO's control.
    LINE_CONTROL,
    MODEM_CONTROL,
    LINE_STATUS,
    MODEM_STATUS,
    SCRATCH,
    REGISTER_COUNT,
};

#define DIVISOR_LATCH 0x80
#define LOOPBACK 0x10
#define TRANSMITTER_INTERRUPT 0x02
#define FIFO_ENABLE 0x01

static void send(struct devices *devices, uint8_t value) {
    if (devices->output_size < sizeof devices->output - 1) {
        devices->output[devices->output_size++] = (char)value;
    }
    putchar(value);
    if (value == '\n') {
        fflush(stdout);
    }
}

static void serial_write(struct devices *devices, unsigned number, uint8_t value) {
    const bool divisor = (devices->line_control & DIVISOR_LATCH) != 0;
    switch (number) {
    case DATA:
    case INTERRUPT_ENABLE:
        if (divisor) {
            devices->divisor[number] = value;
        } else if (number == INTERRUPT_ENABLE) {
            devices->interrupt_enable = value & 0x0f;
        } else if ((devices->modem_control & LOOPBACK) == 0) {
            send(devices, value);
        }
        break;
    case INTERRUPT_IDENTIFICATION:
        devices->fifo_control = value;
        break;
    case LINE_CONTROL:
        devices->line_control = value;
        break;
    case MODEM_CONTROL:
        devices->modem_control = value & 0x1f;
        break;
    case SCRATCH:
        devices->scratch = value;
        break;
    default:
        break;
    }
}

// The other side is there and ready; in loopback the outputs come back as inputs.
static uint8_t modem_status(uint8_t control) {
    if ((control & LOOPBACK) == 0) {
        return 0xb0;
    }
    return (uint8_t)((control & 1) << 5 | (control & 2) << 3 | (control & 0xc) << 4);
}

static uint8_t serial_read(const struct devices *devices, unsigned number) {
    const bool divisor = (devices->line_control & DIVISOR_LATCH) != 0;
    switch (number) {
    case DATA:
        return divisor ? devices->divisor[0] : 0;
    case INTERRUPT_ENABLE:
        return divisor ? devices->divisor[1] : devices->interrupt_enable;
    case INTERRUPT_IDENTIFICATION: // The transmitter is always ready, and nothing is received.
        return (uint8_t)(((devices->interrupt_enable & TRANSMITTER_INTERRUPT) != 0 ? 2 : 1) |
                         ((devices->fifo_control & FIFO_ENABLE) != 0 ? 0xc0 : 0));
    case LINE_CONTROL:
        return devices->line_control;
    case MODEM_CONTROL:
        return devices->modem_control;
    case LINE_STATUS:
        return 0x60;
    case MODEM_STATUS:
        return modem_status(devices->modem_control);
    default:
        return devices->scratch;
    }
}

void devices_write(struct devices *devices, uint16_t port, uint8_t value) {
    if (port >= SERIAL_PORT && port < SERIAL_PORT + REGISTER_COUNT) {
        serial_write(devices, port - SERIAL_PORT, value);
    } else if (port == ACPI_SLEEP_CONTROL_PORT && value == ACPI_POWER_OFF) {
        devices->power = POWER_OFF;
    } else if (port == ACPI_RESET_PORT && value == ACPI_RESET) {
        devices->power = POWER_RESET;
    }
}

uint8_t devices_read(const struct devices *devices, uint16_t port) {
    if (port >= SERIAL_PORT && port < SERIAL_PORT + REGISTER_COUNT) {
        return serial_read(devices, port - SERIAL_PORT);
    }
    return port == ACPI_SLEEP_STATUS_PORT ? 0 : 0xff;
}
