// SPDX-License-Identifier: MIT
//
// Two rings: events, and the bytes that were printed.

#include "cli/step/record.h"

#include "cli/fields.h"

void record_exit(struct record *record, const zirconia_exit_t *exit) {
    struct record_event *event = &record->list[record->events++ % RECORD_EVENTS];
    *event = (struct record_event){.exit = *exit};
    if (is_exit_kind(exit->kind))
        event->number = ++record->exits;
}

static struct record_event *last(struct record *record) {
    return record->events ? &record->list[(record->events - 1) % RECORD_EVENTS] : NULL;
}

void record_packet(struct record *record, const zx_port_packet_t *packet) {
    struct record_event *event = last(record);
    if (!event)
        return;
    if (packet->key < RECORD_KEYS)
        record->packets[packet->key]++;
    event->has_packet = true;
    event->packet = *packet;
}

void record_error(struct record *record, zx_status_t status) {
    struct record_event *event = last(record);
    if (event)
        event->status = status;
}

void record_output(struct record *record, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        record->output[record->printed++ % RECORD_OUTPUT] = bytes[i];
}

const struct record_event *record_event(const struct record *record, uint64_t index) {
    if (index >= record->events || index >= RECORD_EVENTS)
        return NULL;
    return &record->list[(record->events - 1 - index) % RECORD_EVENTS];
}

const struct record_event *record_last_exit(const struct record *record) {
    const struct record_event *event;
    for (uint64_t i = 0; (event = record_event(record, i)) != NULL; i++)
        if (event->number)
            return event;
    return NULL;
}

const struct record_event *record_last_of(const struct record *record, uint32_t kinds) {
    const struct record_event *event;
    for (uint64_t i = 0; (event = record_event(record, i)) != NULL; i++)
        if (kinds >> event->exit.kind & 1)
            return event;
    return NULL;
}

const struct record_event *record_last_with_packet(const struct record *record) {
    const struct record_event *event;
    for (uint64_t i = 0; (event = record_event(record, i)) != NULL; i++)
        if (event->has_packet)
            return event;
    return NULL;
}

size_t record_read_output(const struct record *record, char *bytes, size_t size) {
    const uint64_t kept = record->printed < RECORD_OUTPUT ? record->printed : RECORD_OUTPUT;
    const size_t count = kept < size ? (size_t)kept : size;
    for (size_t i = 0; i < count; i++)
        bytes[i] = record->output[(record->printed - count + i) % RECORD_OUTPUT];
    return count;
}
