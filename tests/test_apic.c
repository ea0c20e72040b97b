// SPDX-License-Identifier: MIT
//
// The local APIC's timer and inter-processor interrupts (hypervisor ABI 5.8), as their client sees
// them.

#include "execute.h"
#include "other_thread.h"

#define MSR_TSC_DEADLINE 0x6e0u
#define ICR 0x830u
#define LVT_TIMER 0x832u
#define INITIAL_COUNT 0x838u
#define DIVIDE 0x83eu
#define SELF_IPI 0x83fu

#define MASKED 0x10000u
#define PERIODIC 0x20000u
#define TSC_DEADLINE 0x40000u
#define DIVIDE_BY_1 11u

#define WAIT "\xfb\xf4\xeb\xfd" // sti; again: hlt; jmp again

// --- Inter-processor interrupts ---

#define SELF (1u << 18)
#define ALL (2u << 18)
#define OTHERS (3u << 18)
#define DELIVERY(mode) ((uint32_t)(mode) << 8)
#define DESTINATION(id) ((uint64_t)(id) << 32)

static const struct {
    uint64_t icr, mask;
    uint8_t vector;
} interrupts[] = {
    {0x66, 1, 0x66},
    {0x66 | DESTINATION(1), 2, 0x66},
    {0x66 | DESTINATION(2), 4, 0x66},
    {0x66 | DESTINATION(31), 1ull << 31, 0x66},
    {0x66 | DESTINATION(32), 1ull << 32, 0x66},
    {0x66 | DESTINATION(63), 1ull << 63, 0x66},
    {0x66 | DESTINATION(64), 0, 0x66},
    {0x66 | DESTINATION(UINT32_MAX), UINT64_MAX, 0x66},
    {0x66 | SELF, 1, 0x66},
    {0x66 | SELF | DESTINATION(5), 1, 0x66},
    {0xff | ALL, UINT64_MAX, 0xff},
    {0x66 | OTHERS, 0xfffffffe, 0x66},
    {0x66 | 1u << 14 | 1u << 15, 1, 0x66}, // Level and trigger mode mean nothing.
    {0x66 | DELIVERY(4), 0, 2},
    {0x66 | DELIVERY(4) | DESTINATION(2), 4, 2},
    {0x66 | DELIVERY(4) | DESTINATION(64), 0, 2},
    {0x66 | DELIVERY(4) | DESTINATION(UINT32_MAX), UINT64_MAX - 1, 2},
    {0x66 | DELIVERY(4) | SELF, 0, 2},
    {0x66 | DELIVERY(4) | ALL, UINT64_MAX - 1, 2},
    {0x66 | DELIVERY(4) | OTHERS, 0xfffffffe, 2},
};

static void check_packet_head(const zx_port_packet_t *packet) {
    ck_assert_uint_eq(packet->key, 0);
    ck_assert_uint_eq(packet->type, ZX_PKT_TYPE_GUEST_VCPU);
    ck_assert_int_eq(packet->status, ZX_OK);
}

START_TEST(an_ipi_is_a_packet_with_its_mask) {
    for (size_t i = 0; i < sizeof interrupts / sizeof interrupts[0]; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(enter_write_msr(ICR, interrupts[i].icr, &packet), ZX_OK);
        check_packet_head(&packet);
        ck_assert_uint_eq(packet.guest_vcpu_2022.type, ZX_PKT_GUEST_VCPU_INTERRUPT);
        ck_assert_msg(packet.guest_vcpu_2022.interrupt.mask == interrupts[i].mask, "ICR %#llx",
                      (unsigned long long)interrupts[i].icr);
        ck_assert_uint_eq(packet.guest_vcpu_2022.interrupt.vector, interrupts[i].vector);
        enter_to_end(); // Behind the instruction.
    }
}
END_TEST

