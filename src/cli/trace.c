// SPDX-License-Identifier: MIT
//
// Where the guest was and what it executed, the exit with its qualification as arguments, and after
// "=" the packet or the error that the run call returned, if it returned:
//
//     0x100010      out dx, al            io_instruction(port=0x3f8, ...) = GUEST_IO {key=2, ...}

#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>

#include "cli/fields.h"
#include "cli/host.h"
#include "cli/talk.h"
#include "cli/trace_filter.h"
#include "cli/vm.h"

// Columns of the text, not counting colour codes; a terminal has less room.
enum { INSTRUCTION_COLUMN = 20, KIND_COLUMN = 56 };
enum { NARROW_INSTRUCTION_COLUMN = 10, NARROW_KIND_COLUMN = 34, TERMINAL_WIDTH = 80 };

// Codes of a terminal: exits, what is delivered to the guest, packets, and what went wrong.
static const char *const cyan = "\033[36m";
static const char *const yellow = "\033[33m";
static const char *const bold = "\033[1m";
static const char *const red = "\033[31m";

static bool wants_colour(FILE *stream) {
    const char *no_color = getenv("NO_COLOR");
    return !(no_color && *no_color) && host_is_terminal(stream);
}

bool trace_open(struct trace *trace, const struct options *options) {
    const int64_t start = options->virtual_time ? 0 : zx_clock_get_monotonic();
    *trace = (struct trace){.options = options, .start = start, .now = start, .last_time = start};
    if (!options->trace)
        return true;
    trace->stream = options->output ? fopen(options->output, "wb") : stderr;
    if (!trace->stream) {
        talk("%s: %s", options->output, strerror(errno));
        return false;
    }
    trace->colour = wants_colour(trace->stream);
    trace->width = host_is_terminal(trace->stream) ? TERMINAL_WIDTH : 0;
    return true;
}

static void write_repeats(struct trace *trace) {
    struct text line = {0};
    if (trace->repeats == 0)
        return;
    text_pad(&line, trace->width ? NARROW_INSTRUCTION_COLUMN : INSTRUCTION_COLUMN);
    text_append(&line, "x%u", trace->repeats + 1);
    text_write_line(&line, trace->stream);
    trace->repeats = 0;
}

void trace_end(struct trace *trace, const char *said) {
    struct text line = {0};
    if (!trace->stream || trace->stream == stderr || said[0] == '\0')
        return;
    write_repeats(trace);
    text_append(&line, "end");
    text_pad(&line, INSTRUCTION_COLUMN);
    text_append(&line, "%s", said);
    text_write_line(&line, trace->stream);
}

bool trace_close(struct trace *trace) {
    if (!trace->stream)
        return true;
    write_repeats(trace);
    const bool written = fflush(trace->stream) == 0 && !ferror(trace->stream);
    if (trace->stream == stderr)
        return true;
    if (fclose(trace->stream) == 0 && written)
        return true;
    talk("%s: cannot be written", trace->options->output);
    return false;
}

static void write_time(struct trace *trace, struct text *out) {
    if (trace->options->times)
        text_append(out, "%12.9f ", (double)(trace->now - trace->start) / 1e9);
    if (trace->options->relative)
        text_append(out, "%12.9f ", (double)(trace->now - trace->last_time) / 1e9);
    trace->last_time = trace->now;
}

static void write_line(struct trace *trace, const struct text *line) {
    if (line->length == trace->last.length &&
        memcmp(line->bytes, trace->last.bytes, line->length) == 0) {
        trace->repeats++;
        return;
    }
    write_repeats(trace);
    struct text out = {0};
    write_time(trace, &out);
    text_append(&out, "%.*s", (int)line->length, line->bytes);
    if (trace->width)
        text_wrap(&out, trace->width, NARROW_INSTRUCTION_COLUMN);
    text_write_line(&out, trace->stream);
    trace->last = *line;
}

