// SPDX-License-Identifier: MIT
//
// The server for gdb (zirconia/gdb.h), by a client of its protocol, and by one that keeps to no
// protocol.

#include "gdb_client.h"
#include "guest_fixture.h"

#include <inttypes.h>
#include <pthread.h>
#include <zirconia/virtual_time.h>

#define LISTS 0x18000u
#define DATA 0x300000u
#define BELL 0x400000u
#define PORT 0x10u

enum { STRAIGHT, EXITS, EVENTS, HALTED, WATCHED };

static zx_handle_t port;
static pthread_t server;
static pthread_t runner;
static zx_status_t run_status;
static uint64_t number;

// --- The guest and its VMM ---

static void *serve(void *unused) {
    (void)unused;
    zirconia_gdb_serve(gdb);
    return NULL;
}

// To the end of the program, or of the guest.
static void *run(void *unused) {
    (void)unused;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    zx_vcpu_state_t state = read_state();
    state.rsi = number;
    write_state(&state);
    do {
        run_status = zirconia_gdb_enter(gdb, vcpu, &packet);
    } while (run_status == ZX_OK && packet.type != ZX_PKT_TYPE_GUEST_MEM);
    zirconia_gdb_end(gdb, run_status == ZX_OK ? 0 : 7);
    return NULL;
}

static void start(uint64_t case_number, bool virtual_time) {
    number = case_number;
    guest_open();
    guest_load("debug", ENTRY);
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    trap(ZX_GUEST_TRAP_BELL, BELL, 0x1000, port, 1);
    trap(ZX_GUEST_TRAP_IO, PORT, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zirconia_gdb_create(guest, ":0", ZIRCONIA_GDB_WAIT, &gdb), ZX_OK);
    ck_assert_int_eq(pthread_create(&server, NULL, serve, NULL), 0);
    ck_assert_int_eq(pthread_create(&runner, NULL, run, NULL), 0);
}

static void finish(void) {
    pthread_join(runner, NULL);
    pthread_join(server, NULL);
    zirconia_gdb_destroy(gdb);
    hang_up();
    zx_handle_close(port);
    guest_close();
}

static uint64_t listed(uint64_t case_number, unsigned index) {
    return memory_u64(memory_u64(LISTS + 8 * case_number) + 8 * index);
}

static void go_to(uint64_t address) {
    set_breakpoint(address, true);
    ask_for("c", "T05thread:1;");
    set_breakpoint(address, false);
    ck_assert_uint_eq(rip(), address);
}

// --- Tests ---

START_TEST(a_guest_waits_and_runs_to_its_end) {
    start(STRAIGHT, false);
    connect_to_server();
    ask_for("?", "T05thread:1;");
    ck_assert_uint_eq(rip(), ENTRY);
    ask_for("c", "W00");
    finish();
    ck_assert_int_eq(run_status, ZX_OK);
}
END_TEST

START_TEST(breakpoints_and_steps_lead_where_they_should) {
    start(STRAIGHT, _i != 0);
    connect_to_server();
    go_to(listed(STRAIGHT, 0));
    for (unsigned i = 1; i < 8; i++) {
        ask_for(i % 2 != 0 ? "s" : "vCont;s:1;c", "T05thread:1;");
        ck_assert_uint_eq(rip(), listed(STRAIGHT, i));
    }
    ask_for("D", "OK");
    finish();
}
END_TEST

// The exit is answered by the VMM between two run calls.
START_TEST(a_step_over_an_exit_stops_behind_it) {
    start(EXITS, _i != 0);
    connect_to_server();
    go_to(listed(EXITS, 0));
    for (unsigned i = 1; i < 5; i++) {
        ask_for("s", "T05thread:1;");
        ck_assert_uint_eq(rip(), listed(EXITS, i));
    }
    ask_for("D", "OK");
    finish();
}
END_TEST

START_TEST(registers_and_memory_are_read_and_written) {
    start(STRAIGHT, false);
    connect_to_server();
    ask_for("P0=8877665544332211", "OK");
    ask_for("p0", "8877665544332211");
    ask_for("p999", "E16");
    const char *all = ask("g");
    ck_assert_int_eq(strncmp(all, "8877665544332211", 16), 0);
    static char back[PACKET_MOST + 2];
    snprintf(back, sizeof back, "G%s", all);
    ask_for(back, "OK");
    ask_for("M300000,4:01020304", "OK");
    ask_for("m300000,4", "01020304");
    ask_for("X300002,2:}\x5dz", "OK"); // The first is }, escaped.
    ask_for("m300000,4", "01027d7a");
    ask_for("m7f0000000000,4", "E0e");
    ask_for("mffffffffffffffff,4", "E0e");
    ask_for("qRcmd,706879736963616c206f6e", "6164647265737365732061726520677565737"
                                            "42d706879736963616c0a");
    ask_for("qqemu.PhyMemMode", "1");
    ask_for("m0,2", "0710");
    ask_for("mfff000,2", "E0e"); // A trap
    ask_for("Qqemu.PhyMemMode:0", "OK");
    ask_for("k", "OK");
    finish();
    ck_assert_int_eq(run_status, ZX_ERR_STOP);
}
END_TEST

