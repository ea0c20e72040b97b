// SPDX-License-Identifier: MIT
//
// Where the log goes: to the client's callback, or to standard error.

#include "objects/log.h"

#include "platform/platform.h"
#include "platform/threads.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 1280, LEVEL_NONE = ZIRCONIA_LOG_ERROR + 1, LEVEL_UNDECIDED = -1 };

static struct {
    atomic_int minimum; // LEVEL_NONE when the log goes nowhere; may be read without the lock.
    atomic_bool
        standard_error; // The log goes to standard error until the client calls zirconia_set_log().
    struct platform_mutex lock; // Guards the other two, and is not held while the callback runs.
    zirconia_log_callback_t callback;
    void *context;
} sink = {.minimum = LEVEL_UNDECIDED, .lock = PLATFORM_MUTEX_INIT(LOCK_LOG)};

static int level_of_environment(void) {
    static const char *const names[] = {"debug", "info", "warning", "error"};
    const char *wish = getenv("ZIRCONIA_LOG");
    for (int level = 0; wish != NULL && level < LEVEL_NONE; level++) {
        if (strcmp(wish, names[level]) == 0) {
            return level;
        }
    }
    return LEVEL_NONE;
}

// The environment decides until the client calls zirconia_set_log().
static int decide(void) {
    const int level = level_of_environment();
    int minimum = LEVEL_UNDECIDED;
    if (level != LEVEL_NONE) {
        atomic_store(&sink.standard_error, true);
    }
    return atomic_compare_exchange_strong(&sink.minimum, &minimum, level) ? level : minimum;
}

bool log_wants(zirconia_log_level_t level) {
    const int minimum = atomic_load_explicit(&sink.minimum, memory_order_relaxed);
    return (int)level >= (minimum == LEVEL_UNDECIDED ? decide() : minimum);
}

void log_set_sink(zirconia_log_callback_t callback, void *context, zirconia_log_level_t minimum) {
    platform_mutex_lock(&sink.lock);
    sink.callback = callback;
    sink.context = context;
    atomic_store(&sink.standard_error, false);
    atomic_store(&sink.minimum, callback == NULL ? LEVEL_NONE : (int)minimum);
    platform_mutex_unlock(&sink.lock);
}

// Makes the lock anew: the thread that held it may not exist in the child.
void log_become_child(void) {
    platform_mutex_init(&sink.lock, LOCK_LOG);
    sink.callback = NULL;
    sink.context = NULL;
    atomic_store(&sink.standard_error, false);
    atomic_store(&sink.minimum, LEVEL_UNDECIDED);
}

// One write, so that lines do not mix.
static void write_line(const char *line) {
    char text[LINE_SIZE + 16];
    const int length = snprintf(text, sizeof text, "zirconia: %s\n", line);
    platform_write_error(text, (size_t)length);
}

static void tell(zirconia_log_level_t level, const char *line) {
    platform_mutex_lock(&sink.lock);
    const zirconia_log_callback_t callback = sink.callback;
    void *const context = sink.context;
    platform_mutex_unlock(&sink.lock);
    const int cancel_state = platform_cancel_off();
    if (callback != NULL) {
        callback(context, level, line);
    } else if (atomic_load(&sink.standard_error)) {
        write_line(line);
    }
    platform_cancel_restore(cancel_state);
}

void log_line(zirconia_log_level_t level, const char *format, ...) {
    if (!log_wants(level)) {
        return;
    }
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    tell(level, line);
}
