// SPDX-License-Identifier: MIT
//
// The last exit with the bytes of its packet under their names, and the exits before it.

#include "cli/step/pane.h"

#include <inttypes.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/fields.h"
#include "cli/packet_fields.h"
#include "cli/step/event_text.h"

// A field of a packet: where it begins, how many bytes it has, these, and what they say.
static void put_field(struct grid *grid, const struct box *box, unsigned row,
                      const zx_port_packet_t *packet, const struct packet_field *field) {
    uint8_t bytes[sizeof(*packet)];
    uint64_t value = 0;
    memcpy(bytes, packet, sizeof(bytes));
    grid_put(grid, box, row, 1, LOOK_FAINT, "%2u", (unsigned)field->offset);
    grid_put(grid, box, row, 5, LOOK_STRONG, "%s", field->name);
    for (size_t i = 0; i < field->size && i < sizeof(value); i++) {
        const uint8_t byte = bytes[field->offset + i];
        value |= (uint64_t)byte << (8 * i);
        grid_put(grid, box, row, 27 + 3 * (unsigned)i, LOOK_PLAIN, "%02x", byte);
    }
    const unsigned column = grid_put(grid, box, row, 53, LOOK_PLAIN, "0x%" PRIx64, value);
    if (strcmp(field->name, "type") == 0 && field->type[0] == '\0')
        grid_put(grid, box, row, column + 1, LOOK_PLAIN, "%s", fields_of_packet(packet).type);
}

static void put_packet(struct grid *grid, const struct box *box, unsigned row,
                       const zx_port_packet_t *packet) {
    for (size_t i = 0; i < packet_field_count; i++)
        if (packet_has_field(packet, &packet_fields[i]))
            put_field(grid, box, row++, packet, &packet_fields[i]);
}

// Text over several rows, broken at spaces.
static void put_wrapped(struct grid *grid, const struct box *box, unsigned row, const char *text) {
    struct text lines = {0};
    text_append(&lines, "%s", text);
    if (box->columns < 20)
        return;
    text_wrap(&lines, box->columns - 2, 0);
    for (const char *at = lines.bytes; *at; row++) {
        const size_t length = strcspn(at, "\n");
        grid_put(grid, box, row, 1, LOOK_PLAIN, "%.*s", (int)length, at);
        at += length + (at[length] == '\n');
    }
}

void pane_exit(const struct model *model, const struct sight *sight, struct grid *grid,
               const struct box *box) {
    const struct record_event *event = record_last_exit(model->record);
    const int scroll = sight->scroll[PANE_EXIT];
    if (!event) {
        grid_put(grid, box, 0, 1, LOOK_FAINT, "The guest has made no exit yet.");
        return;
    }
    struct text line = {0};
    char symbol[SYMBOL_TEXT_SIZE];
    event_text_without_outcome(event, &line); // It is in the next row.
    symbols_text(model->symbols, event->exit.rip, symbol, sizeof(symbol));
    grid_put(grid, box, 0, 1, LOOK_STRONG, "%.*s", (int)line.length, line.bytes);
    grid_put(grid, box, 1, 1, LOOK_PLAIN, "at %" PRIx64 "%s%s: %s", event->exit.rip,
             symbol[0] ? " " : "", symbol, event_outcome(event));
    if (event->status != ZX_OK)
        put_wrapped(grid, box, 3, model->record->end);
    if (event->has_packet) {
        const unsigned hidden = scroll > 0 ? (unsigned)scroll : 0;
        const struct box rest = {box->row + 2, box->column, box->rows > 2 ? box->rows - 2 : 0,
                                 box->columns};
        put_packet(grid, &rest, 0u - hidden, &event->packet);
    }
}

void pane_log(const struct model *model, const struct sight *sight, struct grid *grid,
              const struct box *box) {
    const int scroll = sight->scroll[PANE_LOG];
    for (unsigned row = 0; row < box->rows; row++) {
        const int64_t index = (int64_t)(box->rows - 1 - row) - scroll;
        const struct record_event *event =
            index >= 0 ? record_event(model->record, (uint64_t)index) : NULL;
        struct text line = {0};
        if (!event)
            continue;
        event_text(event, &line);
        grid_put(grid, box, row, 1, event->number ? LOOK_PLAIN : LOOK_STRONG, "%.*s",
                 (int)line.length, line.bytes);
    }
}