START_TEST(stores_to_what_is_watched_stop_the_guest) {
    start(WATCHED, _i != 0);
    connect_to_server();
    ask_for("Z2,300000,1", "OK");
    for (unsigned i = 0; i < 3; i++) {
        ask_for("c", "T05thread:1;watch:300000;");
    }
    ask_for("z2,300000,1", "OK");
    ask_for("Z5,300000,1", "");
    ask_for("c", "W00");
    finish();
}
END_TEST

START_TEST(reads_and_accesses_of_what_is_watched_stop_the_guest) {
    start(WATCHED, _i != 0);
    connect_to_server();
    ask_for("Z3,300000,1", "OK");
    ask_for("Z4,300010,1", "OK");
    for (unsigned i = 0; i < 3; i++) {
        ask_for("c", "T05thread:1;rwatch:300000;");
        ask_for("c", "T05thread:1;awatch:300010;");
    }
    if (_i != 0) {
        ask_for("bc", "T05thread:1;awatch:300010;");
        ask_for("bc", "T05thread:1;rwatch:300000;");
        ask_for("bc", "T05thread:1;awatch:300010;");
    }
    ask_for("z2,300000,1", "OK"); // Another kind, which stays.
    ask_for("c", _i != 0 ? "T05thread:1;awatch:300010;" : "W00");
    if (_i != 0) {
        ask_for("z3,300000,1", "OK");
        ask_for("z4,300010,1", "OK");
        ask_for("c", "W00");
    }
    finish();
}
END_TEST

START_TEST(an_interrupt_stops_a_guest_that_runs) {
    start(HALTED, false);
    connect_to_server();
    ask_for("?", "T05thread:1;");
    send_packet("c");
    send_bytes("\3", 1);
    ask_for("?", "T02thread:1;"); // The answer to `c`, and this one's.
    ck_assert_str_eq(receive(), "T02thread:1;");
    ask_for("k", "OK");
    finish();
}
END_TEST

START_TEST(gdb_is_told_of_the_processor) {
    start(STRAIGHT, _i != 0);
    connect_to_server();
    ck_assert_int_eq(strstr(ask("qSupported:xmlRegisters=i386"), "ReverseStep+") != NULL, _i);
    ck_assert_ptr_nonnull(strstr(ask("qXfer:features:read:target.xml:0,400"), "i386:x86-64"));
    ck_assert_int_eq(ask("qXfer:features:read:target.xml:ffff,400")[0], 'l');
    ask_for("qfThreadInfo", "m1");
    ask_for("qsThreadInfo", "l");
    ask_for("qThreadExtraInfo,1", "564350552030");
    ask_for("T2", "E16");
    ask_for("Hg0", "OK");
    ask_for("vMustReplyEmpty", "");
    ask_for("k", "OK");
    finish();
}
END_TEST

// Every instruction of it, and the first moment.
START_TEST(a_guest_goes_back) {
    start(_i == 0 ? STRAIGHT : EXITS, true);
    connect_to_server();
    const uint64_t which = number;
    const unsigned last = _i == 0 ? 14 : 12;
    go_to(listed(which, 0));
    for (unsigned i = 1; i <= last; i++) {
        ask_for("s", "T05thread:1;");
        ck_assert_uint_eq(rip(), listed(which, i));
    }
    for (unsigned i = last; i > 0; i--) {
        ask_for("bs", "T05thread:1;");
        ck_assert_uint_eq(rip(), listed(which, i - 1));
    }
    go_to(listed(which, 5));
    set_breakpoint(listed(which, 2), true);
    set_breakpoint(listed(which, 3), true);
    ask_for("bc", "T05thread:1;");
    ck_assert_uint_eq(rip(), listed(which, 3));
    ask_for("bc", "T05thread:1;");
    ck_assert_uint_eq(rip(), listed(which, 2));
    ask_for("bc", "T05thread:1;replaylog:begin;");
    ck_assert_uint_eq(rip(), ENTRY);
    ask_for("D", "OK");
    finish();
    ck_assert_int_eq(run_status, ZX_OK);
}
END_TEST

// From an access that nothing answers: MOV EDI, DATA has got another address.
START_TEST(a_guest_goes_back_from_its_end) {
    char patch[64];
    start(STRAIGHT, true);
    connect_to_server();
    const uint64_t before = listed(STRAIGHT, 7);
    snprintf(patch, sizeof patch, "M%" PRIx64 ",4:00000030", before + 1);
    ask_for(patch, "OK");
    go_to(listed(STRAIGHT, 6));
    ask_for("c", "T0bthread:1;");
    ck_assert_uint_eq(rip(), listed(STRAIGHT, 8));
    ask_for("bs", "T05thread:1;");
    ck_assert_uint_eq(rip(), listed(STRAIGHT, 8));
    ask_for("bs", "T05thread:1;");
    ck_assert_uint_eq(rip(), before);
    ask_for("s", "T05thread:1;");
    ask_for("s", "T0bthread:1;");
    ask_for("k", "OK");
    finish();
}
END_TEST

