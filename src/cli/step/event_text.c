// SPDX-License-Identifier: MIT
//
// The names are those of the trace.

#include "cli/step/event_text.h"

#include <inttypes.h>

#include <zircon/status.h>

#include "cli/fields.h"

static void append_field(struct text *line, const struct field *field) {
    text_append(line, " %s=", field->name);
    field_append_value(line, field);
}

void event_text(const struct record_event *event, struct text *line) {
    const struct fields fields = fields_of_exit(&event->exit);
    char instruction[96];
    instruction_text(&event->exit, instruction, sizeof(instruction));
    if (event->number)
        text_append(line, "#%" PRIu64 " ", event->number);
    text_append(line, "%s", fields.type);
    if (instruction[0])
        text_append(line, " '%s'", instruction);
    if (event->has_packet)
        text_append(line, " -> %s", fields_of_packet(&event->packet).type);
    else if (event->status != ZX_OK)
        text_append(line, " -> %s", zx_status_get_string(event->status));
    for (size_t i = 0; i < fields.count; i++)
        append_field(line, &fields.list[i]);
}

const char *event_outcome(const struct record_event *event) {
    if (event->status != ZX_OK)
        return zx_status_get_string(event->status);
    if (!event->has_packet)
        return "the kernel has answered it itself";
    return event->packet.type == ZX_PKT_TYPE_GUEST_BELL
               ? "the guest went on, and the port got this packet:"
               : "zx_vcpu_enter() has returned this packet:";
}