START_TEST(resume_gives_ipis_in_the_layout_of_2018) {
    for (size_t i = 0; i < sizeof interrupts / sizeof interrupts[0]; i++) {
        put_code(WRMSR);
        const zx_vcpu_state_t state = msr_state(ICR, interrupts[i].icr);
        write_state(&state);
        zx_port_packet_t packet;
        ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
        check_packet_head(&packet);
        ck_assert_uint_eq(packet.guest_vcpu_2018.type, ZX_PKT_GUEST_VCPU_INTERRUPT);
        ck_assert_uint_eq(packet.guest_vcpu_2018.interrupt.mask, interrupts[i].mask);
        ck_assert_uint_eq(packet.guest_vcpu_2018.interrupt.vector, interrupts[i].vector);
        enter_to_end();
    }
}
END_TEST

static const struct {
    uint64_t icr, id, entry;
} startups[] = {
    {0x10 | DELIVERY(6), 0, 0x10000},
    {0xff | DELIVERY(6) | DESTINATION(3), 3, 0xff000},
    {0x00 | DELIVERY(6) | OTHERS | DESTINATION(70), 70, 0},
    {0x08 | DELIVERY(6) | DESTINATION(UINT32_MAX), UINT32_MAX, 0x8000},
};

START_TEST(startup_is_a_packet_in_both_layouts) {
    for (size_t i = 0; i < sizeof startups / sizeof startups[0]; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(enter_write_msr(ICR, startups[i].icr, &packet), ZX_OK);
        check_packet_head(&packet);
        ck_assert_uint_eq(packet.guest_vcpu_2022.type, ZX_PKT_GUEST_VCPU_STARTUP);
        ck_assert_uint_eq(packet.guest_vcpu_2022.startup.id, startups[i].id);
        ck_assert_uint_eq(packet.guest_vcpu_2022.startup.entry, startups[i].entry);
        enter_to_end();
        const zx_vcpu_state_t state = msr_state(ICR, startups[i].icr);
        write_state(&state);
        ck_assert_int_eq(zx_vcpu_resume(vcpu, &packet), ZX_OK);
        check_packet_head(&packet);
        ck_assert_uint_eq(packet.guest_vcpu_2018.type, ZX_PKT_GUEST_VCPU_STARTUP);
        ck_assert_uint_eq(packet.guest_vcpu_2018.startup.id, startups[i].id);
        ck_assert_uint_eq(packet.guest_vcpu_2018.startup.entry, startups[i].entry);
        enter_to_end();
    }
}
END_TEST

START_TEST(init_does_nothing) {
    write_msr(ICR, DELIVERY(5) | DESTINATION(1));
    write_msr(ICR, DELIVERY(5) | OTHERS);
}
END_TEST

START_TEST(other_ipis_are_not_supported_and_stay) {
    static const uint32_t bad[] = {0x66 | 1u << 11,      0x66 | 1u << 11 | DELIVERY(5),
                                   0x66 | DELIVERY(1),   0x66 | DELIVERY(2),
                                   0x66 | DELIVERY(3),   0x66 | DELIVERY(7),
                                   0x66 | 1u << 11 | ALL};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(enter_write_msr(ICR, bad[i], &packet), ZX_ERR_NOT_SUPPORTED);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_NOT_SUPPORTED);
        write_msr(ICR, DELIVERY(5));
    }
}
END_TEST

static const struct {
    uint64_t icr, mask;
    uint8_t vector;
} from_the_second[] = {
    {0x66 | SELF, 2, 0x66},
    {0x66 | OTHERS, 0xfffffffd, 0x66},
    {0x66 | DESTINATION(0), 1, 0x66},
    {DELIVERY(4) | SELF, 0, 2},
    {DELIVERY(4) | ALL, UINT64_MAX - 2, 2},
    {DELIVERY(4) | OTHERS, 0xfffffffd, 2},
};

