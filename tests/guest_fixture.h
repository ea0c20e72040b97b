// SPDX-License-Identifier: MIT
//
// A guest for tests, made through the public ABI as Zircon's own tests make theirs (hypervisor ABI
// 11.1): 16 MiB of memory at 0, an identity map of the first GiB with tables at 0 and 0x1000, and a
// MEM trap on the last page of memory, a store to which is the program's way to end a run.

#ifndef TESTS_GUEST_FIXTURE_H
#define TESTS_GUEST_FIXTURE_H

#include "run_tests.h"

#include <check.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>

#define MEMORY_SIZE 0x1000000u
#define ENTRY 0x10000u
#define EXIT_PAGE (MEMORY_SIZE - 0x1000u)

extern zx_handle_t guest;
extern zx_handle_t vmar;
extern zx_handle_t memory;
extern zx_handle_t vcpu;

// The guest without a VCPU, its memory empty but for the page tables.
void guest_open(void);

// Puts tests/guests/<program>.bin at `address`; returns its size.
size_t guest_load(const char *program, uint64_t address);

// All of it: guest_open(), the program at ENTRY, and a VCPU of this thread that starts there.
void guest_start(const char *program);
void guest_close(void);

// guest_start() of a program that goes on at one of several labels (select_case of common.inc).
void guest_start_case(const char *program, uint64_t number);

void memory_write(uint64_t address, const void *data, size_t size);
uint64_t memory_u64(uint64_t address);

// Enters, and fails the test unless ZX_OK.
zx_port_packet_t enter(void);

// Enters, and fails the test unless the program ended the run by its store to EXIT_PAGE.
void enter_to_end(void);

// Enters, and fails the test unless the run call returns `status` and leaves the packet alone.
void enter_fails(zx_status_t status);

// The body of a thread: runs a VCPU of its own from 0x11000 on, in real mode, to its access to a
// port.
void *run_real_mode_vcpu(void *unused);

// The body of a thread: kicks the VCPU again and again until the atomic_bool is true. Where a run
// takes longer to begin than a kick, the guest may do nothing at all meanwhile, for a kick that
// comes before ends it too.
void *kick_until(void *over);

// Some moments last longer than any host needs to begin a run, others end before it has begun.
void wait_a_moment(uint64_t *random);

// As kick_until(), but each kick comes a moment after the one before has ended a run, and some
// moments are long, so that the guest gets on.
void *kick_now_and_then(void *over);

zx_vcpu_state_t read_state(void);
void write_state(const zx_vcpu_state_t *state);

void trap(uint32_t kind, uint64_t base, size_t size, zx_handle_t port, uint64_t key);

// enter(), then fails the test unless the program ended the run in the handler of report_vector
// (common.inc) for that event. An event without an error code reports NO_ERROR_CODE.
#define NO_ERROR_CODE UINT64_MAX
zx_vcpu_state_t enter_to_event(uint64_t vector, uint64_t error_code, uint64_t rip);

// A packet to compare others with: all zero but for these.
void start_packet(zx_port_packet_t *packet, uint64_t key, uint32_t type);

#endif // TESTS_GUEST_FIXTURE_H
