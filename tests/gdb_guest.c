// SPDX-License-Identifier: MIT
//
// A VMM for sessions of gdb with several VCPUs: runs tests/guests/gdb_vcpus.asm until gdb kills it.
// It says where gdb may connect, and a line for each access to a port.

#include "guest_fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <zirconia/gdb.h>
#include <zirconia/virtual_time.h>

static zirconia_gdb_t *gdb;
static pthread_t other;
static bool virtual_time;

static void *serve(void *unused) {
    zirconia_gdb_serve(gdb);
    return unused;
}

static void tell(const char *line) {
    puts(line);
    fflush(stdout);
}

static void *run_other(void *unused);

// The boot processor starts the other one with its first access, as a kernel would.
static void run(bool starts) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_status_t status = ZX_OK;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, starts ? ENTRY : ENTRY + 0x1000, &own), ZX_OK);
    for (;;) {
        zx_port_packet_t packet;
        status = zirconia_gdb_enter(gdb, own, &packet);
        if (status != ZX_OK) {
            break;
        }
        if (starts) {
            ck_assert_int_eq(pthread_create(&other, NULL, run_other, NULL), 0);
            starts = false;
        }
        tell("tick");
    }
    ck_assert_int_eq(status, ZX_ERR_STOP);
}

static void *run_other(void *unused) {
    run(false);
    return unused;
}

START_TEST(a_guest_runs_until_gdb_kills_it) {
    pthread_t server;
    guest_open();
    guest_load("gdb_vcpus", ENTRY);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zirconia_gdb_create(guest, ":0", ZIRCONIA_GDB_WAIT, &gdb), ZX_OK);
    ck_assert_int_eq(pthread_create(&server, NULL, serve, NULL), 0);
    printf("target remote :%u\n", zirconia_gdb_port(gdb));
    fflush(stdout);
    run(true);
    pthread_join(other, NULL);
    pthread_join(server, NULL);
    zirconia_gdb_destroy(gdb);
    tell("killed");
}
END_TEST

int main(int argc, char **argv) {
    Suite *suite = suite_create("gdb guest");
    TCase *tcase = tcase_create("gdb guest");
    tcase_set_timeout(tcase, 0); // The session has one.
    virtual_time = argc > 1 && strcmp(argv[1], "virtual") == 0;
    tcase_add_test(tcase, a_guest_runs_until_gdb_kills_it);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
