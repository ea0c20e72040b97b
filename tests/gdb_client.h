// SPDX-License-Identifier: MIT
//
// A client of gdb's protocol, for tests of the server (zirconia/gdb.h).

#ifndef TESTS_GDB_CLIENT_H
#define TESTS_GDB_CLIENT_H

#include "gdb/packet.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zirconia/gdb.h>

static zirconia_gdb_t *gdb;
static struct packet_reader reader;
static int connection = -1;

static inline void connect_to_server(void) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(zirconia_gdb_port(gdb)),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
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
    const size_t size = packet_frame(&packet, frame);
    ck_assert_int_eq(send(connection, frame, size, MSG_NOSIGNAL), (ssize_t)size);
}

// Passes acknowledgements over.
static inline const char *receive(void) {
    for (;;) {
        uint8_t byte;
        ck_assert_int_eq(recv(connection, &byte, 1, 0), 1);
        if (packet_read(&reader, byte) == PACKET_COMPLETE) {
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
