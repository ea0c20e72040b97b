// SPDX-License-Identifier: MIT
//
// What ACPI's differentiated system description table says, in its byte code (AML): where the
// devices are that a kernel cannot find by itself, and which sleep type turns the VM off.

#ifndef EXAMPLES_LINUX_DEFINITIONS_H
#define EXAMPLES_LINUX_DEFINITIONS_H

#include <stddef.h>
#include <stdint.h>

enum { DEFINITIONS_MAX = 0x200 };

// Returns how many bytes were written, at most DEFINITIONS_MAX.
size_t definitions_write(uint8_t *to);

#endif // EXAMPLES_LINUX_DEFINITIONS_H
