// SPDX-License-Identifier: MIT
//
// Everything that happens as JSON, one object a line, on standard output. docs/json.md tells what
// the objects hold.

#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stddef.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/registers.h"
#include "cli/stats.h"
#include "cli/text.h"
#include "cli/trace.h"

// Appends the bytes as a string of JSON. Those in `escaped` come out as \u and their number.
void json_append_string(struct text *line, const char *bytes, size_t size, const char *escaped);

void json_exit(const zirconia_exit_t *exit, const struct exit_outcome *outcome);
void json_port_packet(const zx_port_packet_t *packet);
void json_serial(const char *bytes, size_t size);
void json_statistics(zirconia_exit_kind_t kind, const zirconia_exit_statistics_t *statistics,
                     const struct stats_span *span);

// A line that a program said.
void json_output(const char *text);

// The last line: why the run ended, the exit code of the tool, what was said of an error ("" for
// nothing), and the registers of the VCPU.
void json_end(const char *reason, int exit_code, const char *message,
              const struct register_value *registers, unsigned count);

#endif // CLI_JSON_H
