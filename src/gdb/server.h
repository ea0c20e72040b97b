// SPDX-License-Identifier: MIT
//
// The server: one guest, one connection. Its thread reads packets; the threads of VCPUs run the
// guest, and the last of them that stops tells gdb.
//
// Lock: `lock` guards all of it. It comes before every lock of the library's, which is called with
// it held, but for run calls. Who holds it is inside of the library's door, so that no thread is
// suspended, killed or cancelled with it.

#ifndef GDB_SERVER_H
#define GDB_SERVER_H

#include "gdb/packet.h"
#include "gdb/target.h"
#include "platform/platform.h"
#include "platform/socket.h"
#include "replay/history.h"

#include <zirconia/debug.h>
#include <zirconia/gdb.h>

enum { GDB_VCPUS = 63 };

// Signals of gdb's protocol.
enum gdb_signal {
    GDB_INTERRUPT = 2,
    GDB_TRAP = 5,
    GDB_KILL = 9,
    GDB_FAULT = 11,
};

// What a VCPU does while the guest goes on.
enum gdb_action { GDB_RUNS, GDB_STEPS, GDB_WAITS };

struct gdb_vcpu {
    zx_handle_t handle;
    zx_handle_t thread;
    bool gone;   // Its thread is, and nothing but its place is left of it.
    bool inside; // It is in a run call.
    bool sliced; // The budget of its run call is the server's.
    enum gdb_action action;
    bool answering; // An exit of that has gone to the client.
    bool ended;     // Its run has, with `status`, which the client has not heard of.
    zx_status_t status;
};

struct gdb_stop {
    unsigned thread; // From 1.
    enum gdb_signal signal;
    const char *watch; // The kind of watchpoint that was met, in gdb's word; NULL: none.
    uint64_t address;  // What is watched.
    bool at_beginning; // There is nothing before it to go back to.
};

struct zirconia_gdb {
    zx_handle_t guest;
    uint16_t port;
    struct platform_mutex lock;
    struct platform_condition changed;
    struct platform_socket listener;
    struct platform_socket connection;
    bool connected;
    bool acknowledges;
    bool serving;
    // The guest's state.
    bool stopped; // It is to be, or is.
    bool told;    // gdb was.
    bool killed;
    bool over;
    struct gdb_stop stop;
    struct gdb_vcpu vcpus[GDB_VCPUS];
    unsigned vcpu_count;
    unsigned chosen;       // The thread for registers and memory.
    bool physical;         // Addresses are.
    bool is_virtual;       // Its time is.
    enum target_mode mode; // The registers that gdb has are those of this mode.
    // What was set.
    uint64_t breakpoints[ZIRCONIA_BREAKPOINTS_MAX];
    size_t breakpoint_count;
    struct gdb_watch {
        uint64_t linear;
        zirconia_watchpoint_t place;
    } watches[ZIRCONIA_WATCHPOINTS_MAX];
    size_t watch_count;
    struct history history;
    bool slices; // The guest has a budget of the history's.
    struct packet reply;
    struct packet_reader reader;
};

// --- lock.c ---

void gdb_lock(struct zirconia_gdb *gdb) ACQUIRES(gdb->lock);
void gdb_unlock(struct zirconia_gdb *gdb) RELEASES(gdb->lock);

// Waits for a change, but not for long: then the calling thread stops or ends if it is to, and the
// caller looks again.
void gdb_wait(struct zirconia_gdb *gdb) REQUIRES(gdb->lock);

// --- run.c ---

// Takes note of VCPUs whose threads have ended, inside of a run call or not.
void gdb_look_for_ended(struct zirconia_gdb *gdb);

// The first thread whose VCPU is there; 1 without any.
unsigned gdb_first_thread(const struct zirconia_gdb *gdb);

// None of the VCPUs is in a run call, and the guest is to be stopped.
bool gdb_is_quiet(const struct zirconia_gdb *gdb);

// Stops the guest, for this; tells gdb as soon as that is done, unless it was stopped before.
void gdb_stop(struct zirconia_gdb *gdb, const struct gdb_stop *stop);

// It goes back no further, and is where it was.
void gdb_cancel_replay(struct zirconia_gdb *gdb);

// The guest goes on. Quiet.
void gdb_go_on(struct zirconia_gdb *gdb);

// No debugger is there any more: what it has set is gone, and the guest goes on. At any time but
// while the guest goes back.
void gdb_let_go(struct zirconia_gdb *gdb);

// Breakpoints and watchpoints as they are wanted, or none. Quiet.
void gdb_apply(struct zirconia_gdb *gdb, bool wanted);

// Why the guest has stopped, as gdb is told.
void gdb_put_stop(const struct zirconia_gdb *gdb, struct packet *packet);

void gdb_send(struct zirconia_gdb *gdb, const struct packet *packet);

// --- commands.c ---

// Answers a packet of gdb's.
void gdb_command(struct zirconia_gdb *gdb, const char *text, size_t size);

// --- memory.c ---

// Copies guest memory by the address that gdb means. How many bytes could be.
size_t gdb_read_memory(const struct zirconia_gdb *gdb, uint64_t address, uint8_t *buffer,
                       size_t size);
size_t gdb_write_memory(struct zirconia_gdb *gdb, uint64_t address, const uint8_t *buffer,
                        size_t size);
bool gdb_find(const struct zirconia_gdb *gdb, uint64_t address, uint64_t *guest_physical);

#endif // GDB_SERVER_H
