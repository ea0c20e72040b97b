// SPDX-License-Identifier: MIT
//
// The part of a VMM that is between the guest's exits and the device.

#ifndef VMM_H_
#define VMM_H_

#include <zircon/syscalls/port.h>
#include <zircon/types.h>

// Answers a packet of zx_vcpu_enter(). memory is what the guest has at 0.
zx_status_t vmm_answer(zx_handle_t vcpu, zx_handle_t memory, const zx_port_packet_t *packet);

#endif // VMM_H_
