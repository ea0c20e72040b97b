// SPDX-License-Identifier: MIT
//
// The names are those of the trace.

#include "cli/step/event_text.h"

#include <inttypes.h>

#include <zircon/status.h>

#include "cli/fields.h"

static void append_cause(struct text *line, const struct record_event *event,
                         const struct fields *fields) {
    char instruction[96];
    instruction_text(&event->exit, instruction, sizeof(instruction));
    if (event->number)
        text_append(line, "#%" PRIu64 " ", event->number);
    text_append(line, "%s", fields->type);
    if (instruction[0])
        text_append(line, " '%s'", instruction);
}

static void append_outcome(struct text *line, const struct record_event *event) {
    if (event->has_packet)
        text_append(line, " -> %s", fields_of_packet(&event->packet).type);
    else if (event->status != ZX_OK)
        text_append(line, " -> %s", zx_status_get_string(event->status));
}

static void append_fields(struct text *line, const struct fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        text_append(line, " %s=", fields->list[i].name);
        field_append_value(line, &fields->list[i]);
    }
}

void event_text(const struct record_event *event, struct text *line) {
    const struct fields fields = fields_of_exit(&event->exit);
    append_cause(line, event, &fields);
    append_outcome(line, event);
    append_fields(line, &fields);
}

void event_text_without_outcome(const struct record_event *event, struct text *line) {
    const struct fields fields = fields_of_exit(&event->exit);
    append_cause(line, event, &fields);
    append_fields(line, &fields);
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
