// SPDX-License-Identifier: MIT
//
// The pairs; see the header and bench_pair.asm.

#include "vcpu_pair.h"

#include "platform/platform.h"
#include "vcpu_guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>

#define SENDER VCPU_GUEST_ENTRY
#define READER (VCPU_GUEST_ENTRY + 0x800)
#define RUNNER (VCPU_GUEST_ENTRY + 0x1000)
#define SLEEPER (VCPU_GUEST_ENTRY + 0x1400)
#define READER_16 (VCPU_GUEST_ENTRY + 0x1800)
#define ROUNDS 0x8010u
#define TIMES 0x100000u

struct member {
    pthread_t thread;
    zx_vaddr_t entry;
    zx_handle_t vcpu;
    uint64_t reads;
    struct platform_semaphore created;
};

static struct member members[2];

// --- A thread that has a VCPU ---

static void interrupt(const zirconia_guest_vcpu_interrupt_t *asked) {
    for (unsigned i = 0; i < 2; i++) {
        if ((asked->mask >> i & 1) != 0) {
            vcpu_guest_check(zx_vcpu_interrupt(members[i].vcpu, asked->vector), "interrupt");
        }
    }
}

static void answer(struct member *member) {
    const zx_vcpu_io_t io = {.access_size = 1, .u8 = 0x5a};
    vcpu_guest_check(zx_vcpu_write_state(member->vcpu, ZX_VCPU_IO, &io, sizeof io), "answer");
    member->reads++;
}

// Until it is kicked, or does what the sender does at its end.
static void run(struct member *member) {
    zx_port_packet_t packet = {.type = ZX_PKT_TYPE_GUEST_VCPU};
    zx_status_t status = ZX_OK;
    while ((status = zx_vcpu_enter(member->vcpu, &packet)) == ZX_OK &&
           packet.type != ZX_PKT_TYPE_GUEST_MEM) {
        if (packet.type == ZX_PKT_TYPE_GUEST_VCPU) {
            interrupt(&packet.guest_vcpu_2022.interrupt);
        } else {
            answer(member);
        }
    }
    vcpu_guest_check(status == ZX_ERR_CANCELED ? ZX_OK : status, "run a VCPU");
}

static void *have_vcpu(void *argument) {
    struct member *member = argument;
    vcpu_guest_check(zx_vcpu_create(vcpu_guest, 0, member->entry, &member->vcpu), "create a VCPU");
    platform_semaphore_post(&member->created);
    run(member);
    return NULL;
}

// The boot processor is the first to be created.
static void start(struct member *member, zx_vaddr_t entry) {
    member->entry = entry;
    member->reads = 0;
    platform_semaphore_init(&member->created);
    vcpu_guest_check(
        pthread_create(&member->thread, NULL, have_vcpu, member) == 0 ? ZX_OK : ZX_ERR_NO_RESOURCES,
        "create a thread");
    platform_semaphore_wait_until(&member->created, INT64_MAX);
}

static void join(struct member *member) {
    pthread_join(member->thread, NULL);
    platform_semaphore_destroy(&member->created);
    vcpu_guest_check(zx_handle_close(member->vcpu), "close");
}

static void kick(const struct member *member) {
    vcpu_guest_check(zx_vcpu_kick(member->vcpu), "kick");
}

// --- What is measured ---

void vcpu_pair_interrupt(bool halted, bool virtual_time, double *times, size_t count) {
    const uint32_t rounds = (uint32_t)count;
    vcpu_guest_open("bench_pair", virtual_time);
    vcpu_guest_write(ROUNDS, &rounds, sizeof rounds);
    start(&members[0], SENDER);
    start(&members[1], halted ? SLEEPER : RUNNER);
    pthread_join(members[0].thread, NULL);
    for (size_t i = 0; i < count; i++) {
        uint32_t time = 0;
        vcpu_guest_read(TIMES + i * sizeof time, &time, sizeof time);
        times[i] = time;
    }
    kick(&members[1]);
    platform_semaphore_destroy(&members[0].created);
    vcpu_guest_check(zx_handle_close(members[0].vcpu), "close");
    join(&members[1]);
    vcpu_guest_close();
}

uint64_t vcpu_pair_reads(unsigned vcpus, int64_t nanoseconds) {
    uint64_t reads = 0;
    vcpu_guest_open("bench_pair", false);
    for (unsigned i = 0; i < vcpus; i++) {
        start(&members[i], i == 0 ? READER : READER_16);
    }
    zx_nanosleep(zx_deadline_after(nanoseconds));
    for (unsigned i = 0; i < vcpus; i++) {
        kick(&members[i]);
    }
    for (unsigned i = 0; i < vcpus; i++) {
        join(&members[i]);
        reads += members[i].reads;
    }
    vcpu_guest_close();
    return reads;
}

// --- A bare thread ---

static struct {
    struct platform_semaphore posted;
    struct platform_semaphore woken;
    _Atomic(int64_t) at;
    size_t count;
} bare;

static void *wake(void *nothing) {
    for (size_t i = 0; i < bare.count; i++) {
        platform_semaphore_wait_until(&bare.posted, INT64_MAX);
        atomic_store(&bare.at, zx_clock_get_monotonic());
        while (atomic_load(&bare.at) != 0) {
        }
    }
    return nothing;
}

void vcpu_pair_wake(double *times, size_t count) {
    pthread_t thread;
    bare.count = count;
    platform_semaphore_init(&bare.posted);
    vcpu_guest_check(pthread_create(&thread, NULL, wake, NULL) == 0 ? ZX_OK : ZX_ERR_NO_RESOURCES,
                     "create a thread");
    for (size_t i = 0; i < count; i++) {
        zx_nanosleep(zx_deadline_after(ZX_USEC(200))); // Lets the other thread fall asleep.
        const int64_t start = zx_clock_get_monotonic();
        platform_semaphore_post(&bare.posted);
        int64_t at = 0;
        while ((at = atomic_load(&bare.at)) == 0) {
        }
        times[i] = (double)(at - start);
        atomic_store(&bare.at, 0);
    }
    pthread_join(thread, NULL);
    platform_semaphore_destroy(&bare.posted);
}
