// SPDX-License-Identifier: MIT
//
// Where the guest was and what it executed, the exit with its qualification as arguments, and after
// "=" the packet or the error that the run call returned, if it returned:
//
//     0x100010      out dx, al            io_instruction(port=0x3f8, ...) = GUEST_IO {key=2, ...}

#include "cli/trace.h"

#include <inttypes.h>

#include <zircon/status.h>

#include "cli/fields.h"
#include "cli/text.h"

// Of the text, colour codes aside.
enum { INSTRUCTION_COLUMN = 20, KIND_COLUMN = 56 };

static const char *const bold = "\033[1m";
static const char *const plain = "\033[0m";

static void append_fields(struct text *line, const struct fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        text_append(line, "%s%s=", i ? ", " : "", field->name);
        if (field->format == FIELD_HEXADECIMAL)
            text_append(line, "0x%" PRIx64, field->value);
        else if (field->format == FIELD_DECIMAL)
            text_append(line, "%" PRIu64, field->value);
        else
            text_append(line, "%s", field->value ? "true" : "false");
    }
}

static void append_packet(struct text *line, const zx_port_packet_t *packet, bool colour) {
    struct fields fields = fields_of_packet(packet);
    text_append(line, "%s%s%s {", colour ? bold : "", fields.type, colour ? plain : "");
    append_fields(line, &fields);
    text_append(line, "}");
}

void trace_exit(const zirconia_exit_t *exit, const struct exit_outcome *outcome, bool colour) {
    struct text line = {0};
    char instruction[96];
    instruction_text(exit, instruction, sizeof(instruction));
    text_append(&line, "0x%" PRIx64, exit->rip);
    text_pad(&line, INSTRUCTION_COLUMN);
    text_append(&line, "%s ", instruction);
    text_pad(&line, KIND_COLUMN);
    struct fields fields = fields_of_exit(exit);
    text_append(&line, "%s(", fields.type);
    append_fields(&line, &fields);
    text_append(&line, ")");
    if (outcome->packet) {
        text_append(&line, " = ");
        append_packet(&line, outcome->packet, colour);
    } else if (outcome->status != ZX_OK) {
        text_append(&line, " = %s", zx_status_get_string(outcome->status));
    }
    text_write_line(&line, stderr);
}

void trace_port_packet(const zx_port_packet_t *packet, bool colour) {
    struct text line = {0};
    text_append(&line, "port");
    text_pad(&line, KIND_COLUMN);
    append_packet(&line, packet, colour);
    text_write_line(&line, stderr);
}
