// SPDX-License-Identifier: MIT
//
// The table of fields. They stand by type, and then by where they begin.

#include "cli/packet_fields.h"

#include <string.h>

#include "cli/fields.h"

_Static_assert(sizeof(zx_port_packet_t) == 48, "a reader is told of 48 bytes");

#define FIELD(type, packet, member)                                                                \
    {                                                                                              \
        type, #member, offsetof(zx_port_packet_t, packet.member),                                  \
            sizeof(((zx_port_packet_t *)0)->packet.member)                                         \
    }

static const char of_interrupts[] = "GUEST_VCPU interrupt";
static const char of_startups[] = "GUEST_VCPU startup";

const struct packet_field packet_fields[] = {
    {"", "key", offsetof(zx_port_packet_t, key), sizeof(uint64_t)},
    {"", "type", offsetof(zx_port_packet_t, type), sizeof(uint32_t)},
    {"", "status", offsetof(zx_port_packet_t, status), sizeof(int32_t)},
    FIELD("GUEST_BELL", guest_bell, addr),
    FIELD("GUEST_MEM", guest_mem_2022, addr),
    FIELD("GUEST_MEM", guest_mem_2022, cr3),
    FIELD("GUEST_MEM", guest_mem_2022, rip),
    FIELD("GUEST_MEM", guest_mem_2022, instruction_size),
    FIELD("GUEST_MEM", guest_mem_2022, default_operand_size),
    FIELD("GUEST_IO", guest_io, port),
    FIELD("GUEST_IO", guest_io, access_size),
    FIELD("GUEST_IO", guest_io, input),
    FIELD("GUEST_IO", guest_io, data),
    FIELD("GUEST_VCPU", guest_vcpu_2022, type),
    FIELD(of_interrupts, guest_vcpu_2022, interrupt.mask),
    FIELD(of_interrupts, guest_vcpu_2022, interrupt.vector),
    FIELD(of_startups, guest_vcpu_2022, startup.id),
    FIELD(of_startups, guest_vcpu_2022, startup.entry),
};

const size_t packet_field_count = sizeof(packet_fields) / sizeof(packet_fields[0]);

bool packet_has_field(const zx_port_packet_t *packet, const struct packet_field *field) {
    const bool vcpu = packet->type == ZX_PKT_TYPE_GUEST_VCPU;
    if (field->type[0] == '\0')
        return true;
    if (field->type == of_interrupts)
        return vcpu && packet->guest_vcpu_2022.type == ZX_PKT_GUEST_VCPU_INTERRUPT;
    if (field->type == of_startups)
        return vcpu && packet->guest_vcpu_2022.type == ZX_PKT_GUEST_VCPU_STARTUP;
    return strcmp(field->type, fields_of_packet(packet).type) == 0;
}