static void *run_application_processor(void *nothing) {
    zx_handle_t own = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    zx_vcpu_state_t state;
    ck_assert_int_eq(zx_vcpu_create(guest, 0, 0x11000, &own), ZX_OK);
    ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    ck_assert_int_eq(zx_vcpu_read_state(own, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
    ck_assert_uint_eq(state.rbx, 0xfee00c00);
    ck_assert_uint_eq(state.rsi, 1);
    ck_assert_uint_eq(state.rdi, 1);
    ck_assert_uint_eq(state.rbp, 1);
    for (size_t i = 0; i < sizeof from_the_second / sizeof from_the_second[0]; i++) {
        state = msr_state(ICR, from_the_second[i].icr);
        ck_assert_int_eq(zx_vcpu_write_state(own, ZX_VCPU_STATE, &state, sizeof state), ZX_OK);
        ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
        check_packet_head(&packet);
        ck_assert_uint_eq(packet.guest_vcpu.interrupt.mask, from_the_second[i].mask);
        ck_assert_uint_eq(packet.guest_vcpu.interrupt.vector, from_the_second[i].vector);
        ck_assert_int_eq(zx_vcpu_enter(own, &packet), ZX_OK);
        ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_GUEST_IO);
    }
    ck_assert_int_eq(zx_handle_close(own), ZX_OK);
    return nothing;
}

START_TEST(a_second_vcpu_has_an_id_of_its_own) {
    guest_start("application_processor");
    trap(ZX_GUEST_TRAP_IO, 0x11, 1, ZX_HANDLE_INVALID, 0);
    join_thread(start_thread(run_application_processor, NULL));
    guest_close();
}
END_TEST

// Runs WAIT until a vector comes.
static uint64_t await_vector(void) {
    zx_vcpu_state_t state = {0};
    put_code(WAIT);
    run_code(&state);
    return state.r10;
}

START_TEST(a_self_ipi_is_pending_at_once) {
    for (unsigned vector = 32; vector < 256; vector++) {
        write_msr(SELF_IPI, 0xff00 | vector);
        ck_assert_uint_eq(await_vector(), vector);
    }
}
END_TEST

// --- The timer ---

// One shot of the timer: how long it takes, in nanoseconds.
static int64_t measure(uint32_t count, uint8_t vector) {
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, count);
    const zx_time_t before = zx_clock_get_monotonic();
    write_msr(LVT_TIMER, vector);
    ck_assert_uint_eq(await_vector(), vector);
    const zx_time_t after = zx_clock_get_monotonic();
    write_msr(LVT_TIMER, MASKED);
    return after - before;
}

START_TEST(every_divisor_divides) {
    static const struct {
        uint32_t value, shift;
    } divisors[] = {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {8, 5}, {9, 6}, {10, 7}, {11, 0}};
    const int64_t length = ZX_MSEC(4);
    for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++) {
        write_msr(LVT_TIMER, MASKED);
        write_msr(DIVIDE, divisors[i].value);
        // A busy host may be late, but not every time.
        int64_t shortest = INT64_MAX;
        for (unsigned attempt = 0; attempt < 50 && shortest >= 2 * length; attempt++) {
            const int64_t took = measure((uint32_t)(length >> divisors[i].shift), 0x50);
            ck_assert_int_ge(took, length - 128);
            shortest = took < shortest ? took : shortest;
        }
        ck_assert_msg(shortest < 2 * length, "divisor %u", divisors[i].value);
    }
}
END_TEST

START_TEST(the_period_has_32_bits) {
    write_msr(DIVIDE, 10); // By 128.
    // 2^32 + 2 ms, of which the lower half counts.
    const uint32_t count = (uint32_t)((1ull << 32 | (uint64_t)ZX_MSEC(2)) >> 7);
    ck_assert_int_lt(measure(count, 0x50), ZX_SEC(4));
}
END_TEST

START_TEST(one_shot_fires_once) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    ck_assert_int_ge(measure(1000000, 0x51), ZX_MSEC(1));
    write_msr(LVT_TIMER, 0x51);
    ck_assert_uint_eq(await_vector(), 0x51);
    ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(4))), ZX_OK);
    // A second expiry, being the highest, would come before this one.
    write_msr(SELF_IPI, 0x40);
    ck_assert_uint_eq(await_vector(), 0x40);
}
END_TEST

START_TEST(periodic_fires_again_and_again) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, 2000000);
    const zx_time_t start = zx_clock_get_monotonic();
    write_msr(LVT_TIMER, PERIODIC | 0x52);
    for (int i = 1; i <= 8; i++) {
        ck_assert_uint_eq(await_vector(), 0x52);
        ck_assert_int_ge(zx_clock_get_monotonic(), start + i * ZX_MSEC(2));
    }
}
END_TEST

