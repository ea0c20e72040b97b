// SPDX-License-Identifier: MIT
//
// Answers by type of packet.

#include "cli/answer.h"

#include <inttypes.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

#include "cli/access.h"
#include "cli/fields.h"
#include "cli/talk.h"

static enum answer end_of_guest(uint32_t value) {
    if (value == 0)
        return ANSWER_GUEST_OK;
    talk("the guest reported %" PRIu32, value);
    return ANSWER_GUEST_FAILED;
}

static enum answer answer_io(zx_handle_t vcpu, struct serial *serial, uint64_t serial_port,
                             const zx_port_packet_t *packet) {
    const zx_packet_guest_io_t *io = &packet->guest_io;
    unsigned offset = (unsigned)(io->port - serial_port) & 7;
    if (io->input) {
        uint8_t value = packet->key == KEY_SERIAL ? serial_read(serial, offset) : 0;
        const zx_status_t status = access_input(vcpu, io->access_size, value);
        return status == ZX_OK ? ANSWER_GO_ON : ANSWER_GUEST_FAULT;
    }
    if (packet->key == KEY_SERIAL)
        serial_write(serial, offset, io->data[0]);
    if (packet->key == KEY_EXIT_PORT)
        return end_of_guest(access_output(io));
    return ANSWER_GO_ON;
}

static enum answer answer_mem(zx_handle_t vcpu, const zirconia_exit_t *exit,
                              const zx_port_packet_t *packet) {
    zirconia_mmio_access_t access;
    uint64_t stored;
    const zx_status_t status = access_memory(vcpu, exit, 0, &access, &stored);
    if (status == ZX_OK)
        return ANSWER_GO_ON;
    char instruction[96];
    instruction_text(exit, instruction, sizeof(instruction));
    talk("cannot answer the access to 0x%" PRIx64 " by '%s' at 0x%" PRIx64 ": %s",
         packet->guest_mem_2022.addr, instruction, exit->rip, zx_status_get_string(status));
    return ANSWER_GUEST_FAULT;
}

// There is one VCPU, number 0.
static enum answer answer_vcpu(zx_handle_t vcpu, const zirconia_2022_packet_guest_vcpu_t *packet) {
    if (packet->type == ZX_PKT_GUEST_VCPU_STARTUP)
        talk("the guest starts processor %" PRIu64 ", but there is one only", packet->startup.id);
    else if (packet->interrupt.mask & 1)
        (void)zx_vcpu_interrupt(vcpu, packet->interrupt.vector);
    return ANSWER_GO_ON;
}

enum answer answer_packet(zx_handle_t vcpu, struct serial *serial, uint64_t serial_port,
                          const zirconia_exit_t *exit, const zx_port_packet_t *packet) {
    switch (packet->type) {
    case ZX_PKT_TYPE_GUEST_IO:
        return answer_io(vcpu, serial, serial_port, packet);
    case ZX_PKT_TYPE_GUEST_MEM:
        return answer_mem(vcpu, exit, packet);
    case ZX_PKT_TYPE_GUEST_VCPU:
        return answer_vcpu(vcpu, &packet->guest_vcpu_2022);
    default:
        talk("packet of unknown type %" PRIu32, packet->type);
        return ANSWER_GUEST_FAULT;
    }
}
