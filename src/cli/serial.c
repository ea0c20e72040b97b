// SPDX-License-Identifier: MIT
//
// The registers of a 16550, by their offsets from the first port.

#include "cli/serial.h"

#include <stdio.h>

#include "cli/html.h"
#include "cli/json.h"
#include "cli/step/record.h"
#include "cli/trace.h"

enum {
    DATA = 0,
    INTERRUPT_ENABLE = 1,
    INTERRUPT_IDENTIFICATION = 2, // read; FIFO control when written
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,
    MODEM_STATUS = 6,
};

enum {
    LINE_CONTROL_DIVISOR = 0x80,
    MODEM_CONTROL_LOOPBACK = 0x10,
    NO_INTERRUPT = 0x01,
    FIFOS_ENABLED = 0xc0,
    TRANSMITTER_EMPTY = 0x60,
    LINE_CONNECTED = 0xb0, // carrier, data set ready, clear to send
};

static bool divisor_selected(const struct serial *serial, unsigned offset) {
    return offset <= INTERRUPT_ENABLE &&
           (serial->registers[LINE_CONTROL] & LINE_CONTROL_DIVISOR) != 0;
}

// In loopback the outputs of MODEM_CONTROL are the inputs of MODEM_STATUS: a driver's presence
// test.
static uint8_t modem_status(uint8_t control) {
    if (!(control & MODEM_CONTROL_LOOPBACK))
        return LINE_CONNECTED;
    unsigned status = (control & 0x0cu) << 4; // OUT1 to RI, OUT2 to DCD
    status |= (control & 0x02u) << 3;         // RTS to CTS
    status |= (control & 0x01u) << 5;         // DTR to DSR
    return (uint8_t)status;
}

uint8_t serial_read(const struct serial *serial, unsigned offset) {
    if (divisor_selected(serial, offset))
        return serial->divisor[offset];
    switch (offset) {
    case DATA:
        return 0;
    case INTERRUPT_IDENTIFICATION:
        return (uint8_t)(NO_INTERRUPT | ((serial->fifo_control & 1) ? FIFOS_ENABLED : 0));
    case LINE_STATUS:
        return TRANSMITTER_EMPTY;
    case MODEM_STATUS:
        return modem_status(serial->registers[MODEM_CONTROL]);
    default:
        return serial->registers[offset];
    }
}

static void transmit(struct serial *serial, uint8_t value) {
    if (serial->silent)
        return;
    serial->line[serial->length++] = (char)value;
    if (!serial->by_line || value == '\n' || serial->length == sizeof(serial->line))
        serial_flush(serial);
}

void serial_write(struct serial *serial, unsigned offset, uint8_t value) {
    if (divisor_selected(serial, offset)) {
        serial->divisor[offset] = value;
        return;
    }
    switch (offset) {
    case DATA:
        if (!(serial->registers[MODEM_CONTROL] & MODEM_CONTROL_LOOPBACK))
            transmit(serial, value);
        break;
    case INTERRUPT_IDENTIFICATION:
        serial->fifo_control = value;
        break;
    case INTERRUPT_ENABLE:
        serial->registers[offset] = value & 0x0f;
        break;
    case MODEM_CONTROL:
        serial->registers[offset] = value & 0x1f;
        break;
    case LINE_STATUS:
    case MODEM_STATUS:
        break;
    default:
        serial->registers[offset] = value;
    }
}

void serial_flush(struct serial *serial) {
    if (serial->length == 0)
        return;
    if (serial->trace)
        trace_serial(serial->trace, serial->line, serial->length);
    if (serial->html)
        html_serial(serial->html, serial->vcpu, serial->line, serial->length);
    if (serial->record) {
        record_output(serial->record, serial->line, serial->length);
    } else if (serial->json) {
        json_serial(serial->line, serial->length);
    } else {
        fwrite(serial->line, 1, serial->length, stdout);
        fflush(stdout);
    }
    serial->length = 0;
}