START_TEST(a_period_of_a_nanosecond_leaves_room_for_others) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, 1);
    write_msr(LVT_TIMER, PERIODIC | 0x52);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(await_vector(), 0x52);
    }
    write_msr(LVT_TIMER, TSC_DEADLINE | 0x53); // Stops the timer, but an interrupt may be pending.
    write_msr(SELF_IPI, 0x40);
    const uint64_t vector = await_vector();
    if (vector == 0x52) {
        ck_assert_uint_eq(await_vector(), 0x40);
    } else {
        ck_assert_uint_eq(vector, 0x40);
    }
}
END_TEST

START_TEST(a_count_of_zero_fires_at_once) {
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, 0);
    write_msr(LVT_TIMER, 0x54);
    ck_assert_uint_eq(await_vector(), 0x54);
}
END_TEST

START_TEST(a_masked_expiry_is_dropped) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    write_msr(LVT_TIMER, PERIODIC | MASKED | 0x55);
    write_msr(INITIAL_COUNT, 100000);
    ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(5))), ZX_OK);
    write_msr(SELF_IPI, 0x40);
    ck_assert_uint_eq(await_vector(), 0x40);
    // Unmasking starts it from now, and then it fires.
    const zx_time_t start = zx_clock_get_monotonic();
    write_msr(LVT_TIMER, PERIODIC | 0x55);
    ck_assert_uint_eq(await_vector(), 0x55);
    ck_assert_int_ge(zx_clock_get_monotonic(), start + ZX_USEC(100));
}
END_TEST

START_TEST(lvt_timer_reads_back_and_refuses_the_fourth_mode) {
    static const uint32_t values[] = {
        0, 0x20, MASKED | 0xff, PERIODIC | MASKED, TSC_DEADLINE | 1, 0xfff9f0ff};
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, UINT32_MAX);
    zx_vcpu_state_t state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        write_msr(LVT_TIMER, values[i]);
        put_code(RDMSR);
        state = (zx_vcpu_state_t){.rcx = LVT_TIMER};
        run_code(&state);
        ck_assert_uint_eq(state.rax, values[i]);
    }
    zx_port_packet_t packet;
    ck_assert_int_eq(enter_write_msr(LVT_TIMER, 0x60000, &packet), ZX_ERR_INVALID_ARGS);
    ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_INVALID_ARGS);
    write_msr(LVT_TIMER, MASKED);
}
END_TEST

// --- TSC deadline ---

START_TEST(the_tsc_deadline_is_a_time) {
    write_msr(LVT_TIMER, TSC_DEADLINE | 0x56);
    for (int i = 0; i < 5; i++) {
        const zx_time_t deadline = zx_deadline_after(ZX_MSEC(2));
        write_msr(MSR_TSC_DEADLINE, (uint64_t)deadline);
        ck_assert_uint_eq(await_vector(), 0x56);
        ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
    }
}
END_TEST

START_TEST(a_past_tsc_deadline_fires_at_once) {
    write_msr(LVT_TIMER, TSC_DEADLINE | 0x56);
    write_msr(MSR_TSC_DEADLINE, 1);
    ck_assert_uint_eq(await_vector(), 0x56);
}
END_TEST

START_TEST(zero_and_the_far_future_disarm_the_tsc_deadline) {
    static const uint64_t none[] = {0, 1ull << 63, UINT64_MAX};
    write_msr(LVT_TIMER, TSC_DEADLINE | 0x56);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        write_msr(MSR_TSC_DEADLINE, (uint64_t)zx_deadline_after(ZX_SEC(100)));
        write_msr(MSR_TSC_DEADLINE, none[i]);
        ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(2))), ZX_OK);
        write_msr(SELF_IPI, 0x40);
        ck_assert_uint_eq(await_vector(), 0x40);
    }
}
END_TEST

