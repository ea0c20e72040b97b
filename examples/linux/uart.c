// SPDX-License-Identifier: MIT
//
// The registers of the port, a byte each, and its two interrupts: that something was received, and
// that something more can be sent. The I/O APIC's pin is edge-triggered, so that the pin is raised
// when either begins. What is typed while a driver clears the port to begin with is not lost: the
// driver asks for more (RTS) when it has done that.

#include "uart.h"

#include "acpi.h"
#include "vm.h"

enum {
    DATA,
    INTERRUPT_ENABLE,
    INTERRUPT_IDENTIFICATION, // For reads; for writes the FIFO's control.
    LINE_CONTROL,
    MODEM_CONTROL,
    LINE_STATUS,
    MODEM_STATUS,
    SCRATCH,
};

#define ENABLE_RECEIVED 0x01
#define ENABLE_SENT 0x02

#define NO_INTERRUPT 0x01
#define SENT 0x02
#define RECEIVED 0x04
#define FIFO_IS_ON 0xc0

#define FIFO_ENABLE 0x01
#define FIFO_CLEAR_INPUT 0x02
#define DIVISOR_LATCH 0x80
#define REQUEST_TO_SEND 0x02
#define LOOPBACK 0x10

#define DATA_READY 0x01
#define TRANSMITTER_EMPTY 0x60

static void raise_interrupt(struct vm *vm) {
    io_apic_raise(vm, SERIAL_PIN);
}

// The other side sends while the guest asks for it. One that does not use the modem's lines at all
// is asking, too.
static bool is_sent_to(const struct uart *uart) {
    return !uart->modem_control_used || (uart->modem_control & REQUEST_TO_SEND) != 0;
}

static bool has_received(const struct uart *uart) {
    return uart->input_count != 0 && is_sent_to(uart);
}

static uint8_t interrupt(const struct uart *uart) {
    if ((uart->interrupt_enable & ENABLE_RECEIVED) != 0 && has_received(uart)) {
        return RECEIVED;
    }
    if ((uart->interrupt_enable & ENABLE_SENT) != 0 && uart->sent) {
        return SENT;
    }
    return NO_INTERRUPT;
}

static void transmit(struct vm *vm, uint8_t value) {
    struct uart *uart = &vm->devices.uart;
    if ((uart->modem_control & LOOPBACK) == 0) {
        vm->config.send(vm->config.context, value);
    }
    if (!uart->sent) {
        uart->sent = true;
        if ((uart->interrupt_enable & ENABLE_SENT) != 0) {
            raise_interrupt(vm);
        }
    }
}

static void enable_interrupts(struct vm *vm, uint8_t value) {
    struct uart *uart = &vm->devices.uart;
    const uint8_t begun = value & ~uart->interrupt_enable;
    uart->interrupt_enable = value & 0x0f;
    if ((begun & ENABLE_SENT) != 0) {
        uart->sent = true;
    }
    if ((begun & (ENABLE_SENT | ENABLE_RECEIVED)) != 0 && interrupt(uart) != NO_INTERRUPT) {
        raise_interrupt(vm);
    }
}

static void control_modem(struct vm *vm, uint8_t value) {
    struct uart *uart = &vm->devices.uart;
    const bool had_received = has_received(uart);
    uart->modem_control = value & 0x1f;
    uart->modem_control_used = true;
    if (!had_received && interrupt(uart) == RECEIVED) {
        raise_interrupt(vm);
    }
}

void uart_write(struct vm *vm, unsigned number, uint8_t value) {
    struct uart *uart = &vm->devices.uart;
    const bool divisor = (uart->line_control & DIVISOR_LATCH) != 0;
    switch (number) {
    case DATA:
    case INTERRUPT_ENABLE:
        if (divisor) {
            uart->divisor[number] = value;
        } else if (number == INTERRUPT_ENABLE) {
            enable_interrupts(vm, value);
        } else {
            transmit(vm, value);
        }
        break;
    case INTERRUPT_IDENTIFICATION:
        uart->fifo_control = value;
        if ((value & FIFO_CLEAR_INPUT) != 0 && is_sent_to(uart)) {
            uart->input_count = 0;
            vm_input_has_room(vm);
        }
        break;
    case LINE_CONTROL:
        uart->line_control = value;
        break;
    case MODEM_CONTROL:
        control_modem(vm, value);
        break;
    case SCRATCH:
        uart->scratch = value;
        break;
    default:
        break;
    }
}

static uint8_t take_byte(struct uart *uart) {
    const uint8_t value = uart->input[uart->input_first];
    uart->input_first = (uart->input_first + 1) % UART_INPUT_MAX;
    uart->input_count--;
    return value;
}

static uint8_t take_input(struct vm *vm) {
    struct uart *uart = &vm->devices.uart;
    if (!has_received(uart)) {
        return 0;
    }
    const uint8_t value = take_byte(uart);
    vm_input_has_room(vm);
    return value;
}

size_t uart_take_unread(struct uart *uart, uint8_t *bytes) {
    size_t count = 0;
    while (uart->input_count != 0) {
        bytes[count++] = take_byte(uart);
    }
    return count;
}

// To be told that everything was sent is to have been told.
static uint8_t identify_interrupt(struct uart *uart) {
    const uint8_t found = interrupt(uart);
    if (found == SENT) {
        uart->sent = false;
    }
    return found | ((uart->fifo_control & FIFO_ENABLE) != 0 ? FIFO_IS_ON : 0);
}

// The other side is there and ready; in loopback the outputs come back as inputs.
static uint8_t modem_status(uint8_t control) {
    if ((control & LOOPBACK) == 0) {
        return 0xb0;
    }
    return (uint8_t)((control & 1) << 5 | (control & 2) << 3 | (control & 0xc) << 4);
}

uint8_t uart_read(struct vm *vm, unsigned number) {
    struct uart *uart = &vm->devices.uart;
    const bool divisor = (uart->line_control & DIVISOR_LATCH) != 0;
    switch (number) {
    case DATA:
        return divisor ? uart->divisor[0] : take_input(vm);
    case INTERRUPT_ENABLE:
        return divisor ? uart->divisor[1] : uart->interrupt_enable;
    case INTERRUPT_IDENTIFICATION:
        return identify_interrupt(uart);
    case LINE_CONTROL:
        return uart->line_control;
    case MODEM_CONTROL:
        return uart->modem_control;
    case LINE_STATUS:
        return TRANSMITTER_EMPTY | (has_received(uart) ? DATA_READY : 0);
    case MODEM_STATUS:
        return modem_status(uart->modem_control);
    default:
        return uart->scratch;
    }
}

size_t uart_receive(struct vm *vm, const uint8_t *bytes, size_t size) {
    struct uart *uart = &vm->devices.uart;
    const bool was_empty = uart->input_count == 0;
    size_t taken = 0;
    for (; taken < size && uart->input_count < UART_INPUT_MAX; taken++) {
        const size_t last = (uart->input_first + uart->input_count++) % UART_INPUT_MAX;
        uart->input[last] = bytes[taken];
    }
    if (was_empty && interrupt(uart) == RECEIVED) {
        raise_interrupt(vm);
    }
    return taken;
}
