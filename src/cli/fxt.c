// SPDX-License-Identifier: MIT
//
// A record is put together in memory, since its first word has its size. Names go to the table of
// strings, once; texts stand where they are used.

#include "cli/fxt.h"

#include <stdbool.h>
#include <string.h>

enum record_type {
    RECORD_METADATA = 0,
    RECORD_INITIALIZATION = 1,
    RECORD_STRING = 2,
    RECORD_THREAD = 3,
    RECORD_EVENT = 4,
    RECORD_KERNEL_OBJECT = 7,
};

enum argument_type {
    ARGUMENT_UINT32 = 2,
    ARGUMENT_UINT64 = 4,
    ARGUMENT_STRING = 6,
    ARGUMENT_POINTER = 7,
    ARGUMENT_KOID = 8,
    ARGUMENT_BOOLEAN = 9,
};

enum { OBJECT_PROCESS = 1, OBJECT_THREAD = 2 }; // ZX_OBJ_TYPE_

static const uint64_t magic = 0x0016547846040010;
static const uint64_t metadata_provider_info = 1;
static const uint64_t metadata_provider_section = 2;
static const uint64_t provider_id = 1;
static const uint64_t ticks_per_second = 1000000000;
static const uint64_t inline_string = 0x8000;

static const size_t longest_text = 512;

// --- Words ---

static void add_word(struct fxt *fxt, uint64_t word) {
    if (fxt->words < FXT_RECORD_WORDS)
        fxt->record[fxt->words++] = word;
}

// Padded with zeros to whole words.
static void add_stream(struct fxt *fxt, const char *bytes, size_t size) {
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = 0;
        for (size_t i = 0; i < 8 && at + i < size; i++)
            word |= (uint64_t)(unsigned char)bytes[at + i] << (8 * i);
        add_word(fxt, word);
    }
}

static void put_word(FILE *stream, uint64_t word) {
    unsigned char bytes[8];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(word >> (8 * i));
    fwrite(bytes, 1, sizeof(bytes), stream);
}

static void begin_record(struct fxt *fxt, enum record_type type, uint64_t rest) {
    fxt->words = 0;
    add_word(fxt, (uint64_t)type | rest);
}

static void end_record(struct fxt *fxt) {
    fxt->record[0] |= (uint64_t)fxt->words << 4;
    for (size_t i = 0; i < fxt->words; i++)
        put_word(fxt->stream, fxt->record[i]);
}

// --- Strings ---

static size_t text_length(const char *text) {
    const size_t length = strlen(text);
    return length < longest_text ? length : longest_text;
}

static size_t find_string(const struct fxt *fxt, const char *string) {
    size_t i = 0;
    while (i < fxt->string_count && strcmp(fxt->strings[i], string) != 0)
        i++;
    return i;
}

// Puts a string into the table, where there is room. To be called between records.
static void register_string(struct fxt *fxt, const char *string) {
    const size_t length = strlen(string);
    const size_t index = find_string(fxt, string);
    if (index < fxt->string_count || index == FXT_MAX_STRINGS || length == 0 ||
        length >= FXT_STRING_ROOM)
        return;
    memcpy(fxt->strings[index], string, length + 1);
    fxt->string_count++;
    begin_record(fxt, RECORD_STRING, (uint64_t)(index + 1) << 16 | (uint64_t)length << 32);
    add_stream(fxt, string, length);
    end_record(fxt);
}

// How a record refers to a string: by its index in the table, or by the length of what follows.
static uint64_t reference(const struct fxt *fxt, const char *string) {
    const size_t index = find_string(fxt, string);
    if (index < fxt->string_count)
        return index + 1;
    const size_t length = text_length(string);
    return length ? inline_string | length : 0;
}

static void add_inline(struct fxt *fxt, const char *string) {
    if (reference(fxt, string) & inline_string)
        add_stream(fxt, string, text_length(string));
}

// --- Arguments ---

