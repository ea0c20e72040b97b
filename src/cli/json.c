// SPDX-License-Identifier: MIT
//
// Addresses, register values and MSR numbers are strings in hexadecimal, since a JSON number need
// not hold 64 bits; counts and sizes are numbers.

#include "cli/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/fields.h"
#include "cli/text.h"

// Bytes above 126 come out as the code points of the same number: the line stays ASCII, and a
// reader gets the guest's bytes back exactly.
void json_append_string(struct text *line, const char *bytes, size_t size, const char *escaped) {
    text_append(line, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == '"' || c == '\\')
            text_append(line, "\\%c", c);
        else if (c == '\n')
            text_append(line, "\\n");
        else if (c < 0x20 || c > 0x7e || strchr(escaped, c))
            text_append(line, "\\u%04x", c);
        else
            text_append(line, "%c", c);
    }
    text_append(line, "\"");
}

static void append_fields(struct text *line, const struct fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        text_append(line, "%s\"%s\":", i ? "," : "", field->name);
        if (field->format == FIELD_HEXADECIMAL)
            text_append(line, "\"0x%" PRIx64 "\"", field->value);
        else if (field->format == FIELD_BOOLEAN)
            text_append(line, "%s", field->value ? "true" : "false");
        else
            text_append(line, "%" PRIu64, field->value);
        const char *name = field_value_name(field);
        if (name)
            text_append(line, ",\"%s_name\":\"%s\"", field->name, name);
    }
}

static void append_packet(struct text *line, const zx_port_packet_t *packet) {
    struct fields fields = fields_of_packet(packet);
    text_append(line, ",\"packet\":{\"type\":\"%s\",", fields.type);
    append_fields(line, &fields);
    text_append(line, "}");
}

void json_exit(const zirconia_exit_t *exit, const struct exit_outcome *outcome) {
    struct text line = {0};
    struct fields fields = fields_of_exit(exit);
    text_append(&line,
                "{\"event\":\"exit\",\"kind\":\"%s\",\"vcpu\":%" PRIu64 ",\"rip\":\"0x%" PRIx64
                "\",\"cr3\":\"0x%" PRIx64 "\",\"mode\":%d",
                fields.type, exit->vcpu, exit->rip, exit->cr3, (int)exit->mode);
    text_append(&line, ",\"bytes\":\"");
    for (unsigned i = 0; i < exit->instruction_size && i < sizeof(exit->instruction); i++)
        text_append(&line, "%02x", exit->instruction[i]);
    char instruction[96];
    instruction_text(exit, instruction, sizeof(instruction));
    text_append(&line, "\",\"instruction\":\"%s\",\"qualification\":{", instruction);
    append_fields(&line, &fields);
    text_append(&line, "}");
    if (outcome->packet)
        append_packet(&line, outcome->packet);
    if (outcome->status != ZX_OK)
        text_append(&line, ",\"status\":\"%s\"", zx_status_get_string(outcome->status));
    text_append(&line, "}");
    text_write_line(&line, stdout);
}

void json_port_packet(const zx_port_packet_t *packet) {
    struct text line = {0};
    text_append(&line, "{\"event\":\"port\"");
    append_packet(&line, packet);
    text_append(&line, "}");
    text_write_line(&line, stdout);
}

void json_serial(const char *bytes, size_t size) {
    struct text line = {0};
    text_append(&line, "{\"event\":\"serial\",\"text\":");
    json_append_string(&line, bytes, size, "");
    text_append(&line, "}");
    text_write_line(&line, stdout);
}

void json_statistics(zirconia_exit_kind_t kind, const zirconia_exit_statistics_t *statistics,
                     const struct stats_span *span) {
    struct text line = {0};
    text_append(&line,
                "{\"event\":\"statistics\",\"kind\":\"%s\",\"count\":%" PRIu64
                ",\"nanoseconds\":%" PRIu64,
                zirconia_exit_kind_name(kind), statistics->count, statistics->nanoseconds);
    if (span->any)
        text_append(&line, ",\"shortest\":%" PRId64 ",\"longest\":%" PRId64, span->shortest,
                    span->longest);
    text_append(&line, "}");
    text_write_line(&line, stdout);
}

void json_output(const char *text) {
    struct text line = {0};
    text_append(&line, "{\"event\":\"output\",\"text\":");
    json_append_string(&line, text, strlen(text), "");
    text_append(&line, "}");
    text_write_line(&line, stdout);
}

void json_end(const char *reason, int exit_code, const char *message,
              const struct register_value *registers, unsigned count) {
    struct text line = {0};
    text_append(&line, "{\"event\":\"end\",\"reason\":\"%s\",\"exit_code\":%d", reason, exit_code);
    if (message[0] != '\0') {
        text_append(&line, ",\"message\":");
        json_append_string(&line, message, strlen(message), "");
    }
    text_append(&line, ",\"registers\":{");
    for (unsigned i = 0; i < count; i++)
        text_append(&line, "%s\"%s\":\"0x%" PRIx64 "\"", i ? "," : "", registers[i].name,
                    registers[i].value);
    text_append(&line, "}}");
    text_write_line(&line, stdout);
}
