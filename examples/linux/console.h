// SPDX-License-Identifier: MIT
//
// A console as a virtio device (virtio 1.1, 5.3), with one port.

#ifndef EXAMPLES_LINUX_CONSOLE_H
#define EXAMPLES_LINUX_CONSOLE_H

#include "virtio.h"

struct console {
    struct virtio virtio;
    bool open; // The guest's driver has said so.
};

void console_open(struct vm *vm, struct console *console, unsigned number);

// Whether the guest's driver takes input. Linux drops what comes before it has opened the port.
bool console_is_used(const struct console *console);

// Hands the guest what was typed; returns how many of the bytes had room.
size_t console_receive(struct vm *vm, const uint8_t *bytes, size_t size);

#endif // EXAMPLES_LINUX_CONSOLE_H
