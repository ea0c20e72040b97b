// SPDX-License-Identifier: MIT
//
// How long an exit took is known when the next event of its VCPU is observed, so that slices begin
// and end by records of their own. Inside an exit's slice lies that of the packet, if the run call
// returned one.

#include "cli/timeline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zircon/status.h>

#include "cli/fields.h"
#include "cli/talk.h"

enum { THREAD_PORT = 1, FIRST_THREAD_OF_VCPUS = 2 };
enum { KOID_PROCESS = 1, KOID_PORT = 2, FIRST_KOID_OF_VCPUS = 3 };

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
    fxt_thread(&timeline->fxt, THREAD_PORT, KOID_PROCESS, KOID_PORT, "port");
    return true;
}

bool timeline_close(struct timeline *timeline) {
    FILE *stream = timeline->fxt.stream;
    if (!stream)
        return true;
    timeline_end(timeline);
    const bool written = fflush(stream) == 0 && !ferror(stream);
    if (fclose(stream) == 0 && written)
        return true;
    talk("%s: cannot be written", timeline->path);
    return false;
}

// --- VCPUs ---

static unsigned thread_of(uint64_t vcpu) {
    return FIRST_THREAD_OF_VCPUS + (unsigned)vcpu;
}

static struct timeline_vcpu *find_vcpu(struct timeline *timeline, uint64_t number) {
    struct timeline_vcpu *vcpu = &timeline->vcpus[number];
    if (!vcpu->known) {
        char name[FXT_STRING_ROOM];
        snprintf(name, sizeof(name), "vcpu %u", (unsigned)number);
        fxt_thread(&timeline->fxt, thread_of(number), KOID_PROCESS, FIRST_KOID_OF_VCPUS + number,
                   name);
    }
    vcpu->known = true;
    return vcpu;
}

// A guest that gdb has taken back stands still here until it has caught up.
static void advance(struct timeline_vcpu *vcpu, int64_t time) {
    if ((uint64_t)time > vcpu->last_time)
        vcpu->last_time = (uint64_t)time;
}

static void end_slices(struct timeline *timeline, struct timeline_vcpu *vcpu) {
    while (vcpu->open_count) {
        const struct timeline_slice *slice = &vcpu->open[--vcpu->open_count];
        const struct fxt_event event = {
            .type = FXT_END,
            .thread = slice->thread,
            .time = vcpu->last_time,
            .category = slice->category,
            .name = slice->name,
        };
        fxt_event(&timeline->fxt, &event);
    }
}

void timeline_end(struct timeline *timeline) {
    for (size_t i = 0; i < TIMELINE_MAX_VCPUS; i++)
        end_slices(timeline, &timeline->vcpus[i]);
}

// The exit before this moment has ended, if it had not.
static void resume(struct timeline *timeline, struct timeline_vcpu *vcpu, int64_t time) {
    if (time == 0 || vcpu->open_count == 0)
        return;
    advance(vcpu, time);
    end_slices(timeline, vcpu);
}

static void begin_slice(struct timeline *timeline, struct timeline_vcpu *vcpu,
                        const struct fxt_event *event) {
    if (vcpu->open_count == TIMELINE_MAX_OPEN)
        end_slices(timeline, vcpu);
    struct timeline_slice *slice = &vcpu->open[vcpu->open_count++];
    *slice = (struct timeline_slice){.thread = event->thread, .category = event->category};
    snprintf(slice->name, sizeof(slice->name), "%s", event->name);
    fxt_event(&timeline->fxt, event);
}

// --- What happened ---

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

static void begin_packet(struct timeline *timeline, struct timeline_vcpu *vcpu, unsigned thread,
                         const zx_port_packet_t *packet) {
    const struct fields fields = fields_of_packet(packet);
    struct fxt_argument arguments[FXT_MAX_ARGUMENTS];
    const struct fxt_event event = {
        .type = FXT_BEGIN,
        .thread = thread,
        .time = vcpu->last_time,
        .category = packet_category,
        .name = fields.type,
        .argument_count = add_fields(arguments, 0, &fields),
        .arguments = arguments,
    };
    begin_slice(timeline, vcpu, &event);
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
    if (!timeline->fxt.stream || exit->vcpu >= TIMELINE_MAX_VCPUS)
        return;
    struct timeline_vcpu *vcpu = find_vcpu(timeline, exit->vcpu);
    resume(timeline, vcpu, exit->resumed);
    advance(vcpu, exit->time);
    const struct fields fields = fields_of_exit(exit);
    const bool slice = is_exit_kind(exit->kind); // What is delivered takes no time.
    struct fxt_argument arguments[FXT_MAX_ARGUMENTS];
    char instruction[96];
    char name[FXT_STRING_ROOM];
    snprintf(name, sizeof(name), "%s%s", slice ? "exit:" : "", fields.type);
    const struct fxt_event event = {
        .type = slice ? FXT_BEGIN : FXT_INSTANT,
        .thread = thread_of(exit->vcpu),
        .time = vcpu->last_time,
        .category = exit_category,
        .name = name,
        .argument_count = describe(exit, &fields, outcome, instruction, arguments),
        .arguments = arguments,
    };
    if (slice)
        begin_slice(timeline, vcpu, &event);
    else
        fxt_event(&timeline->fxt, &event);
    if (outcome->packet)
        begin_packet(timeline, vcpu, thread_of(exit->vcpu), outcome->packet);
}

void timeline_port_packet(struct timeline *timeline, const zirconia_exit_t *exit,
                          const zx_port_packet_t *packet) {
    if (!timeline->fxt.stream || exit->vcpu >= TIMELINE_MAX_VCPUS)
        return;
    struct timeline_vcpu *vcpu = find_vcpu(timeline, exit->vcpu);
    struct fxt_event flow = {
        .type = FXT_FLOW_BEGIN,
        .thread = thread_of(exit->vcpu),
        .time = vcpu->last_time,
        .category = packet_category,
        .name = "bell",
        .flow = ++timeline->flows,
    };
    fxt_event(&timeline->fxt, &flow);
    begin_packet(timeline, vcpu, THREAD_PORT, packet);
    flow.type = FXT_FLOW_END;
    flow.thread = THREAD_PORT;
    fxt_event(&timeline->fxt, &flow);
}
