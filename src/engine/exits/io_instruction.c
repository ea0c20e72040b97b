// SPDX-License-Identifier: MIT
//
// IN and OUT (hypervisor ABI 5.4).

#include "engine/exits/exits.h"
#include "objects/refusal.h"

#include <string.h>

zx_status_t exit_io_instruction(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const struct port_access *access = &context->exit->port;
    const uint16_t port =
        access->immediate_port ? access->port_immediate : (uint16_t)cpu_get(cpu, RDX);
    if (access->string || access->repeat) {
        return refuse_value(
            ZX_ERR_NOT_SUPPORTED,
            access->input ? "IN from port % by a string instruction, which Zircon does not handle"
                          : "OUT to port % by a string instruction, which Zircon does not handle",
            port);
    }
    struct trap trap;
    if (!trap_map_find(&context->vcpu->guest->port_traps, port, &trap)) {
        return refuse_value(ZX_ERR_NOT_FOUND,
                            access->input ? "IN from port %, which no trap covers"
                                          : "OUT to port %, which no trap covers",
                            port);
    }
    exit_advance(context);
    zx_port_packet_t *packet = context->packet;
    packet->key = trap.key;
    packet->type = ZX_PKT_TYPE_GUEST_IO;
    packet->guest_io.port = port;
    packet->guest_io.access_size = access->access_size;
    packet->guest_io.input = access->input;
    if (!access->input) {
        const uint32_t value = (uint32_t)cpu_get(cpu, RAX);
        for (unsigned i = 0; i < access->access_size; i++) {
            packet->guest_io.data[i] = (uint8_t)(value >> (8 * i));
        }
    } else if (access->access_size == 4) {
        cpu_set(cpu, RAX, 0);
    }
    return ZX_ERR_NEXT;
}
