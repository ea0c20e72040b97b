// SPDX-License-Identifier: MIT
//
// Which exits a trace shows: --only WORD,WORD..., each a kind of exit, a type of packet or
// "packets", port=NUMBER, addr=ADDRESS[:SIZE] or vcpu=NUMBER. An exit is shown that fits one of the
// former, if there are any, and one of the last, if there are any.

#ifndef CLI_TRACE_FILTER_H
#define CLI_TRACE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

enum { FILTER_MAX_RANGES = 16 };

struct filter_range {
    uint64_t start;
    uint64_t size;
};

struct trace_filter {
    uint64_t vcpus;   // One bit for each; 0 for all.
    bool any;         // There is another word: exits that fit none are left out.
    uint32_t kinds;   // One bit for each kind.
    uint32_t packets; // One bit for each type.
    struct filter_range ports[FILTER_MAX_RANGES];
    unsigned port_count;
    struct filter_range addresses[FILTER_MAX_RANGES];
    unsigned address_count;
};

// Adds the words to the filter. NULL, or the reason why they are wrong.
const char *trace_filter_parse(struct trace_filter *filter, const char *words);

// `packet` is NULL when the run call returned none.
bool trace_filter_wants(const struct trace_filter *filter, const zirconia_exit_t *exit,
                        const zx_port_packet_t *packet);

// Whether it names ports or their exits.
bool trace_filter_asks_for_ports(const struct trace_filter *filter);

#endif // CLI_TRACE_FILTER_H
