// SPDX-License-Identifier: MIT
//
// A call as text, from what the table of calls says of its parameters.

#include "syscalls/call_text.h"

#include "syscalls/syscalls.h"

#include <string.h>
#include <zircon/status.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/resource.h>

// clang-format off
#define SET(set, its_form)                                                                         \
    const struct value_names value_names_##set = {its_form, (const struct named_value[]){
#define NAME(constant) {(uint64_t)(constant), #constant},
#define END {0, NULL}}};
#include "syscalls/value_names.inc"
#undef SET
#undef NAME
#undef END
// clang-format on

enum { TEXT_SIZE = 32 };

void line_add(struct line *line, const char *text) {
    const size_t room = sizeof line->text - 1 - line->length;
    const size_t length = strlen(text);
    const size_t taken = length < room ? length : room;
    memcpy(line->text + line->length, text, taken);
    line->length += taken;
}

void line_add_in_base(struct line *line, uint64_t number, unsigned base) {
    char digits[24];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    line_add(line, at);
}

void line_add_number(struct line *line, uint64_t number) {
    line_add(line, number < 10 ? "" : "0x");
    line_add_in_base(line, number, number < 10 ? 10 : 16);
}

static void add_time(struct line *line, int64_t time) {
    line_add(line, time < 0 ? "-" : "");
    line_add_in_base(line, time < 0 ? 0 - (uint64_t)time : (uint64_t)time, 10);
}

static void add_flags(struct line *line, const struct named_value *names, uint64_t value) {
    const char *between = "";
    for (; names->name != NULL; names++) {
        if ((value & names->value) != 0) {
            line_add(line, between);
            line_add(line, names->name);
            between = "|";
            value &= ~names->value;
        }
    }
    if (value != 0 || between[0] == '\0') {
        line_add(line, between);
        line_add_number(line, value);
    }
}

static void add_named(struct line *line, const struct value_names *set, uint64_t value) {
    if (set->form == FLAGS) {
        add_flags(line, set->names, value);
        return;
    }
    for (const struct named_value *named = set->names; named->name != NULL; named++) {
        if (named->value == value) {
            line_add(line, named->name);
            return;
        }
    }
    if (set->form == TIMES) {
        add_time(line, (int64_t)value);
    } else {
        line_add_number(line, value);
    }
}

void line_add_status(struct line *line, zx_status_t status) {
    line_add(line, zx_status_get_string(status));
}

// --- What is behind pointers ---

static void add_field(struct line *line, const char *name, uint64_t value) {
    line_add(line, ", ");
    line_add(line, name);
    line_add(line, "=");
    line_add_number(line, value);
}

// Fields that lie at the same place in all eras.
static void add_packet(struct line *line, const zx_port_packet_t *packet) {
    line_add(line, "{key=");
    line_add_number(line, packet->key);
    line_add(line, ", type=");
    add_named(line, &value_names_PACKET_TYPES, packet->type);
    line_add(line, ", status=");
    line_add_status(line, packet->status);
    switch (packet->type) {
    case ZX_PKT_TYPE_GUEST_BELL:
        add_field(line, "addr", packet->guest_bell.addr);
        break;
    case ZX_PKT_TYPE_GUEST_MEM:
        add_field(line, "addr", packet->guest_mem.addr);
        break;
    case ZX_PKT_TYPE_GUEST_IO:
        add_field(line, "port", packet->guest_io.port);
        add_field(line, "access_size", packet->guest_io.access_size);
        line_add(line, packet->guest_io.input ? ", input" : "");
        if (!packet->guest_io.input) {
            add_field(line, "u32", packet->guest_io.u32);
        }
        break;
    case ZX_PKT_TYPE_SIGNAL_ONE:
        line_add(line, ", observed=");
        add_named(line, &value_names_SIGNALS, packet->signal.observed);
        break;
    default:
        break;
    }
    line_add(line, "}");
}

static void add_text(struct line *line, const char *text, size_t size) {
    char shown[2] = {0};
    line_add(line, "\"");
    for (size_t i = 0; i < size && text[i] != '\0'; i++) {
        const bool printable = text[i] >= ' ' && text[i] <= '~' && text[i] != '"';
        shown[0] = '?';
        if (printable) {
            shown[0] = text[i];
        }
        line_add(line, shown);
    }
    line_add(line, "\"");
}

uint64_t call_argument(const struct traced_call *call, const uint64_t *arguments,
                       const char *name) {
    for (size_t i = 0; i < call->count; i++) {
        if (strcmp(call->parameters[i].name, name) == 0) {
            return arguments[i];
        }
    }
    return 0;
}

// False when the client's memory cannot be read, or has a type that is not shown.
static bool add_pointed(struct line *line, const struct traced_parameter *parameter,
                        const void *client, size_t count) {
    union {
        uint32_t small;
        uint64_t large;
        char text[TEXT_SIZE];
        zx_port_packet_t packet;
    } content;
    const size_t text_size = count < TEXT_SIZE ? count : TEXT_SIZE;
    const size_t size = parameter->form == TRACE_TEXT ? text_size : parameter->size;
    memset(&content, 0, sizeof content);
    if (parameter->form == TRACE_ADDRESS || !platform_copy(&content, client, size)) {
        return false;
    }
    if (parameter->form == TRACE_PACKET) {
        add_packet(line, &content.packet);
    } else if (parameter->form == TRACE_TEXT) {
        add_text(line, content.text, text_size);
        line_add(line, count > TEXT_SIZE ? "..." : "");
    } else {
        line_add(line, "[");
        line_add_number(line, size == sizeof content.small ? content.small : content.large);
        line_add(line, "]");
    }
    return true;
}

static void add_argument(struct line *line, const struct traced_call *call,
                         const uint64_t *arguments, size_t i, bool succeeded) {
    const struct traced_parameter *parameter = &call->parameters[i];
    const void *client = (const void *)(uintptr_t)arguments[i];
    line_add(line, i == 0 ? "" : ", ");
    line_add(line, parameter->name);
    line_add(line, "=");
    if (parameter->form == TRACE_VALUE && parameter->names != NULL) {
        add_named(line, parameter->names, arguments[i]);
    } else if (parameter->form == TRACE_VALUE) {
        line_add_number(line, arguments[i]);
    } else if (client == NULL) {
        line_add(line, "NULL");
    } else {
        const size_t count =
            parameter->count != NULL ? (size_t)call_argument(call, arguments, parameter->count) : 0;
        const bool ready = succeeded || !parameter->output;
        if (!ready || !add_pointed(line, parameter, client, count)) {
            line_add_number(line, arguments[i]);
        }
    }
}

void line_add_call(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                   bool succeeded) {
    line_add(line, call->name);
    line_add(line, "(");
    for (size_t i = 0; i < call->count; i++) {
        add_argument(line, call, arguments, i, succeeded);
    }
}
