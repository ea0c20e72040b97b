// SPDX-License-Identifier: MIT
//
// What the tool answers to a packet of the run call: the serial port, the exit port, and traps
// without a device, which swallow writes and read as 0.

#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdbool.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/serial.h"
#include "cli/vm.h"

enum answer {
    ANSWER_GO_ON,
    ANSWER_GUEST_OK,     // the guest wrote 0 to the exit port
    ANSWER_GUEST_FAILED, // the guest wrote something else there
    ANSWER_GUEST_FAULT,  // cannot be answered, which has been said
};

// `exit` is the exit of this VCPU that the packet came from. For packets from one VCPU to others
// there is VCPU 0 only.
enum answer answer_packet(zx_handle_t vcpu, struct serial *serial, uint64_t serial_port,
                          const zirconia_exit_t *exit, const zx_port_packet_t *packet);

#endif // CLI_ANSWER_H