START_TEST(the_next_gdb_finds_nothing_of_the_last_one) {
    start(STRAIGHT, false);
    connect_to_server();
    set_breakpoint(listed(STRAIGHT, 3), true);
    hang_up(); // The guest goes on, and ends.
    pthread_join(runner, NULL);
    pthread_join(server, NULL);
    ck_assert_int_eq(run_status, ZX_OK);
    zirconia_gdb_destroy(gdb);
    zx_handle_close(port);
    guest_close();
}
END_TEST

START_TEST(addresses_are_checked) {
    static const char *const bad[] = {"", ":", "x", "1:x", "70000", ":70000", "localhost:"};
    guest_open();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(zirconia_gdb_create(guest, bad[i], 0, &gdb), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zirconia_gdb_create(guest, ":0", 2, &gdb), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zirconia_gdb_create(guest, "[127.0.0.1]:0", 0, &gdb), ZX_OK);
    zirconia_gdb_t *second = NULL;
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%u", zirconia_gdb_port(gdb));
    ck_assert_int_eq(zirconia_gdb_create(guest, address, 0, &second), ZX_ERR_UNAVAILABLE);
    zirconia_gdb_destroy(gdb);
    guest_close();
}
END_TEST

// --- Without a protocol ---

static uint32_t seed;

static uint32_t next_random(void) {
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static void put_random_packet(struct packet *packet) {
    static const char *const words[] = {"g",
                                        "G",
                                        "p",
                                        "P",
                                        "m",
                                        "M",
                                        "X",
                                        "Z0,",
                                        "Z2,",
                                        "z1,",
                                        "H",
                                        "T",
                                        "vCont;",
                                        "s:",
                                        "c:",
                                        "q",
                                        "qXfer:features:read:target.xml:",
                                        "qRcmd,",
                                        "?",
                                        "bs",
                                        "bc",
                                        ",",
                                        ":",
                                        "=",
                                        ";",
                                        "-1",
                                        "0",
                                        "ffffffffffffffff",
                                        "300000",
                                        "10000",
                                        "1",
                                        "}",
                                        "s",
                                        "qThreadExtraInfo,"};
    packet->size = 0;
    for (unsigned count = next_random() % 8; count > 0; count--) {
        const char *word = words[next_random() % (sizeof words / sizeof words[0])];
        packet_put(packet, next_random() % 16 == 0 ? "\x01#$" : word);
    }
}

// Whatever comes, the guest is there afterwards, and the next client is served.
START_TEST(broken_clients_do_no_harm) {
    static char frame[PACKET_FRAME];
    struct packet packet;
    seed = (uint32_t)_i;
    start(HALTED, _i % 2 != 0);
    for (unsigned round = 0; round < 4; round++) {
        connect_to_server();
        for (unsigned i = 0; i < 100; i++) {
            put_random_packet(&packet);
            size_t size = packet_frame(&packet, frame);
            if (next_random() % 8 == 0) {
                frame[next_random() % size] = (char)next_random();
            }
            if (!send_what_fits(frame, size)) {
                break;
            }
        }
        hang_up();
    }
    connect_to_server();
    ck_assert_int_eq(ask("?")[0], 'T');
    ask_for("k", "OK");
    finish();
}
END_TEST

START_TEST(frames_of_any_bytes_are_read) {
    seed = (uint32_t)_i;
    static struct packet_reader own;
    for (unsigned i = 0; i < 200000; i++) {
        const uint32_t random = next_random();
        const uint8_t byte = random % 4 == 0 ? (uint8_t) "$#}*\3"[random / 4 % 5] : (uint8_t)random;
        if (packet_read(&own, byte) == PACKET_COMPLETE) {
            ck_assert_uint_le(own.size, PACKET_MOST);
            ck_assert_int_eq(own.text[own.size], '\0');
        }
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("gdb");
    TCase *tcase = tcase_create("gdb");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, a_guest_waits_and_runs_to_its_end);
    tcase_add_loop_test(tcase, breakpoints_and_steps_lead_where_they_should, 0, 2);
    tcase_add_loop_test(tcase, a_step_over_an_exit_stops_behind_it, 0, 2);
    tcase_add_test(tcase, registers_and_memory_are_read_and_written);
    tcase_add_loop_test(tcase, stores_to_what_is_watched_stop_the_guest, 0, 2);
    tcase_add_loop_test(tcase, reads_and_accesses_of_what_is_watched_stop_the_guest, 0, 2);
    tcase_add_test(tcase, an_interrupt_stops_a_guest_that_runs);
    tcase_add_loop_test(tcase, gdb_is_told_of_the_processor, 0, 2);
    tcase_add_loop_test(tcase, a_guest_goes_back, 0, 2);
    tcase_add_test(tcase, a_guest_goes_back_from_its_end);
    tcase_add_test(tcase, the_next_gdb_finds_nothing_of_the_last_one);
    tcase_add_test(tcase, addresses_are_checked);
    tcase_add_loop_test(tcase, broken_clients_do_no_harm, 0, 4);
    tcase_add_loop_test(tcase, frames_of_any_bytes_are_read, 0, 4);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