static void append_fields(struct text *line, const struct fields *fields) {
    for (size_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        text_append(line, "%s%s=", i ? ", " : "", field->name);
        field_append_value(line, field);
    }
}

static void append_lit(struct text *line, const char *word, const char *code, bool colour) {
    text_append(line, "%s%s%s", colour ? code : "", word, colour ? "\033[0m" : "");
}

static const char *colour_of(zirconia_exit_kind_t kind) {
    if (kind == ZIRCONIA_EXIT_TRIPLE_FAULT || kind == ZIRCONIA_EXIT_DELIVERY_FAILED)
        return red;
    return is_exit_kind(kind) ? cyan : yellow;
}

static void append_packet(struct text *line, const zx_port_packet_t *packet, bool colour) {
    struct fields fields = fields_of_packet(packet);
    append_lit(line, fields.type, bold, colour);
    text_append(line, " {");
    append_fields(line, &fields);
    text_append(line, "}");
}

static void append_outcome(struct text *line, const struct exit_outcome *outcome, bool colour) {
    if (outcome->packet) {
        text_append(line, " = ");
        append_packet(line, outcome->packet, colour);
    } else if (outcome->status != ZX_OK) {
        text_append(line, " = ");
        append_lit(line, zx_status_get_string(outcome->status), red, colour);
    }
}

// Serial output is seen as lines.
static bool is_serial(const struct options *options, const struct exit_outcome *outcome) {
    return options->has_serial && outcome->packet && outcome->packet->key == KEY_SERIAL;
}

void trace_exit(struct trace *trace, const zirconia_exit_t *exit,
                const struct exit_outcome *outcome) {
    const struct trace_filter *only = &trace->options->only;
    trace->now = exit->time;
    if (!trace->stream || !trace_filter_wants(only, exit, outcome->packet) ||
        (is_serial(trace->options, outcome) && !trace_filter_asks_for_ports(only)))
        return;
    struct text line = {0};
    char instruction[96];
    instruction_text(exit, instruction, sizeof(instruction));
    if (trace->options->cpus > 1)
        text_append(&line, "%" PRIu64 ":", exit->vcpu);
    text_append(&line, "0x%" PRIx64, exit->rip);
    text_pad(&line, trace->width ? NARROW_INSTRUCTION_COLUMN : INSTRUCTION_COLUMN);
    text_append(&line, "%s ", instruction);
    text_pad(&line, trace->width ? NARROW_KIND_COLUMN : KIND_COLUMN);
    struct fields fields = fields_of_exit(exit);
    append_lit(&line, fields.type, colour_of(exit->kind), trace->colour);
    text_append(&line, "(");
    append_fields(&line, &fields);
    text_append(&line, ")");
    append_outcome(&line, outcome, trace->colour);
    write_line(trace, &line);
}

void trace_port_packet(struct trace *trace, const zirconia_exit_t *exit,
                       const zx_port_packet_t *packet) {
    struct text line = {0};
    if (!trace->stream || !trace_filter_wants(&trace->options->only, exit, packet))
        return;
    text_append(&line, "port");
    text_pad(&line, trace->width ? NARROW_KIND_COLUMN : KIND_COLUMN);
    append_packet(&line, packet, trace->colour);
    write_line(trace, &line);
}

void trace_serial(struct trace *trace, const char *bytes, size_t size) {
    struct text line = {0};
    const bool seen =
        trace->stream == stderr && (host_is_terminal(stdout) || host_is_same_file(stdout, stderr));
    if (!trace->stream || seen)
        return;
    while (size && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
        size--;
    text_append(&line, "serial");
    text_pad(&line, trace->width ? NARROW_KIND_COLUMN : KIND_COLUMN);
    text_append(&line, "\"");
    for (size_t i = 0; i < size; i++) {
        const bool printable = bytes[i] >= 0x20 && bytes[i] <= 0x7e;
        text_append(&line, printable ? "%c" : "\\x%02x", (unsigned char)bytes[i]);
    }
    text_append(&line, "\"");
    write_line(trace, &line);
}