START_TEST(a_tsc_deadline_in_another_mode_is_an_error) {
    static const uint32_t modes[] = {MASKED, PERIODIC | MASKED};
    zx_port_packet_t packet;
    for (size_t i = 0; i < 2; i++) {
        write_msr(LVT_TIMER, modes[i]);
        ck_assert_int_eq(enter_write_msr(MSR_TSC_DEADLINE, 1, &packet), ZX_ERR_INVALID_ARGS);
        ck_assert_int_eq(zx_vcpu_enter(vcpu, &packet), ZX_ERR_INVALID_ARGS);
        write_msr(LVT_TIMER, TSC_DEADLINE | MASKED);
        write_msr(MSR_TSC_DEADLINE, 1);
    }
}
END_TEST

START_TEST(lvt_in_tsc_deadline_mode_stops_the_count) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, 20000000);
    write_msr(LVT_TIMER, 0x57);
    write_msr(LVT_TIMER, TSC_DEADLINE | 0x57);
    write_msr(MSR_TSC_DEADLINE, (uint64_t)zx_deadline_after(ZX_SEC(100)));
    ck_assert_int_eq(zx_nanosleep(zx_deadline_after(ZX_MSEC(25))), ZX_OK);
    write_msr(SELF_IPI, 0x40);
    ck_assert_uint_eq(await_vector(), 0x40);
}
END_TEST

START_TEST(a_vcpu_may_go_while_its_timer_runs) {
    write_msr(DIVIDE, DIVIDE_BY_1);
    write_msr(LVT_TIMER, MASKED);
    write_msr(INITIAL_COUNT, 1000);
    write_msr(LVT_TIMER, PERIODIC | 0x58);
    for (int i = 0; i < 20; i++) {
        guest_close();
        execute_start();
        write_msr(DIVIDE, DIVIDE_BY_1);
        write_msr(LVT_TIMER, PERIODIC | 0x58);
        write_msr(INITIAL_COUNT, 1 + 100u * (uint32_t)i);
    }
}
END_TEST

static void add_timer_tests(TCase *tcase) {
    tcase_add_test(tcase, every_divisor_divides);
    tcase_add_test(tcase, the_period_has_32_bits);
    tcase_add_test(tcase, one_shot_fires_once);
    tcase_add_test(tcase, periodic_fires_again_and_again);
    tcase_add_test(tcase, a_period_of_a_nanosecond_leaves_room_for_others);
    tcase_add_test(tcase, a_count_of_zero_fires_at_once);
    tcase_add_test(tcase, a_masked_expiry_is_dropped);
    tcase_add_test(tcase, lvt_timer_reads_back_and_refuses_the_fourth_mode);
    tcase_add_test(tcase, the_tsc_deadline_is_a_time);
    tcase_add_test(tcase, a_past_tsc_deadline_fires_at_once);
    tcase_add_test(tcase, zero_and_the_far_future_disarm_the_tsc_deadline);
    tcase_add_test(tcase, a_tsc_deadline_in_another_mode_is_an_error);
    tcase_add_test(tcase, lvt_in_tsc_deadline_mode_stops_the_count);
    tcase_add_test(tcase, a_vcpu_may_go_while_its_timer_runs);
}

int main(void) {
    Suite *suite = suite_create("apic");
    TCase *ipis = tcase_create("ipis");
    tcase_set_timeout(ipis, 30);
    tcase_add_checked_fixture(ipis, execute_start, guest_close);
    tcase_add_test(ipis, an_ipi_is_a_packet_with_its_mask);
    tcase_add_test(ipis, resume_gives_ipis_in_the_layout_of_2018);
    tcase_add_test(ipis, startup_is_a_packet_in_both_layouts);
    tcase_add_test(ipis, init_does_nothing);
    tcase_add_test(ipis, other_ipis_are_not_supported_and_stay);
    tcase_add_test(ipis, a_self_ipi_is_pending_at_once);
    suite_add_tcase(suite, ipis);
    TCase *several = tcase_create("several VCPUs");
    tcase_set_timeout(several, 30);
    tcase_add_test(several, a_second_vcpu_has_an_id_of_its_own);
    suite_add_tcase(suite, several);
    TCase *timer = tcase_create("timer");
    tcase_set_timeout(timer, 60);
    tcase_add_checked_fixture(timer, execute_start, guest_close);
    add_timer_tests(timer);
    suite_add_tcase(suite, timer);
    return run_suite(suite);
}
