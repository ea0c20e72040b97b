// SPDX-License-Identifier: MIT
//
// An exit's qualification or a packet's body as names and values, so that the trace and the JSON
// lines tell the same.

#ifndef CLI_FIELDS_H
#define CLI_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/text.h"

// The last two are decimal numbers, most of which have a name.
enum field_format {
    FIELD_DECIMAL,
    FIELD_HEXADECIMAL,
    FIELD_BOOLEAN,
    FIELD_EXCEPTION,
    FIELD_ACCESS,
};

struct field {
    const char *name;
    enum field_format format;
    uint64_t value;
};

struct fields {
    const char *type; // the packet's type, or the exit's kind
    size_t count;
    struct field list[6];
};

// What is delivered to a guest is reported with the exits, but is not an exit.
bool is_exit_kind(zirconia_exit_kind_t kind);

struct fields fields_of_exit(const zirconia_exit_t *exit);
struct fields fields_of_packet(const zx_port_packet_t *packet);

// What the value stands for, as "#PF" for vector 14; NULL where the number says it.
const char *field_value_name(const struct field *field);

// The value, for a person: its name if it has one.
void field_append_value(struct text *line, const struct field *field);

// The text of the exit's instruction, empty when there is none. `text` holds 96 bytes or more.
void instruction_text(const zirconia_exit_t *exit, char *text, size_t text_size);

#endif // CLI_FIELDS_H
