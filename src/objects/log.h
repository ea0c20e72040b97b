// SPDX-License-Identifier: MIT
//
// One line for a person about why a call failed or what was found, through the callback that the
// client gave to zirconia_set_log(), or on standard error when the environment has ZIRCONIA_LOG.
// When the log goes nowhere a line costs one load. Not for traces.

#ifndef OBJECTS_LOG_H
#define OBJECTS_LOG_H

#include <stdbool.h>
#include <zircon/compiler.h>
#include <zirconia/zirconia.h>

#if defined(__GNUC__)
__PRINTFLIKE(2, 3)
#endif
void log_line(zirconia_log_level_t level, const char *format, ...);

// Whether lines of that severity go anywhere.
bool log_wants(zirconia_log_level_t level);

// In the child of a fork: the client's callback is not called any more, and the environment counts
// again.
void log_become_child(void);

// What zirconia_set_log() does.
void log_set_sink(zirconia_log_callback_t callback, void *context, zirconia_log_level_t minimum);

#endif // OBJECTS_LOG_H
