// SPDX-License-Identifier: MIT
//
// The terminal that the guest's console is. While it is raw, each key goes to the guest, Ctrl-C
// too; only TERMINAL_ESCAPE does not. Standard input that is no terminal, such as a pipe, is read
// as it is.

#ifndef EXAMPLES_LINUX_TERMINAL_H
#define EXAMPLES_LINUX_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERMINAL_ESCAPE 0x1d // Ctrl-]

// Makes it raw, if it is a terminal, until terminal_close() or the end of the process. False, and
// nothing is changed, when the host refuses.
bool terminal_open(void);
void terminal_close(void);

// Whether what is read was typed.
bool terminal_is_typed(void);

// Waits for input; 0 at its end, and from terminal_wake() on. One thread reads.
size_t terminal_read(uint8_t *bytes, size_t size);

// From now on the size of the terminal is read too, now and when it has changed, as a terminal
// reports it: ESC [ 8 ; ROWS ; COLUMNS t.
void terminal_report_sizes(void);

// What it is sent by terminal_close(), and at the end of the process, which keeps the pointer.
void terminal_set_farewell(const char *bytes);

// Gets the reader out of its wait. Any thread.
void terminal_wake(void);

#endif // EXAMPLES_LINUX_TERMINAL_H
