// SPDX-License-Identifier: MIT
//
// The data are one JSON object, a row a line, at the end of the page, so that what there is of them
// can be read even when the tool was killed. Registers are told where they change, and code and
// packets when they come for the first time.

#include "cli/html.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zirconia/zirconia.h>

#include "cli/fields.h"
#include "cli/json.h"
#include "cli/packet_fields.h"
#include "cli/storyboard.h"
#include "cli/talk.h"
#include "cli/vm.h"

enum row { ROW_CODE, ROW_PACKET, ROW_EXIT, ROW_BELL, ROW_ENTER, ROW_SERIAL };

enum { LONGEST_NAME = 200, LONGEST_MESSAGE = 600 }; // Escaped, they fit a line.

// --- Rows ---

static void begin_row(struct html *html, struct text *line, enum row row) {
    *line = (struct text){0};
    text_append(line, "%s[%d", html->any_row ? "," : "", (int)row);
    html->any_row = true;
}

// The rows of VCPU 0 do not say whose they are.
static void append_vcpu(struct text *line, uint64_t vcpu) {
    if (vcpu != 0)
        text_append(line, ",%" PRIu64, vcpu);
}

static void end_row(struct html *html, struct text *line) {
    text_append(line, "]");
    text_write_line(line, html->file);
}

// Guest bytes may spell anything, the end of the script among others.
static void append_string(struct text *line, const char *bytes, size_t size) {
    json_append_string(line, bytes, size, "<>&");
}

static void append_beginning(struct text *line, const char *text, size_t most) {
    const size_t size = strlen(text);
    append_string(line, text, size < most ? size : most);
}

static void append_bytes(struct text *line, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        text_append(line, "%02x", ((const uint8_t *)bytes)[i]);
}

// --- Code and packets, by numbers ---

