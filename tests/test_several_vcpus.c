// SPDX-License-Identifier: MIT
//
// Guests with several VCPUs: locked instructions, turns, and virtual time.

#include "barrier.h"
#include "guest_fixture.h"
#include "objects/handle_table.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zirconia/observe.h>
#include <zirconia/virtual_time.h>

#define OTHER_ENTRY 0x11000u
#define OTHER_COUNT 3u
#define LOOPS 100000u

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned created;
} others;

// A VCPU of its own, which runs until it writes to port 0x11.
static void *run_other(void *nothing) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_port_packet_t packet = {0};
    ck_assert_int_eq(zx_vcpu_create(guest, 0, OTHER_ENTRY, &own), ZX_OK);
    pthread_mutex_lock(&others.lock);
    others.created++;
    pthread_cond_signal(&others.changed);
    pthread_mutex_unlock(&others.lock);
    while (packet.guest_io.port != 0x11) {
        ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    }
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return nothing;
}

// One after another, so that each has the VPID of its place.
static void start_others(pthread_t *threads, unsigned count) {
    others.created = 0;
    pthread_mutex_init(&others.lock, NULL);
    pthread_cond_init(&others.changed, NULL);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_other, NULL), 0);
        pthread_mutex_lock(&others.lock);
        while (others.created != i + 1) {
            pthread_cond_wait(&others.changed, &others.lock);
        }
        pthread_mutex_unlock(&others.lock);
    }
}

static void set_up(const char *program, bool virtual_time) {
    const uint32_t count = OTHER_COUNT;
    guest_open();
    guest_load(program, ENTRY);
    memory_write(0x8008, &count, sizeof count);
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
}

static void run_all(unsigned count) {
    pthread_t threads[OTHER_COUNT];
    start_others(threads, count);
    zx_port_packet_t packet = enter();
    while (packet.type == ZX_PKT_TYPE_GUEST_IO) {
        packet = enter();
    }
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_MEM);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

START_TEST(locked_increments_of_four_vcpus_are_all_there) {
    set_up("several_vcpus", false);
    run_all(OTHER_COUNT);
    ck_assert_uint_eq(read_state().rax, (OTHER_COUNT + 1) * LOOPS);
}
END_TEST

// Each goes on until both got their turn back 20 times. With one that keeps it, that is never.
START_TEST(two_busy_vcpus_get_turns_often) {
    uint32_t turns[2];
    set_up("turns", false);
    run_all(1);
    ck_assert_int_eq(zx_vmo_read(memory, turns, 0x8000, sizeof turns), ZX_OK);
    ck_assert_uint_ge(turns[0], 20);
    ck_assert_uint_ge(turns[1], 20);
}
END_TEST

// A VCPU that goes to its caller and back does not wait for the other's time slice to end, but the
// other one gets its turn as well. Some thousand accesses fit into each time slice.
START_TEST(an_exit_to_the_caller_keeps_the_time_slice) {
    set_up("kept_time_slice", false);
    run_all(1);
    ck_assert_uint_ge(read_state().rax, 100);
}
END_TEST

START_TEST(a_vcpu_sees_code_that_another_one_changed) {
    set_up("cross_modify", false);
    run_all(1);
}
END_TEST

// A guest of this thread that shares the VMO `shared` with another one.
static zx_handle_t shared;

static void play(uint64_t parity, zx_handle_t *player) {
    const zx_vm_option_t options = ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const zx_vcpu_state_t state = {.rsi = parity};
    zx_vaddr_t address = 0;
    guest_start("ping_pong");
    ck_assert_int_eq(zx_vmar_map(vmar, options, 0x2000000, shared, 0, 0x1000, &address), ZX_OK);
    write_state(&state);
    *player = vcpu;
}

static void *second_player(void *nothing) {
    zx_port_packet_t packet;
    zx_handle_t own = ZX_HANDLE_INVALID;
    pthread_mutex_lock(&others.lock);
    play(1, &own);
    others.created = 1;
    pthread_cond_signal(&others.changed);
    pthread_mutex_unlock(&others.lock);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    return nothing;
}

// Neither could go on without the other, and neither makes an exit.
START_TEST(two_guests_run_at_the_same_time) {
    pthread_t thread;
    zx_port_packet_t packet;
    zx_handle_t own = ZX_HANDLE_INVALID;
    uint32_t token = 0;
    pthread_mutex_init(&others.lock, NULL);
    pthread_cond_init(&others.changed, NULL);
    ck_assert_int_eq(zx_vmo_create(0x1000, 0, &shared), ZX_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, second_player, NULL), 0);
    pthread_mutex_lock(&others.lock);
    while (others.created == 0) {
        pthread_cond_wait(&others.changed, &others.lock);
    }
    pthread_mutex_unlock(&others.lock);
    play(0, &own);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(zx_vmo_read(shared, &token, 0, sizeof token), ZX_OK);
    ck_assert_uint_eq(token, 10000);
}
END_TEST

