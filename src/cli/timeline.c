// SPDX-License-Identifier: MIT
//
// How long an exit took is known when the next event is observed, so that slices begin and end by
// records of their own. Inside an exit's slice lies that of the packet, if the run call returned
// one.

#include "cli/timeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/fields.h"
#include "cli/talk.h"

enum { THREAD_PORT = 1, THREAD_VCPU = 2 };
enum { KOID_PROCESS = 1, KOID_PORT = 2, KOID_VCPU = 3 };

static const char *const exit_category = "kernel:vcpu"; // As in Zircon's own traces.
static const char *const packet_category = "packet";

bool timeline_open(struct timeline *timeline, const char *path) {
    *timeline = (struct timeline){.path = path};
    if (!path)
        return true;
    FILE *stream = fopen(path, "wb");
    if (!stream) {
        talk("%s: %s", path, strerror(errno));
        return false;
    }
    fxt_start(&timeline->fxt, stream, "zirconia");
    fxt_process(&timeline->fxt, KOID_PROCESS, "guest");
    fxt_thread(&timeline->fxt, THREAD_VCPU, KOID_PROCESS, KOID_VCPU, "vcpu 0");
    fxt_thread(&timeline->fxt, THREAD_PORT, KOID_PROCESS, KOID_PORT, "port");
    return true;
}

bool timeline_close(struct timeline *timeline) {
    FILE *stream = timeline->fxt.stream;
    if (!stream)
        return true;
    timeline_resume(timeline, (int64_t)timeline->last_time);
    const bool written = fflush(stream) == 0 && !ferror(stream);
    if (fclose(stream) == 0 && written)
        return true;
    talk("%s: cannot be written", timeline->path);
    return false;
}

static void write_event(struct timeline *timeline, const struct fxt_event *event) {
    struct fxt_event timed = *event;
    timed.time = timeline->last_time;
    fxt_event(&timeline->fxt, &timed);
}

// A guest that gdb has taken back stands still here until it has caught up.
static void advance(struct timeline *timeline, int64_t time) {
    if ((uint64_t)time > timeline->last_time)
        timeline->last_time = (uint64_t)time;
}

void timeline_resume(struct timeline *timeline, int64_t time) {
    if (!timeline->fxt.stream || time == 0 || timeline->open_count == 0)
        return;
    advance(timeline, time);
    while (timeline->open_count) {
        const struct timeline_slice *slice = &timeline->open[--timeline->open_count];
        const struct fxt_event event = {
            .type = FXT_END,
            .thread = slice->thread,
            .category = slice->category,
            .name = slice->name,
        };
        write_event(timeline, &event);
    }
}

static void begin_slice(struct timeline *timeline, const struct fxt_event *event) {
    if (timeline->open_count == TIMELINE_MAX_OPEN)
        timeline_resume(timeline, (int64_t)timeline->last_time);
    struct timeline_slice *slice = &timeline->open[timeline->open_count++];
    *slice = (struct timeline_slice){.thread = event->thread, .category = event->category};
    snprintf(slice->name, sizeof(slice->name), "%s", event->name);
    write_event(timeline, event);
}

static enum fxt_argument_type type_of(enum field_format format) {
    return format == FIELD_BOOLEAN       ? FXT_BOOLEAN
           : format == FIELD_HEXADECIMAL ? FXT_POINTER
                                         : FXT_NUMBER;
}

static size_t add_fields(struct fxt_argument *arguments, size_t count,
                         const struct fields *fields) {
    for (size_t i = 0; i < fields->count; i++)
        arguments[count++] = (struct fxt_argument){
            .name = fields->list[i].name,
            .type = type_of(fields->list[i].format),
            .value = fields->list[i].value,
        };
    return count;
}

static void begin_packet(struct timeline *timeline, unsigned thread,
                         const zx_port_packet_t *packet) {
    const struct fields fields = fields_of_packet(packet);
    struct fxt_argument arguments[FXT_MAX_ARGUMENTS];
    const struct fxt_event event = {
        .type = FXT_BEGIN,
        .thread = thread,
        .category = packet_category,
        .name = fields.type,
        .argument_count = add_fields(arguments, 0, &fields),
        .arguments = arguments,
    };
    begin_slice(timeline, &event);
}

static size_t describe(const zirconia_exit_t *exit, const struct fields *fields,
                       const struct exit_outcome *outcome, char instruction[96],
                       struct fxt_argument *arguments) {
    size_t count = 0;
    instruction_text(exit, instruction, 96);
    arguments[count++] =
        (struct fxt_argument){.name = "rip", .type = FXT_POINTER, .value = exit->rip};
    if (instruction[0])
        arguments[count++] =
            (struct fxt_argument){.name = "instruction", .type = FXT_TEXT, .text = instruction};
    count = add_fields(arguments, count, fields);
    if (outcome->status != ZX_OK)
        arguments[count++] = (struct fxt_argument){
            .name = "status", .type = FXT_TEXT, .text = zx_status_get_string(outcome->status)};
    return count;
}

void timeline_exit(struct timeline *timeline, const zirconia_exit_t *exit,
                   const struct exit_outcome *outcome) {
    if (!timeline->fxt.stream)
        return;
    const struct fields fields = fields_of_exit(exit);
    const bool slice = is_exit_kind(exit->kind); // What is delivered takes no time.
    struct fxt_argument arguments[FXT_MAX_ARGUMENTS];
    char instruction[96];
    char name[FXT_STRING_ROOM];
    snprintf(name, sizeof(name), "%s%s", slice ? "exit:" : "", fields.type);
    const struct fxt_event event = {
        .type = slice ? FXT_BEGIN : FXT_INSTANT,
        .thread = THREAD_VCPU,
        .category = exit_category,
        .name = name,
        .argument_count = describe(exit, &fields, outcome, instruction, arguments),
        .arguments = arguments,
    };
    timeline_resume(timeline, exit->resumed);
    advance(timeline, exit->time);
    if (slice)
        begin_slice(timeline, &event);
    else
        write_event(timeline, &event);
    if (outcome->packet)
        begin_packet(timeline, THREAD_VCPU, outcome->packet);
}

void timeline_port_packet(struct timeline *timeline, const zx_port_packet_t *packet) {
    if (!timeline->fxt.stream)
        return;
    struct fxt_event flow = {
        .type = FXT_FLOW_BEGIN,
        .thread = THREAD_VCPU,
        .category = packet_category,
        .name = "bell",
        .flow = ++timeline->flows,
    };
    write_event(timeline, &flow);
    begin_packet(timeline, THREAD_PORT, packet);
    flow.type = FXT_FLOW_END;
    flow.thread = THREAD_PORT;
    write_event(timeline, &flow);
}