static uint64_t hash(uint64_t hash, const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t fold(uint64_t hash) {
    return hash ^ hash >> 29;
}

static void tell_code(struct html *html, const zirconia_exit_t *exit) {
    struct text line;
    char text[96];
    char symbol[SYMBOL_TEXT_SIZE];
    instruction_text(exit, text, sizeof(text));
    symbols_text(html->symbols, exit->rip, symbol, sizeof(symbol));
    begin_row(html, &line, ROW_CODE);
    text_append(&line, ",\"%" PRIx64 "\",%d,\"", exit->rip, (int)exit->mode);
    append_bytes(&line, exit->instruction, exit->instruction_size);
    text_append(&line, "\",");
    append_string(&line, text, strlen(text));
    text_append(&line, ",");
    append_string(&line, symbol, strlen(symbol));
    end_row(html, &line);
}

static uint32_t number_of_code(struct html *html, const zirconia_exit_t *exit) {
    struct html_place place = {
        .rip = exit->rip, .mode = (int)exit->mode, .size = exit->instruction_size};
    memcpy(place.bytes, exit->instruction, sizeof(place.bytes));
    const uint64_t key = hash(hash(place.rip, &place.rip, 8), place.bytes, place.size);
    struct html_place *kept = &html->places[fold(key) % HTML_PLACES];
    place.number = kept->number;
    if (kept->number == 0 || kept->rip != place.rip || kept->mode != place.mode ||
        kept->size != place.size || memcmp(kept->bytes, place.bytes, place.size) != 0) {
        place.number = ++html->place_count;
        *kept = place;
        tell_code(html, exit);
    }
    return kept->number - 1;
}

static uint32_t number_of_packet(struct html *html, const zx_port_packet_t *packet) {
    struct html_packet given;
    memcpy(given.bytes, packet, sizeof(given.bytes));
    struct html_packet *kept =
        &html->packets[fold(hash(0, given.bytes, sizeof(given.bytes))) % HTML_PACKETS];
    if (kept->number == 0 || memcmp(kept->bytes, given.bytes, sizeof(given.bytes)) != 0) {
        struct text line;
        given.number = ++html->packet_count;
        *kept = given;
        begin_row(html, &line, ROW_PACKET);
        text_append(&line, ",\"%s\",\"", fields_of_packet(packet).type);
        append_bytes(&line, given.bytes, sizeof(given.bytes));
        text_append(&line, "\"");
        end_row(html, &line);
    }
    return kept->number - 1;
}

// --- Registers ---

static void read_registers(const struct html *html, uint64_t vcpu, uint64_t out[HTML_REGISTERS],
                           uint64_t cr3) {
    struct register_value registers[REGISTER_COUNT];
    registers_read(html->vcpus[vcpu], registers);
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        out[i] = registers[i].value;
    out[REGISTER_COUNT] = cr3;
}

// What differs from what the reader knows.
static void append_changes(struct html_registers *registers, struct text *line) {
    bool any = false;
    text_append(line, ",[");
    for (unsigned i = 0; i < HTML_REGISTERS; i++) {
        if (registers->now[i] == registers->told[i])
            continue;
        text_append(line, "%s%u,\"%" PRIx64 "\"", any ? "," : "", i, registers->now[i]);
        registers->told[i] = registers->now[i];
        any = true;
    }
    text_append(line, "]");
}

// --- What happens ---

void html_observe(struct html *html, const zirconia_exit_t *exit) {
    if (!html || !html->file)
        return;
    read_registers(html, exit->vcpu, html->of[exit->vcpu].now, exit->cr3);
}

void html_exit(struct html *html, const zirconia_exit_t *exit, const struct exit_outcome *outcome) {
    if (!html || !html->file)
        return;
    struct text line;
    const uint32_t code = number_of_code(html, exit);
    const uint32_t packet = outcome->packet ? number_of_packet(html, outcome->packet) : 0;
    struct fields fields = fields_of_exit(exit);
    begin_row(html, &line, ROW_EXIT);
    text_append(&line, ",%" PRId64 ",%" PRIu64 ",%d,%" PRIu32 ",[", exit->time - html->start,
                exit->vcpu, (int)exit->kind, code);
    for (size_t i = 0; i < fields.count; i++)
        text_append(&line, "%s\"%" PRIx64 "\"", i ? "," : "", fields.list[i].value);
    text_append(&line, "]");
    append_changes(&html->of[exit->vcpu], &line);
    if (outcome->packet)
        text_append(&line, ",%" PRIu32, packet);
    else if (outcome->status != ZX_OK)
        text_append(&line, ",\"%s\"", zx_status_get_string(outcome->status));
    end_row(html, &line);
}

void html_port_packet(struct html *html, uint64_t vcpu, const zx_port_packet_t *packet) {
    if (!html || !html->file)
        return;
    struct text line;
    const uint32_t number = number_of_packet(html, packet);
    begin_row(html, &line, ROW_BELL);
    text_append(&line, ",%" PRIu32, number);
    append_vcpu(&line, vcpu);
    end_row(html, &line);
}

void html_serial(struct html *html, uint64_t vcpu, const char *bytes, size_t size) {
    if (!html || !html->file)
        return;
    struct text line;
    begin_row(html, &line, ROW_SERIAL);
    text_append(&line, ",");
    append_string(&line, bytes, size);
    append_vcpu(&line, vcpu);
    end_row(html, &line);
}

void html_enter(struct html *html, uint64_t vcpu) {
    if (!html || !html->file)
        return;
    struct text line;
    struct html_registers *registers = &html->of[vcpu];
    read_registers(html, vcpu, registers->now, registers->told[REGISTER_COUNT]);
    begin_row(html, &line, ROW_ENTER);
    append_changes(registers, &line);
    append_vcpu(&line, vcpu);
    end_row(html, &line);
}

// --- The page's beginning ---

static void tell_kinds(FILE *file) {
    static const char formats[] = {[FIELD_DECIMAL] = 'd',
                                   [FIELD_HEXADECIMAL] = 'x',
                                   [FIELD_BOOLEAN] = 'b',
                                   [FIELD_EXCEPTION] = 'd',
                                   [FIELD_ACCESS] = 'd'};
    fprintf(file, "\"kinds\":[");
    for (int kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++) {
        const zirconia_exit_t exit = {.kind = (zirconia_exit_kind_t)kind};
        const struct fields fields = fields_of_exit(&exit);
        fprintf(file, "%s[\"%s\"", kind ? "," : "", fields.type);
        for (size_t i = 0; i < fields.count; i++)
            fprintf(file, ",[\"%s\",\"%c\"]", fields.list[i].name, formats[fields.list[i].format]);
        fprintf(file, "]");
    }
    fprintf(file, "],\n");
}

static void tell_packet_fields(FILE *file) {
    fprintf(file, "\"packet_fields\":[");
    for (size_t i = 0; i < packet_field_count; i++)
        fprintf(file, "%s[\"%s\",\"%s\",%zu,%zu]", i ? "," : "", packet_fields[i].type,
                packet_fields[i].name, packet_fields[i].offset, packet_fields[i].size);
    fprintf(file, "],\n");
}

static void tell_trap(FILE *file, uint64_t key, const char *kind, uint64_t address, uint64_t size) {
    fprintf(file, ",[%" PRIu64 ",\"%s\",\"%" PRIx64 "\",\"%" PRIx64 "\"]", key, kind, address,
            size);
}

static void tell_traps(FILE *file, const struct options *options) {
    fprintf(file, "\"traps\":[[%d,\"io\",\"%x\",\"1\"]", KEY_EXIT_PORT, VM_EXIT_PORT);
    if (options->has_serial)
        tell_trap(file, KEY_SERIAL, "io", options->serial_port, 8);
    for (size_t i = 0; i < options->trap_count; i++) {
        const struct trap_option *trap = &options->traps[i];
        const char *kind = trap->kind == ZX_GUEST_TRAP_IO     ? "io"
                           : trap->kind == ZX_GUEST_TRAP_BELL ? "bell"
                                                              : "mem";
        tell_trap(file, KEY_FIRST_TRAP + i, kind, trap->address, trap->size);
    }
    fprintf(file, "],\n");
}

static void tell_registers(const struct html *html) {
    struct register_value registers[REGISTER_COUNT];
    registers_read(html->vcpus[0], registers);
    fprintf(html->file, "\"registers\":[");
    for (unsigned i = 0; i < REGISTER_COUNT; i++)
        fprintf(html->file, "\"%s\",", registers[i].name);
    fprintf(html->file, "\"cr3\"],\n");
}

static void tell_image(struct html *html) {
    struct text line = {0};
    const char *image = html->options->image;
    const char *slash = strrchr(image, '/');
    const char *name = slash ? slash + 1 : image;
    text_append(&line, "{\"format\":1,\"version\":\"%s\",\"image\":", ZIRCONIA_VERSION_STRING);
    append_beginning(&line, name, LONGEST_NAME);
    text_append(&line, ",\"time\":\"%s\",", html->options->virtual_time ? "virtual" : "host");
    text_write_line(&line, html->file);
}

bool html_open(struct html *html) {
    const char *name = html->options->html;
    if (!name)
        return true;
    html->file = fopen(name, "wb");
    if (!html->file) {
        talk("%s: %s", name, strerror(errno));
        return false;
    }
    html->start = html->options->virtual_time ? 0 : zx_clock_get_monotonic();
    fwrite(storyboard, 1, storyboard_size, html->file);
    tell_image(html);
    tell_kinds(html->file);
    tell_registers(html);
    tell_packet_fields(html->file);
    tell_traps(html->file, html->options);
    fprintf(html->file, "\"rows\":[\n");
    return true;
}

// --- Its end ---

static void tell_figures(const struct html *html, zx_handle_t guest) {
    zirconia_exit_statistics_t figures[ZIRCONIA_EXIT_KIND_COUNT] = {{0}};
    (void)zirconia_guest_statistics(guest, figures, ZIRCONIA_EXIT_KIND_COUNT);
    fprintf(html->file, ",\"figures\":[");
    for (int kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++)
        fprintf(html->file, "%s[%" PRIu64 ",%" PRIu64 "]", kind ? "," : "", figures[kind].count,
                html->options->virtual_time ? 0 : figures[kind].nanoseconds);
    fprintf(html->file, "]");
}

bool html_close(struct html *html, zx_handle_t guest, const struct html_end *end) {
    if (!html->file)
        return true;
    struct text line = {0};
    text_append(&line, "],\"end\":{\"reason\":\"%s\",\"exit_code\":%d,\"message\":", end->reason,
                end->exit_code);
    append_beginning(&line, end->message, LONGEST_MESSAGE);
    fwrite(line.bytes, 1, line.length, html->file);
    tell_figures(html, guest);
    fprintf(html->file, "}}\n</script>\n</body>\n</html>\n");
    const bool written = fflush(html->file) == 0 && !ferror(html->file);
    if (fclose(html->file) == 0 && written)
        return true;
    talk("%s: cannot be written", html->options->html);
    return false;
}