static uint64_t trace;
static uint64_t length;

static void note(void *nothing, const zirconia_exit_t *exit) {
    (void)nothing;
    const uint64_t words[] = {(uint64_t)exit->kind, exit->vcpu, exit->rip, exit->qualification[0],
                              exit->qualification[1]};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        trace = (trace ^ words[i]) * 0x100000001b3u;
    }
    length++;
}

static uint64_t traced_run(void) {
    trace = 0xcbf29ce484222325u;
    length = 0;
    set_up("several_vcpus", true);
    ck_assert_int_eq(zirconia_guest_observe(guest, note, NULL), ZX_OK);
    run_all(OTHER_COUNT);
    ck_assert_uint_eq(read_state().rax, (OTHER_COUNT + 1) * LOOPS);
    trace ^= read_state().rdx;
    guest_close();
    return trace;
}

START_TEST(virtual_time_repeats_the_trace_of_four_vcpus) {
    const char *wanted = getenv("ZIRCONIA_TEST_REPEATS");
    const int repeats = wanted != NULL ? atoi(wanted) : 20;
    const uint64_t first = traced_run();
    ck_assert_uint_gt(length, 8);
    for (int i = 1; i < repeats; i++) {
        ck_assert_uint_eq(traced_run(), first);
    }
}
END_TEST

static uint64_t ticking_run(void) {
    guest_open();
    guest_load("timer_ticks", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    enter_to_end();
    const zx_vcpu_state_t state = read_state();
    ck_assert_uint_eq(state.rbx, 100);
    guest_close();
    return state.rax;
}

START_TEST(virtual_time_jumps_over_sleep_to_the_next_timer) {
    const zx_time_t start = zx_clock_get_monotonic();
    const uint64_t first = ticking_run();
    // The timer fires once as it is set up, with a count of 0 (hypervisor ABI 5.8.1).
    ck_assert_uint_ge(first, 99 * 1000000000ull);
    ck_assert_uint_lt(first, 100 * 1000000000ull);
    for (int i = 0; i < 10; i++) {
        ck_assert_uint_eq(ticking_run(), first);
    }
    ck_assert_int_lt(zx_clock_get_monotonic() - start, 90 * 1000000000ll);
}
END_TEST

// --- The end of a VCPU ---

static struct object *kept; // A VCPU without a handle.

static void *make_without_handle(void *nothing) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, OTHER_ENTRY, &own), ZX_OK);
    ck_assert_int_eq(handle_lookup(own, ZX_OBJ_TYPE_VCPU, 0, &kept), ZX_OK);
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return nothing;
}

static void drop_kept(void *nothing, const zirconia_exit_t *exit) {
    (void)nothing;
    (void)exit;
    if (kept != NULL) {
        object_unref(kept);
        kept = NULL;
    }
}

static void drop_during_runs(bool virtual_time) {
    pthread_t thread;
    guest_open();
    guest_load("port_echo", ENTRY);
    trap(ZX_GUEST_TRAP_IO, 0x10, 2, ZX_HANDLE_INVALID, 0);
    if (virtual_time) {
        ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    }
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(zirconia_guest_observe(guest, drop_kept, NULL), ZX_OK);
    for (uint16_t i = 0; i < 100; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, make_without_handle, NULL), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_uint_eq(enter().guest_io.port, 0x10 + i % 2);
        ck_assert_ptr_null(kept);
    }
    guest_close();
}

// As when it interrupts the VCPU while another thread closes it.
START_TEST(an_observer_may_drop_the_last_reference_to_another_vcpu) {
    drop_during_runs(false);
    drop_during_runs(true);
}
END_TEST

static struct barrier made;

static void *run_and_close(void *unused) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &own), ZX_OK);
    barrier_wait(&made);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return unused;
}

START_TEST(virtual_time_goes_on_when_the_last_vcpu_that_was_awake_is_closed) {
    static const uint8_t output[] = {0xe6, 0x10}; // out 0x10, al
    pthread_t thread;
    guest_open();
    guest_load("timer_ticks", ENTRY);
    memory_write(0x11000, output, sizeof output);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    barrier_init(&made, 2);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_and_close, NULL), 0);
    barrier_wait(&made);
    enter_to_end();
    ck_assert_uint_eq(read_state().rbx, 100);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    guest_close();
}
END_TEST

static void *close_and_kick(void *first) {
    run_and_close(NULL);
    ck_assert_int_eq(zx_vcpu_kick(*(zx_handle_t *)first), ZX_OK);
    return NULL;
}

