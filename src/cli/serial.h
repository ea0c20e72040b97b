// SPDX-License-Identifier: MIT
//
// A 16550 UART on an idle line: what the guest sends is printed, nothing is ever received, and no
// interrupt is raised. Baud rate and format are remembered and mean nothing.

#ifndef CLI_SERIAL_H
#define CLI_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct html;
struct record;
struct trace;

struct serial {
    uint64_t vcpu;        // Whose accesses come.
    uint8_t registers[8]; // as last written, by offset
    uint8_t divisor[2];
    uint8_t fifo_control;
    bool silent;  // what the guest sends was printed before
    bool by_line; // print whole lines: a trace goes between them, or there is no terminal
    bool json;
    struct trace *trace;   // is told of lines; NULL: none
    struct html *html;     // is told of lines; NULL: none
    struct record *record; // takes what would be printed; NULL: none
    size_t length;
    char line[256]; // sent and not yet printed
};

uint8_t serial_read(const struct serial *serial, unsigned offset);
void serial_write(struct serial *serial, unsigned offset, uint8_t value);

// Prints what is held back of a line.
void serial_flush(struct serial *serial);

#endif // CLI_SERIAL_H
