// SPDX-License-Identifier: MIT
//
// The parts of the 48 bytes of a packet, under the names of the ABI's structures. What lies between
// them is padding.

#ifndef CLI_PACKET_FIELDS_H
#define CLI_PACKET_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include <zircon/syscalls/port.h>

struct packet_field {
    const char *type; // The packet's; "" for a field of every packet.
    const char *name;
    size_t offset;
    size_t size;
};

extern const struct packet_field packet_fields[];
extern const size_t packet_field_count;

// Whether the packet has the field. Of a GUEST_VCPU packet it depends on what is asked for.
bool packet_has_field(const zx_port_packet_t *packet, const struct packet_field *field);

#endif // CLI_PACKET_FIELDS_H
