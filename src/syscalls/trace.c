// SPDX-License-Identifier: MIT
//
// The lines of ZIRCONIA_TRACE=calls.

#include "syscalls/trace.h"

#include "platform/threads.h"
#include "syscalls/call_text.h"
#include "tasks/door.h"

#include <stdlib.h>
#include <string.h>

atomic_int trace_state = TRACE_UNDECIDED;

bool trace_decide(void) {
    const char *wish = getenv("ZIRCONIA_TRACE");
    const bool on = wish != NULL && strcmp(wish, "calls") == 0;
    atomic_store(&trace_state, on ? TRACE_ON : TRACE_OFF);
    return on;
}

// One write, because lines of several threads would mix. The thread is not cancelled in it.
static void put(struct line *line) {
    line->text[line->length++] = '\n';
    const int cancel_state = platform_cancel_off();
    platform_write_error(line->text, line->length);
    platform_cancel_restore(cancel_state);
}

// The thread's koid.
static void start(struct line *line) {
    line->length = 0;
    if (door.thread != NULL) {
        line_add(line, "[");
        line_add_in_base(line, door.thread->object.koid, 10);
        line_add(line, "] ");
    }
}

void trace_begin(const struct traced_call *call, const uint64_t *arguments) {
    struct line line;
    if (call->blocks) {
        start(&line);
        line_add_call(&line, call, arguments, false);
        line_add(&line, " <unfinished ...>");
        put(&line);
    }
}

void trace_end(const struct traced_call *call, const uint64_t *arguments, zx_status_t status) {
    struct line line;
    start(&line);
    line_add_call(&line, call, arguments, status == ZX_OK);
    line_add(&line, ") = ");
    if (status == ZX_ERR_INTERNAL_INTR_RETRY) {
        line_add(&line, "? (to be made again)");
    } else {
        line_add_status(&line, status);
    }
    put(&line);
}

void trace_result(const char *name, uint64_t result) {
    struct line line;
    start(&line);
    line_add(&line, name);
    line_add(&line, "() = ");
    line_add_number(&line, result);
    put(&line);
}

void trace_plain(const char *name) {
    struct line line;
    start(&line);
    line_add(&line, name);
    line_add(&line, "() = ?");
    put(&line);
}
