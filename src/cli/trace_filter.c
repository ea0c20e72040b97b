// SPDX-License-Identifier: MIT
//
// The words of --only.

#include "cli/trace_filter.h"

#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/numbers.h"

enum { LONGEST_WORD = 64 };

static const char *add_range(struct filter_range *ranges, unsigned *count, const char *text) {
    if (*count == FILTER_MAX_RANGES)
        return "has more than 16 ports or addresses";
    ranges[*count].size = 1;
    if (!parse_range(text, &ranges[*count].start, &ranges[*count].size))
        return "has what is no number and no NUMBER:SIZE";
    (*count)++;
    return NULL;
}

static const struct {
    const char *name;
    uint32_t types;
} packet_words[] = {
    {"packets", UINT32_MAX},
    {"GUEST_BELL", 1u << ZX_PKT_TYPE_GUEST_BELL},
    {"GUEST_MEM", 1u << ZX_PKT_TYPE_GUEST_MEM},
    {"GUEST_IO", 1u << ZX_PKT_TYPE_GUEST_IO},
    {"GUEST_VCPU", 1u << ZX_PKT_TYPE_GUEST_VCPU},
};

enum { PACKET_WORDS = sizeof(packet_words) / sizeof(packet_words[0]) };

// What is wrong with a word that is none of those here, until the next call.
static const char *propose(const char *word) {
    static char problem[2 * LONGEST_WORD + 64];
    struct nearest nearest = nearest_to(word, strlen(word));
    for (unsigned kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++)
        nearest_look_at(&nearest, zirconia_exit_kind_name((zirconia_exit_kind_t)kind));
    for (size_t i = 0; i < PACKET_WORDS; i++)
        nearest_look_at(&nearest, packet_words[i].name);
    if (!nearest.word)
        return "is no kind of exit (as in --stats) or of packet, port=, addr=, vcpu= or packets";
    snprintf(problem, sizeof(problem), "asks for '%s', no kind of exit or packet; did you mean %s?",
             word, nearest.word);
    return problem;
}

static const char *add_kind(struct trace_filter *filter, const char *word) {
    for (unsigned kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++) {
        if (strcmp(word, zirconia_exit_kind_name((zirconia_exit_kind_t)kind)) == 0) {
            filter->kinds |= 1u << kind;
            return NULL;
        }
    }
    return propose(word);
}

// False when that is no type of packet.
static bool add_packets(struct trace_filter *filter, const char *word) {
    for (size_t i = 0; i < PACKET_WORDS; i++) {
        if (strcmp(word, packet_words[i].name) == 0) {
            filter->packets |= packet_words[i].types;
            return true;
        }
    }
    return false;
}

static const char *add_vcpu(struct trace_filter *filter, const char *text) {
    uint64_t number;
    if (!parse_number(text, &number) || number >= 64)
        return "has a VCPU that is no number below 64";
    filter->vcpus |= (uint64_t)1 << number;
    return NULL;
}

static const char *add_word(struct trace_filter *filter, const char *word) {
    if (strncmp(word, "vcpu=", 5) == 0)
        return add_vcpu(filter, word + 5);
    filter->any = true;
    if (strncmp(word, "port=", 5) == 0)
        return add_range(filter->ports, &filter->port_count, word + 5);
    if (strncmp(word, "addr=", 5) == 0)
        return add_range(filter->addresses, &filter->address_count, word + 5);
    return add_packets(filter, word) ? NULL : add_kind(filter, word);
}

const char *trace_filter_parse(struct trace_filter *filter, const char *words) {
    const char *problem = NULL;
    for (bool last = false; !last && !problem;) {
        char word[LONGEST_WORD];
        const size_t length = strcspn(words, ",");
        last = words[length] == '\0';
        if (length >= sizeof(word))
            return "has a word that is too long";
        memcpy(word, words, length);
        word[length] = '\0';
        problem = add_word(filter, word);
        words += length + 1;
    }
    return problem;
}

static bool in_any(const struct filter_range *ranges, unsigned count, uint64_t value) {
    for (unsigned i = 0; i < count; i++)
        if (value - ranges[i].start < ranges[i].size)
            return true;
    return false;
}

static bool wants_packet(const struct trace_filter *filter, const zx_port_packet_t *packet) {
    return packet && packet->type < 32 && (filter->packets >> packet->type & 1);
}

bool trace_filter_wants(const struct trace_filter *filter, const zirconia_exit_t *exit,
                        const zx_port_packet_t *packet) {
    if (filter->vcpus && !(exit->vcpu < 64 && filter->vcpus >> exit->vcpu & 1))
        return false;
    if (!filter->any || (filter->kinds >> exit->kind & 1) || wants_packet(filter, packet))
        return true;
    if (exit->kind == ZIRCONIA_EXIT_IO_INSTRUCTION)
        return in_any(filter->ports, filter->port_count, exit->qualification[0]);
    return exit->kind == ZIRCONIA_EXIT_EPT_VIOLATION &&
           in_any(filter->addresses, filter->address_count, exit->qualification[0]);
}

bool trace_filter_asks_for_ports(const struct trace_filter *filter) {
    return filter->port_count || (filter->packets >> ZX_PKT_TYPE_GUEST_IO & 1) ||
           (filter->kinds >> ZIRCONIA_EXIT_IO_INSTRUCTION & 1);
}
