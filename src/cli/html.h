// SPDX-License-Identifier: MIT
//
// The storyboard of a run: one HTML page with everything that happened, written as the run goes.
// docs/storyboard.md tells what its data hold. Used by one thread at a time. Where nothing else
// is said, there may be no page: NULL, or one without a file.

#ifndef CLI_HTML_H
#define CLI_HTML_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <zircon/syscalls/port.h>
#include <zirconia/observe.h>

#include "cli/options.h"
#include "cli/registers.h"
#include "cli/symbols.h"
#include "cli/text.h"
#include "cli/trace.h"

// How many places of code and packets are kept, to be told once only. One that comes back after
// another has taken its place is told once more.
enum { HTML_PLACES = 4096, HTML_PACKETS = 1024 };

enum { HTML_REGISTERS = REGISTER_COUNT + 1 }; // With CR3.

struct html_place {
    uint64_t rip;
    uint32_t number; // From 1 on; 0: none is kept here.
    int mode;
    uint8_t size;
    uint8_t bytes[15];
};

struct html_packet {
    uint32_t number; // From 1 on; 0: none is kept here.
    uint8_t bytes[sizeof(zx_port_packet_t)];
};

// The registers of a VCPU.
struct html_registers {
    uint64_t now[HTML_REGISTERS];  // At the exit that was observed last.
    uint64_t told[HTML_REGISTERS]; // As a reader of the rows so far knows them.
};

struct html {
    FILE *file; // NULL: no page.
    const struct options *options;
    const struct symbols *symbols;
    const zx_handle_t *vcpus; // By number, up to OPTIONS_MAX_CPUS.
    int64_t start;            // In the guest's time.
    bool any_row;
    struct html_registers of[OPTIONS_MAX_CPUS];
    uint32_t place_count;
    uint32_t packet_count;
    struct html_place places[HTML_PLACES];
    struct html_packet packets[HTML_PACKETS];
};

// How a run ended.
struct html_end {
    const char *reason;
    int exit_code;
    const char *message; // What the library said of it, or "".
};

// The caller has set `options`, `symbols` and `vcpus`. False when the file cannot be written, which
// has been said.
bool html_open(struct html *html);

// Takes the registers at an exit that is being observed.
void html_observe(struct html *html, const zirconia_exit_t *exit);

// Tells of the exit that was observed last.
void html_exit(struct html *html, const zirconia_exit_t *exit, const struct exit_outcome *outcome);

// A packet that came through the port: a bell.
void html_port_packet(struct html *html, uint64_t vcpu, const zx_port_packet_t *packet);

// What the guest sent to its serial port, the last of it by this VCPU.
void html_serial(struct html *html, uint64_t vcpu, const char *bytes, size_t size);

// The VCPU is about to run again, or has ended: what was done about its last exit is done.
void html_enter(struct html *html, uint64_t vcpu);

// Ends the page. False when it could not be written whole, which has been said.
bool html_close(struct html *html, zx_handle_t guest, const struct html_end *end);

#endif // CLI_HTML_H
