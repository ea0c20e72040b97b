// SPDX-License-Identifier: MIT
//
// The client's log callback.

#include "objects/log.h"

#include "platform/platform.h"
#include "platform/threads.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

enum { LINE_SIZE = 512, LEVEL_NONE = ZIRCONIA_LOG_ERROR + 1 };

static struct {
    atomic_int minimum;         // LEVEL_NONE without a callback; may be read without the lock.
    struct platform_mutex lock; // Guards the other two, and is not held while the callback runs.
    zirconia_log_callback_t callback;
    void *context;
} sink = {.minimum = LEVEL_NONE, .lock = PLATFORM_MUTEX_INIT(LOCK_LOG)};

void log_set_sink(zirconia_log_callback_t callback, void *context, zirconia_log_level_t minimum) {
    platform_mutex_lock(&sink.lock);
    sink.callback = callback;
    sink.context = context;
    atomic_store(&sink.minimum, callback == NULL ? LEVEL_NONE : (int)minimum);
    platform_mutex_unlock(&sink.lock);
}

void log_line(zirconia_log_level_t level, const char *format, ...) {
    if ((int)level < atomic_load_explicit(&sink.minimum, memory_order_relaxed)) {
        return;
    }
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);

    platform_mutex_lock(&sink.lock);
    const zirconia_log_callback_t callback = sink.callback;
    void *const context = sink.context;
    platform_mutex_unlock(&sink.lock);
    if (callback != NULL) {
        const int cancel_state = platform_cancel_off();
        callback(context, level, line);
        platform_cancel_restore(cancel_state);
    }
}
