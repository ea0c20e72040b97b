// SPDX-License-Identifier: MIT
//
// Answers a memory trap. Its packet has the address and says where the instruction is, but not what
// that moves where: the VMM reads the instruction through the guest's page tables and decodes it.

#ifndef EXAMPLES_LINUX_MEMORY_ACCESS_H
#define EXAMPLES_LINUX_MEMORY_ACCESS_H

#include <stdbool.h>
#include <zircon/syscalls/port.h>
#include <zircon/types.h>

struct processor;

// False, and a line on standard error, when the instruction cannot be read or decoded.
bool memory_access_answer(struct processor *processor, const zx_packet_guest_mem_t *access);

#endif // EXAMPLES_LINUX_MEMORY_ACCESS_H
