// SPDX-License-Identifier: MIT
//
// Feeds packets to the server for gdb, over TCP as gdb does, while a guest runs that gdb may change
// in every way. It looks for faults, for a server that no longer ends, and for ZX_ERR_INTERNAL.
// An input has a packet in each line. One that begins with ! is sent as it is, and all others in a
// frame, after which the answer is waited for. What was answered is the trace, up to where it first
// depends on how fast the host is: where bytes were sent without a frame, or a guest that ran on
// was interrupted. ZIRCONIA_FUZZ_PATIENT in the environment has it interrupted later, when traces
// are to be compared.

#include "fuzz_trace.h"
#include "snapshot_guest.h"

#include "gdb/packet.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/gdb.h>

#define REQUIRE(condition) snapshot_require(condition, #condition)

enum { ANSWER_MS = 5000, RUN_MS = 40, PATIENT_MS = 60000, LOOK_MS = 20 };

// Twenty times a store to 0x300000 and a call of CPUID and RET, then a store to the trap.
static const uint8_t program[] = {
    0xb9, 20,   0,    0,    0,    0xbc, 0,    0,    0x20, 0,    0x51, 0x89, 0x0c,
    0x25, 0,    0,    0x30, 0,    0xe8, 0x0c, 0,    0,    0,    0x59, 0xff, 0xc9,
    0x75, 0xee, 0x89, 0x04, 0x25, 0,    0xf0, 0xff, 0,    0x0f, 0xa2, 0xc3,
};

static struct snapshot_guest guest;
static zirconia_gdb_t *gdb;
static atomic_bool over; // The guest is.
static bool runs;        // The guest may, and leave what is sent without an answer.
static bool steady;      // All so far would be the same on any host.
static int run_ms;       // How long it may run.
static const uint8_t *input;
static size_t left;

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *serve(void *unused) {
    zirconia_gdb_serve(gdb);
    return unused;
}

// --- The client ---

static int connect_to_server(void) {
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(zirconia_gdb_port(gdb)),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    const int connection = socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(connection >= 0);
    REQUIRE(connect(connection, (const struct sockaddr *)&address, sizeof address) == 0);
    return connection;
}

// False where no answer is waited for.
static bool send_line(int connection, const uint8_t *line, size_t size) {
    static struct packet packet;
    static char frame[PACKET_FRAME];
    if (size > 0 && line[0] == '!') {
        send(connection, line + 1, size - 1, 0);
        return false;
    }
    packet.size = 0;
    packet_put_binary(&packet, line, size);
    const size_t frame_size = packet_frame(&packet, frame);
    send(connection, frame, frame_size, 0);
    return true;
}

enum answer { ANSWERED, SILENCE, CLOSED };

// Nobody answers once the guest is over.
static enum answer wait_for_answer(int connection, int milliseconds) {
    static struct packet_reader reader;
    struct pollfd entry = {.fd = connection, .events = POLLIN};
    reader.state = BETWEEN;
    for (int waited = 0; waited < milliseconds;) {
        uint8_t byte;
        const bool ready = poll(&entry, 1, LOOK_MS) > 0;
        if (ready ? recv(connection, &byte, 1, 0) != 1 : atomic_load(&over)) {
            return CLOSED;
        }
        if (ready && packet_read(&reader, byte) == PACKET_COMPLETE) {
            if (steady) {
                fuzz_trace_bytes(reader.text, reader.size);
            }
            return ANSWERED;
        }
        waited += ready ? 0 : LOOK_MS;
    }
    return SILENCE;
}

// A guest that runs on is interrupted.
static bool talk(int connection, const uint8_t *line, size_t size) {
    if (!send_line(connection, line, size)) {
        runs = true;
        steady = false;
        return true;
    }
    runs = runs || (size > 0 && strchr("bcCsSv", line[0]) != NULL);
    enum answer answer = wait_for_answer(connection, runs ? run_ms : ANSWER_MS);
    steady = steady && answer == ANSWERED;
    if (answer == SILENCE) {
        send(connection, "\3", 1, 0);
        answer = wait_for_answer(connection, runs ? 4 * RUN_MS : ANSWER_MS);
    }
    runs = false;
    return answer == ANSWERED;
}

// When it has been left alone, the guest goes on by itself, and another gdb comes.
static void *be_gdb(void *unused) {
    signal(SIGPIPE, SIG_IGN);
    int connection = connect_to_server();
    while (left > 0 && !atomic_load(&over)) {
        const uint8_t *end = memchr(input, '\n', left);
        const size_t size = end != NULL ? (size_t)(end - input) : left;
        if (!talk(connection, input, size)) {
            close(connection);
            connection = connect_to_server();
        }
        const size_t used = size < left ? size + 1 : size;
        input += used;
        left -= used;
    }
    zirconia_gdb_end(gdb, 0);
    zx_vcpu_kick(guest.vcpu);
    close(connection);
    return unused;
}

// --- The VMM ---

static void run(void) {
    zx_port_packet_t packet = {0};
    zx_status_t status = ZX_OK;
    while (status == ZX_OK && packet.type != ZX_PKT_TYPE_GUEST_MEM) {
        status = zirconia_gdb_enter(gdb, guest.vcpu, &packet);
        REQUIRE(status != ZX_ERR_INTERNAL);
        (void)zirconia_gdb_replays(gdb);
    }
    zirconia_gdb_end(gdb, status);
    atomic_store(&over, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    pthread_t threads[2];
    fuzz_trace = 0;
    input = data;
    left = size;
    atomic_store(&over, false);
    runs = false;
    steady = true;
    run_ms = getenv("ZIRCONIA_FUZZ_PATIENT") != NULL ? PATIENT_MS : RUN_MS;
    snapshot_guest_make(&guest);
    REQUIRE(zx_vmo_write(guest.memory, program, SNAPSHOT_ENTRY, sizeof program) == ZX_OK);
    REQUIRE(zirconia_gdb_create(guest.guest, ":0", ZIRCONIA_GDB_WAIT, &gdb) == ZX_OK);
    REQUIRE(pthread_create(&threads[0], NULL, serve, NULL) == 0);
    REQUIRE(pthread_create(&threads[1], NULL, be_gdb, NULL) == 0);
    run();
    REQUIRE(pthread_join(threads[0], NULL) == 0 && pthread_join(threads[1], NULL) == 0);
    zirconia_gdb_destroy(gdb);
    const zx_handle_t handles[] = {guest.vcpu, guest.port, guest.memory, guest.guest};
    REQUIRE(zx_handle_close_many(handles, sizeof handles / sizeof handles[0]) == ZX_OK);
    return 0;
}
