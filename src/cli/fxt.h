// SPDX-License-Identifier: MIT
//
// A writer of the Fuchsia trace format: records of 64-bit words, little-endian, as
// fuchsia.dev/fuchsia-src/reference/tracing/trace-format describes them. It knows nothing of
// guests.

#ifndef CLI_FXT_H
#define CLI_FXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    FXT_MAX_STRINGS = 128, // In the table. Others are written where they are used.
    FXT_STRING_ROOM = 40,
    FXT_MAX_ARGUMENTS = 12,
    FXT_RECORD_WORDS = 256, // The longest record.
};

struct fxt {
    FILE *stream;
    char strings[FXT_MAX_STRINGS][FXT_STRING_ROOM];
    size_t string_count;
    uint64_t record[FXT_RECORD_WORDS];
    size_t words; // How many the record under construction has.
};

enum fxt_event_type {
    FXT_INSTANT = 0,
    FXT_BEGIN = 2,
    FXT_END = 3,
    FXT_FLOW_BEGIN = 8,
    FXT_FLOW_END = 10,
};

// A pointer is what readers show in hexadecimal.
enum fxt_argument_type { FXT_NUMBER, FXT_POINTER, FXT_BOOLEAN, FXT_TEXT, FXT_KOID };

struct fxt_argument {
    const char *name;
    enum fxt_argument_type type;
    uint64_t value;
    const char *text;
};

struct fxt_event {
    enum fxt_event_type type;
    unsigned thread; // An index that fxt_thread() has given.
    uint64_t time;   // In nanoseconds.
    const char *category;
    const char *name;
    uint64_t flow; // The flow's number, of FXT_FLOW_BEGIN and FXT_FLOW_END.
    size_t argument_count;
    const struct fxt_argument *arguments;
};

// The file's head: who wrote it, and that a tick is a nanosecond.
void fxt_start(struct fxt *fxt, FILE *stream, const char *provider);

void fxt_process(struct fxt *fxt, uint64_t koid, const char *name);

// Gives a thread of a process an index, from 1 to 255.
void fxt_thread(struct fxt *fxt, unsigned index, uint64_t process, uint64_t koid, const char *name);

void fxt_event(struct fxt *fxt, const struct fxt_event *event);

#endif // CLI_FXT_H