static enum argument_type type_of(const struct fxt_argument *argument) {
    switch (argument->type) {
    case FXT_POINTER:
        return ARGUMENT_POINTER;
    case FXT_BOOLEAN:
        return ARGUMENT_BOOLEAN;
    case FXT_TEXT:
        return ARGUMENT_STRING;
    case FXT_KOID:
        return ARGUMENT_KOID;
    case FXT_NUMBER:
        break;
    }
    return argument->value <= UINT32_MAX ? ARGUMENT_UINT32 : ARGUMENT_UINT64;
}

static void add_argument(struct fxt *fxt, const struct fxt_argument *argument) {
    const size_t first = fxt->words;
    const enum argument_type type = type_of(argument);
    const bool in_header = type == ARGUMENT_UINT32 || type == ARGUMENT_BOOLEAN;
    const uint64_t value = type == ARGUMENT_STRING ? reference(fxt, argument->text)
                           : in_header             ? argument->value
                                                   : 0;
    add_word(fxt, (uint64_t)type | reference(fxt, argument->name) << 16 | value << 32);
    add_inline(fxt, argument->name);
    if (type == ARGUMENT_STRING)
        add_inline(fxt, argument->text);
    else if (!in_header)
        add_word(fxt, argument->value);
    fxt->record[first] |= (uint64_t)(fxt->words - first) << 4;
}

// --- Records ---

void fxt_start(struct fxt *fxt, FILE *stream, const char *provider) {
    fxt->stream = stream;
    fxt->string_count = 0;
    put_word(stream, magic);
    const size_t length = strlen(provider);
    begin_record(fxt, RECORD_METADATA,
                 metadata_provider_info << 16 | provider_id << 20 | (uint64_t)length << 52);
    add_stream(fxt, provider, length);
    end_record(fxt);
    begin_record(fxt, RECORD_METADATA, metadata_provider_section << 16 | provider_id << 20);
    end_record(fxt);
    begin_record(fxt, RECORD_INITIALIZATION, 0);
    add_word(fxt, ticks_per_second);
    end_record(fxt);
}

static void write_object(struct fxt *fxt, uint64_t type, uint64_t koid, const char *name,
                         const struct fxt_argument *argument) {
    const uint64_t arguments = argument ? 1 : 0;
    begin_record(fxt, RECORD_KERNEL_OBJECT,
                 type << 16 | reference(fxt, name) << 24 | arguments << 40);
    add_word(fxt, koid);
    add_inline(fxt, name);
    if (argument)
        add_argument(fxt, argument);
    end_record(fxt);
}

void fxt_process(struct fxt *fxt, uint64_t koid, const char *name) {
    write_object(fxt, OBJECT_PROCESS, koid, name, NULL);
}

void fxt_thread(struct fxt *fxt, unsigned index, uint64_t process, uint64_t koid,
                const char *name) {
    const struct fxt_argument argument = {.name = "process", .type = FXT_KOID, .value = process};
    begin_record(fxt, RECORD_THREAD, (uint64_t)index << 16);
    add_word(fxt, process);
    add_word(fxt, koid);
    end_record(fxt);
    register_string(fxt, argument.name);
    write_object(fxt, OBJECT_THREAD, koid, name, &argument);
}

void fxt_event(struct fxt *fxt, const struct fxt_event *event) {
    register_string(fxt, event->category);
    register_string(fxt, event->name);
    for (size_t i = 0; i < event->argument_count; i++)
        register_string(fxt, event->arguments[i].name);
    begin_record(fxt, RECORD_EVENT,
                 (uint64_t)event->type << 16 | (uint64_t)event->argument_count << 20 |
                     (uint64_t)event->thread << 24 | reference(fxt, event->category) << 32 |
                     reference(fxt, event->name) << 48);
    add_word(fxt, event->time);
    add_inline(fxt, event->category);
    add_inline(fxt, event->name);
    for (size_t i = 0; i < event->argument_count; i++)
        add_argument(fxt, &event->arguments[i]);
    if (event->type == FXT_FLOW_BEGIN || event->type == FXT_FLOW_END)
        add_word(fxt, event->flow);
    end_record(fxt);
}
