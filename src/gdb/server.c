// SPDX-License-Identifier: MIT
//
// The thread that listens, and reads what gdb sends.

#include "gdb/server.h"

#include "tasks/door.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>

#define LOOK_AGAIN 100 // ms, at whether the guest is over.

enum { HOST_SIZE = 256 };

// --- Making it ---

static bool take_port(const char *text, uint16_t *port) {
    char *end = NULL;
    const unsigned long number = strtoul(text, &end, 10);
    *port = (uint16_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number <= UINT16_MAX;
}

// An address of IPv6 stands in brackets.
static bool parse(const char *address, char *host, uint16_t *port) {
    const char *colon = strrchr(address, ':');
    const char *first = address;
    size_t size = colon != NULL ? (size_t)(colon - address) : 0;
    if (size >= 2 && first[0] == '[' && first[size - 1] == ']') {
        first++;
        size -= 2;
    }
    if (size >= HOST_SIZE) {
        return false;
    }
    memcpy(host, size > 0 ? first : "127.0.0.1", size > 0 ? size : sizeof "127.0.0.1");
    if (size > 0) {
        host[size] = '\0';
    }
    return take_port(colon != NULL ? colon + 1 : address, port);
}

static zx_status_t listen_at(struct zirconia_gdb *gdb, const char *address) {
    char host[HOST_SIZE];
    uint16_t port;
    if (!parse(address, host, &port)) {
        return ZX_ERR_INVALID_ARGS;
    }
    switch (platform_socket_listen(host, port, &gdb->listener, &gdb->port)) {
    case PLATFORM_LISTENS:
        return ZX_OK;
    case PLATFORM_NO_SUCH_HOST:
        return ZX_ERR_NOT_FOUND;
    case PLATFORM_REFUSED:
        break;
    }
    return ZX_ERR_UNAVAILABLE;
}

static zx_status_t create(zx_handle_t guest, const char *address, uint32_t options,
                          zirconia_gdb_t **out) {
    struct zirconia_gdb *gdb = calloc(1, sizeof *gdb);
    if (gdb == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    const zx_status_t status = listen_at(gdb, address);
    if (status != ZX_OK) {
        free(gdb);
        return status;
    }
    platform_mutex_init(&gdb->lock, LOCK_GDB);
    platform_condition_init(&gdb->changed);
    gdb->guest = guest;
    gdb->chosen = 1;
    gdb->stop = (struct gdb_stop){.thread = 1, .signal = GDB_TRAP};
    gdb->stopped = (options & ZIRCONIA_GDB_WAIT) != 0;
    gdb->told = true;
    *out = gdb;
    return ZX_OK;
}

zx_status_t zirconia_gdb_create(zx_handle_t guest, const char *address, uint32_t options,
                                zirconia_gdb_t **out) {
    if (address == NULL || out == NULL || (options & ~ZIRCONIA_GDB_WAIT) != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    door_enter();
    const zx_status_t status = create(guest, address, options, out);
    door_leave();
    return status;
}

uint16_t zirconia_gdb_port(const zirconia_gdb_t *gdb) {
    return gdb->port;
}

void zirconia_gdb_destroy(zirconia_gdb_t *gdb) {
    if (gdb == NULL) {
        return;
    }
    door_enter();
    history_close(&gdb->history);
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        zx_handle_close(gdb->vcpus[i].thread);
    }
    platform_socket_close(gdb->listener);
    platform_condition_destroy(&gdb->changed);
    platform_mutex_destroy(&gdb->lock);
    free(gdb);
    door_leave();
}

void zirconia_gdb_end(zirconia_gdb_t *gdb, int exit_code) {
    const uint8_t code = (uint8_t)exit_code;
    struct packet packet = {0};
    packet_put(&packet, "W");
    packet_put_hex(&packet, &code, 1);
    gdb_lock(gdb);
    if (!gdb->over && !gdb->killed) {
        gdb_send(gdb, &packet);
    }
    gdb->over = true;
    gdb_cancel_replay(gdb);
    if (gdb->history.replay == REPLAY_NONE) {
        gdb_let_go(gdb);
    }
    platform_condition_broadcast(&gdb->changed);
    gdb_unlock(gdb);
}

// --- One connection ---

static bool goes_on(const struct zirconia_gdb *gdb) {
    return gdb->connected && !gdb->over && !gdb->killed;
}

static void acknowledge(struct zirconia_gdb *gdb, const char *sign) {
    if (gdb->acknowledges && !platform_socket_send(gdb->connection, sign, 1)) {
        gdb->connected = false;
    }
}

// gdb speaks of a guest that is at rest, so that is waited for.
static void answer(struct zirconia_gdb *gdb) REQUIRES(gdb->lock) {
    acknowledge(gdb, "+");
    while (goes_on(gdb) && gdb->stopped && !gdb_is_quiet(gdb)) {
        gdb_wait(gdb);
    }
    if (goes_on(gdb) && gdb->stopped) {
        gdb_command(gdb, gdb->reader.text, gdb->reader.size);
    }
}

static void interrupt(struct zirconia_gdb *gdb) {
    const struct gdb_stop stop = {.thread = gdb->chosen, .signal = GDB_INTERRUPT};
    gdb_cancel_replay(gdb);
    gdb_stop(gdb, &stop);
}

static void take(struct zirconia_gdb *gdb, uint8_t byte) REQUIRES(gdb->lock) {
    switch (packet_read(&gdb->reader, byte)) {
    case PACKET_NOTHING:
        return;
    case PACKET_COMPLETE:
        answer(gdb);
        return;
    case PACKET_BROKEN:
        acknowledge(gdb, "-");
        return;
    case PACKET_INTERRUPT:
        interrupt(gdb);
        return;
    }
}

static void begin(struct zirconia_gdb *gdb) {
    const struct gdb_stop stop = {.thread = gdb_first_thread(gdb), .signal = GDB_TRAP};
    gdb->connected = true;
    gdb->acknowledges = true;
    gdb->reader.state = BETWEEN;
    gdb->chosen = stop.thread;
    gdb->told = true; // gdb asks.
    gdb_stop(gdb, &stop);
}

// Whoever runs a guest that goes back brings it to where it was.
static void leave(struct zirconia_gdb *gdb) REQUIRES(gdb->lock) {
    gdb->connected = false;
    gdb_cancel_replay(gdb);
    while (gdb->history.replay != REPLAY_NONE && !gdb->over && !gdb->killed) {
        gdb_wait(gdb);
    }
    if (!gdb->over && !gdb->killed) {
        gdb_let_go(gdb);
    }
}

static void converse(struct zirconia_gdb *gdb) {
    gdb_lock(gdb);
    begin(gdb);
    while (goes_on(gdb)) {
        uint8_t bytes[4096];
        gdb_unlock(gdb);
        const bool ready = platform_socket_wait(gdb->connection, LOOK_AGAIN);
        const size_t count =
            ready ? platform_socket_receive(gdb->connection, bytes, sizeof bytes) : 0;
        gdb_lock(gdb);
        gdb_look_for_ended(gdb);
        for (size_t i = 0; i < count && goes_on(gdb); i++) {
            take(gdb, bytes[i]);
        }
        if (ready && count == 0) {
            gdb->connected = false;
        }
    }
    leave(gdb);
    gdb_unlock(gdb);
}

static bool is_over(struct zirconia_gdb *gdb) {
    gdb_lock(gdb);
    const bool over = gdb->over || gdb->killed;
    gdb_unlock(gdb);
    return over;
}

void zirconia_gdb_serve(zirconia_gdb_t *gdb) {
    while (!is_over(gdb)) {
        if (!platform_socket_wait(gdb->listener, LOOK_AGAIN)) {
            continue;
        }
        gdb->connection = platform_socket_accept(gdb->listener);
        if (gdb->connection.native >= 0) {
            converse(gdb);
            platform_socket_close(gdb->connection);
        }
    }
}