// If it did, the sums that are made of the time would overflow.
START_TEST(virtual_time_does_not_jump_to_its_end) {
    static const uint8_t output[] = {0xe6, 0x10}; // out 0x10, al
    static const uint8_t sleep[] = {
        0xfa, 0x0f, 0x30,                         // cli; wrmsr
        0xb9, 0xe0, 0x06, 0,    0,                // mov ecx, 0x6e0: TSC deadline
        0x89, 0xf0, 0x89, 0xfa, 0x0f, 0x30, 0xf4, // mov eax, esi; mov edx, edi; wrmsr; hlt
        0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, // rdtsc; shl rdx, 32; or rax, rdx
        0x48, 0xc7, 0x04, 0x25, 0,    0xf0, 0xff, 0,    0,    0, 0, 0, // The end.
    };
    const zx_vcpu_state_t state = {
        .rcx = 0x832, .rax = 0x40040, .rsi = 0xfffffffe, .rdi = 0x7fffffff};
    pthread_t thread;
    guest_open();
    memory_write(ENTRY, sleep, sizeof sleep);
    memory_write(0x11000, output, sizeof output);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    write_state(&state);
    barrier_init(&made, 2);
    ck_assert_int_eq(pthread_create(&thread, NULL, close_and_kick, &vcpu), 0);
    barrier_wait(&made);
    enter_fails(ZX_ERR_CANCELED);
    enter_to_end();
    ck_assert_uint_lt(read_state().rax, 1000000000u);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    guest_close();
}
END_TEST

static void *run_another_and_kick(void *first) {
    run_real_mode_vcpu(NULL);
    ck_assert_int_eq(zx_vcpu_kick(*(zx_handle_t *)first), ZX_OK);
    return NULL;
}

START_TEST(virtual_time_passes_in_an_endless_loop_of_exceptions) {
    static const uint8_t output[] = {0xe6, 0x10}; // out 0x10, al
    zx_port_packet_t packet;
    pthread_t thread;
    guest_open();
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    guest_load("exception_loop", ENTRY);
    memory_write(0x11000, output, sizeof output);
    trap(ZX_GUEST_TRAP_IO, 0x10, 1, ZX_HANDLE_INVALID, 0);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_another_and_kick, &vcpu), 0);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_CANCELED);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    guest_close();
}
END_TEST

static struct barrier looked_at;

static void *make_and_wait(void *unused) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &own), ZX_OK);
    barrier_wait(&made);
    barrier_wait(&looked_at);
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return unused;
}

// The kick ends the run call of a VCPU that waits for its turn. One whose turn it is already must
// not do something else, such as to look at the budget: which of the two it is, where another VCPU
// has sent the kick, depends on when the host runs the threads.
START_TEST(a_kick_comes_first_in_virtual_time_whether_or_not_the_turn_is_free) {
    pthread_t thread;
    guest_open();
    guest_load("timer_ticks", ENTRY);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_OK);
    ck_assert_int_eq(zx_vcpu_create(guest, 0, ENTRY, &vcpu), ZX_OK);
    barrier_init(&made, 2);
    barrier_init(&looked_at, 2);
    ck_assert_int_eq(pthread_create(&thread, NULL, make_and_wait, NULL), 0);
    barrier_wait(&made);
    ck_assert_int_eq(zirconia_guest_set_budget(guest, 0), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(vcpu), ZX_OK);
    enter_fails(ZX_ERR_CANCELED);
    enter_fails(ZX_ERR_TIMED_OUT);
    barrier_wait(&looked_at);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    guest_close();
}
END_TEST

START_TEST(virtual_time_is_chosen_before_the_first_vcpu) {
    set_up("several_vcpus", false);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(guest), ZX_ERR_BAD_STATE);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(vmar), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zirconia_guest_use_virtual_time(ZX_HANDLE_INVALID), ZX_ERR_BAD_HANDLE);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        locked_increments_of_four_vcpus_are_all_there,
        two_busy_vcpus_get_turns_often,
        an_exit_to_the_caller_keeps_the_time_slice,
        a_vcpu_sees_code_that_another_one_changed,
        two_guests_run_at_the_same_time,
        an_observer_may_drop_the_last_reference_to_another_vcpu,
        virtual_time_repeats_the_trace_of_four_vcpus,
        virtual_time_jumps_over_sleep_to_the_next_timer,
        virtual_time_goes_on_when_the_last_vcpu_that_was_awake_is_closed,
        virtual_time_does_not_jump_to_its_end,
        virtual_time_passes_in_an_endless_loop_of_exceptions,
        a_kick_comes_first_in_virtual_time_whether_or_not_the_turn_is_free,
        virtual_time_is_chosen_before_the_first_vcpu,
    };
    return run_tests("several VCPUs", tests, sizeof tests / sizeof tests[0]);
}
