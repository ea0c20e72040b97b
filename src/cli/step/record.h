// SPDX-License-Identifier: MIT
//
// What the VMM knows of a guest beside its registers and memory: the serial port, what was printed,
// and the last exits with what came of each. It is a part of snapshots, so it goes back with the
// guest: nothing in it is a pointer.

#ifndef CLI_STEP_RECORD_H
#define CLI_STEP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zircon/syscalls/port.h>
#include <zircon/types.h>
#include <zirconia/observe.h>

#include "cli/serial.h"

// Keys from RECORD_KEYS on, which no trap of the tool has, are not counted.
enum { RECORD_EVENTS = 256, RECORD_OUTPUT = 8192, RECORD_KEYS = 96 };

// An exit, or something that was delivered to the guest.
struct record_event {
    zirconia_exit_t exit;
    uint64_t number; // The exit's, from 1 on; 0 for what is no exit.
    bool has_packet;
    zx_port_packet_t packet;
    zx_status_t status; // What the run call returned; ZX_OK also where it did not return.
};

struct record {
    struct serial serial;
    uint64_t exits;  // How many there were.
    uint64_t events; // How many were put into the list.
    struct record_event list[RECORD_EVENTS];
    uint64_t packets[RECORD_KEYS]; // How many packets there were, by key.
    uint64_t printed;              // How many bytes the guest has printed.
    char output[RECORD_OUTPUT];
    bool ended;
    char end[256]; // Why.
};

// Notes an exit, or what was delivered.
void record_exit(struct record *record, const zirconia_exit_t *exit);

// The run call has returned, or a packet came through the port, because of the last one.
void record_packet(struct record *record, const zx_port_packet_t *packet);
void record_error(struct record *record, zx_status_t status);

// The guest has printed these bytes.
void record_output(struct record *record, const char *bytes, size_t size);

// The last events, the newest first: the one at `index`, or NULL.
const struct record_event *record_event(const struct record *record, uint64_t index);

// The last exit, or NULL.
const struct record_event *record_last_exit(const struct record *record);

// The last one of these kinds, one bit for each, or NULL.
const struct record_event *record_last_of(const struct record *record, uint32_t kinds);

// The last one with a packet, or NULL.
const struct record_event *record_last_with_packet(const struct record *record);

// The end of what was printed: how many bytes of `size` there were.
size_t record_read_output(const struct record *record, char *bytes, size_t size);

#endif // CLI_STEP_RECORD_H
