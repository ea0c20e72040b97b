// SPDX-License-Identifier: MIT
//
// A serial port (a 16550A UART) whose line is infinitely fast: what is sent has left at once, and
// what was received waits in the port until the guest has read it.

#ifndef EXAMPLES_LINUX_UART_H
#define EXAMPLES_LINUX_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_REGISTERS 8
#define UART_INPUT_MAX 1024

struct vm;

struct uart {
    uint8_t interrupt_enable;
    uint8_t fifo_control;
    uint8_t line_control;
    uint8_t modem_control;
    bool modem_control_used; // The guest has written it.
    uint8_t scratch;
    uint8_t divisor[2];
    bool sent; // All that was written, and the guest has not yet been told.
    uint8_t input[UART_INPUT_MAX];
    size_t input_first;
    size_t input_count;
};

void uart_write(struct vm *vm, unsigned number, uint8_t value);
uint8_t uart_read(struct vm *vm, unsigned number);

// Lets the port receive; returns how many of the bytes had room.
size_t uart_receive(struct vm *vm, const uint8_t *bytes, size_t size);

// Takes what the guest has not read, of up to UART_INPUT_MAX bytes; returns how many there were.
size_t uart_take_unread(struct uart *uart, uint8_t *bytes);

#endif // EXAMPLES_LINUX_UART_H
