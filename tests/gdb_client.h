// SPDX-License-Identifier: MIT
//
// A client of gdb's protocol, for tests of the server (zirconia/gdb.h).

#ifndef TESTS_GDB_CLIENT_H
#define TESTS_GDB_CLIENT_H

#include "gdb/packet.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zirconia/gdb.h>

#ifdef _WIN32
#include <winsock2.h>
#define NO_CONNECTION INVALID_SOCKET
typedef SOCKET connection_t;
#else
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#define NO_CONNECTION (-1)
typedef int connection_t;
#endif

static zirconia_gdb_t *gdb;
static struct packet_reader reader;
static connection_t connection = NO_CONNECTION;

static inline void hang_up(void) {
#ifdef _WIN32
    closesocket(connection);
#else
    close(connection);
#endif
    connection = NO_CONNECTION;
}

static inline void send_bytes(const char *bytes, size_t size) {
#ifdef _WIN32
    ck_assert_int_eq(send(connection, bytes, (int)size, 0), (int)size);
#else
    ck_assert_int_eq(send(connection, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
#endif
}

// Does not wait for the server to read. False when it does not take any.
static inline bool send_what_fits(const char *bytes, size_t size) {
#ifdef _WIN32
    u_long does_not_wait = 1;
    ioctlsocket(connection, (long)FIONBIO, &does_not_wait);
    return send(connection, bytes, (int)size, 0) >= 0;
#else
    return send(connection, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
#endif
}

static inline void connect_to_server(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(zirconia_gdb_port(gdb)),
    };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(connection, (const struct sockaddr *)&address, sizeof address), 0);
    reader.state = BETWEEN;
}

// Into a file of this process in the folder that ZIRCONIA_TEST_PACKETS names, a line each: seeds of
// fuzz_gdb are made so.
static inline void note_packet(const char *text) {
    const char *folder = getenv("ZIRCONIA_TEST_PACKETS");
    char path[4096];
    if (folder != NULL) {
        snprintf(path, sizeof path, "%s/%ld", folder, (long)getpid());
        FILE *file = fopen(path, "a");
        ck_assert_ptr_nonnull(file);
        fprintf(file, "%s\n", text);
        fclose(file);
    }
}

static inline void send_packet(const char *text) {
    static struct packet packet;
    static char frame[PACKET_FRAME];
    note_packet(text);
    packet.size = 0;
    packet_put(&packet, text);
    send_bytes(frame, packet_frame(&packet, frame));
}

// Passes acknowledgements over.
static inline const char *receive(void) {
    for (;;) {
        char byte = 0;
        ck_assert_int_eq(recv(connection, &byte, 1, 0), 1);
        if (packet_read(&reader, (uint8_t)byte) == PACKET_COMPLETE) {
            return reader.text;
        }
    }
}

static inline const char *ask(const char *text) {
    send_packet(text);
    return receive();
}

static inline void ask_for(const char *text, const char *wanted) {
    const char *got = ask(text);
    ck_assert_msg(strcmp(got, wanted) == 0, "%s: %s, not %s", text, got, wanted);
}

// RIP by its number, in the order of bytes of memory.
static inline uint64_t rip(void) {
    const char *text = ask("p10");
    uint64_t value = 0;
    uint8_t bytes[8];
    ck_assert(take_hex(&text, bytes, 8));
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)bytes[i] << (8 * i);
    }
    return value;
}

static inline void set_breakpoint(uint64_t address, bool on) {
    char text[40];
    snprintf(text, sizeof text, "%c0,%llx,1", on ? 'Z' : 'z', (unsigned long long)address);
    ask_for(text, "OK");
}

#endif // TESTS_GDB_CLIENT_H
