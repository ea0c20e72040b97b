// SPDX-License-Identifier: MIT
//
// The VMM's part of an access that trapped: what the guest gives, and what it gets.

#ifndef CLI_ACCESS_H
#define CLI_ACCESS_H

#include <stdint.h>

#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/decode.h>
#include <zirconia/observe.h>

// What an output carries.
uint32_t access_output(const zx_packet_guest_io_t *io);

// Answers an input. What goes wrong is said.
zx_status_t access_input(zx_handle_t vcpu, uint8_t access_size, uint32_t value);

// Completes an access to memory: the guest loads `loaded`, and *stored receives what it stores. The
// instruction is the exit's, which saves the walk through the guest's page tables.
zx_status_t access_memory(zx_handle_t vcpu, const zirconia_exit_t *exit, uint64_t loaded,
                          zirconia_mmio_access_t *access, uint64_t *stored);

#endif // CLI_ACCESS_H
