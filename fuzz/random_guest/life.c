// SPDX-License-Identifier: MIT
//
// What a random guest is and what becomes of it.

#include "life.h"

#include "boot.h"
#include "booted.h"
#include "code.h"
#include "descriptors.h"
#include "fragments.h"
#include "handlers.h"
#include "layout.h"
#include "page_tables.h"
#include "rest.h"

#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>

enum {
    MOST_ENTRIES = 40,
    MOST_BELLS = 100,   // For each VCPU between two looks at the bells, which hold 256.
    BLOCK = 4,          // ns of virtual time
    LATENESS = 1000000, // ns of virtual time: ten time slices, which is when a VCPU must be back.
    SECOND_START = CHAOS_SIZE / 2,
};

static void wait_for(struct platform_semaphore *semaphore) {
    platform_semaphore_wait_until(semaphore, INT64_MAX);
}

// --- The image ---

static struct image image;

const uint8_t *life_bytes(void) {
    return image.bytes;
}

static void put_code(struct life *life, struct choices *choices) {
    for (unsigned i = 0; i < life->count; i++) {
        const uint32_t start = i == 0 ? 0 : SECOND_START;
        const uint32_t end = i + 1 < life->count ? SECOND_START : CHAOS_SIZE;
        struct code code = {&image, CHAOS + start, CHAOS + end,
                            boot_bits(life->processors[i].mode)};
        fragments_put(&code, choices);
        if (life->boots) {
            boot_put(&image, choices, life->processors[i].mode, start);
        }
    }
}

static struct handlers_use handlers_use(const struct life *life) {
    struct handlers_use use = {HANDLERS_CODE, HANDLERS_CODE, false};
    for (unsigned i = 0; i < life->count; i++) {
        const enum boot_mode mode = life->processors[i].mode;
        if (boot_bits(mode) == 16) {
            *(mode < BOOT_LONG_MODES ? &use.long_mode : &use.legacy) = HANDLERS_BASED;
        }
        use.real_vectors = life->count == 1 && mode == BOOT_REAL;
    }
    return use;
}

// The byte that fills unused memory: INT3, RET, IRET, RETF, HLT, OUT or JMP, and sometimes 0.
static uint8_t choose_filling(struct choices *choices) {
    static const uint8_t fillings[] = {0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xc3,
                                       0xcf, 0xcb, 0xf4, 0xee, 0xeb, 0xf1};
    return choose_one_in(choices, 128) ? 0 : CHOOSE_FROM(choices, fillings);
}

void life_conceive(struct life *life, struct choices *choices) {
    life->count = choose_one_in(choices, 5) ? 2 : 1;
    if (life->count == 2) {
        life->processors[0].mode = choose(choices, BOOT_LONG_MODES);
        life->processors[1].mode = BOOT_REAL + choose(choices, BOOT_MODES - BOOT_REAL);
    } else {
        life->processors[0].mode = choose(choices, BOOT_MODES);
    }
    life->boots = choose_one_in(choices, 4);
    image_clear(&image, choose_filling(choices));
    page_tables_put(&image, choices);
    descriptors_put(&image, choices);
    const struct handlers_use use = handlers_use(life);
    handlers_put(&image, choices, &use);
    put_code(life, choices);
}

// --- The trace ---

static void make_room(struct random_guest_part *part, size_t size) {
    if (size > part->room - part->size) {
        part->room = 2 * (part->size + size);
        part->bytes = realloc(part->bytes, part->room);
    }
}

static void record(const struct trace *trace, const void *data, size_t size) {
    struct random_guest_part *part = trace->part;
    if (part == NULL) {
        return;
    }
    make_room(part, size);
    if (part->bytes == NULL) {
        host_require(false, "there is no memory for the record");
        return;
    }
    memcpy(part->bytes + part->size, data, size);
    part->size += size;
}

static void trace_bytes(struct trace *trace, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        trace->hash = (trace->hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    record(trace, data, size);
}

void trace_word(struct trace *trace, uint64_t word) {
    trace->hash = (trace->hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    trace->hash ^= trace->hash >> 29;
    record(trace, &word, sizeof word);
}

// The processor whose run call this thread is in. The observer is told the number of the VCPU, but
// that changes when a VCPU is made anew, and may then be the one that the other processor had.
static _Thread_local struct processor *running;

// Called on the VCPU's own thread. It kicks the VCPU now and then, so that this thread looks at the
// bells before one is full: when another thread found their packets would be up to the host.
static void observe(void *context, const zirconia_exit_t *exit) {
    struct processor *processor = running;
    (void)context;
    struct trace *trace = &processor->trace;
    record(trace, exit, sizeof *exit);
    if (exit->kind == ZIRCONIA_EXIT_EPT_VIOLATION && ++processor->violations == MOST_BELLS) {
        host_check(zx_vcpu_kick(processor->handle), "zx_vcpu_kick");
    }
    trace_word(trace, exit->kind);
    trace_word(trace, exit->rip);
    trace_word(trace, exit->cr3);
    for (unsigned i = 0; i < 3; i++) {
        trace_word(trace, exit->qualification[i]);
    }
}

void life_observe(const struct host *host) {
    host_check(zirconia_guest_observe(host->guest, observe, NULL), "zirconia_guest_observe");
}

// --- Processors ---

void life_make_vcpu(struct processor *processor) {
    const struct life *life = processor->life;
    const enum boot_mode mode = processor->mode;
    const uint32_t start = processor->number == 0 ? 0 : SECOND_START;
    if (processor->handle == ZX_HANDLE_INVALID) {
        processor->handle = host_make_vcpu(&life->host, boot_entry(mode), processor->number == 0);
    }
    if (!life->boots) {
        booted_put(processor->handle, mode, start, &processor->choices);
    } else if (boot_bits(mode) == 64) {
        host_set_registers(processor->handle, 64, &processor->choices);
    }
}

static void answer(struct processor *processor, const zx_port_packet_t *packet) {
    if (packet->type == ZX_PKT_TYPE_GUEST_IO && packet->guest_io.input) {
        zx_vcpu_io_t io = {.access_size = packet->guest_io.access_size};
        io.u32 = (uint32_t)choose_bits(&processor->choices, 4);
        host_check(zx_vcpu_write_state(processor->handle, ZX_VCPU_IO, &io, sizeof io),
                   "zx_vcpu_write_state");
    }
}

// True when a VMM would go on.
static bool enter(struct processor *processor) {
    zx_port_packet_t packet;
    memset(&packet, 0, sizeof packet);
    processor->violations = 0;
    const zx_status_t status =
        host_check(zx_vcpu_enter(processor->handle, &packet), "zx_vcpu_enter");
    processor->entries++;
    host_answer_bells(&processor->life->host);
    trace_word(&processor->trace, (uint64_t)(int64_t)status);
    trace_word(&processor->trace, (uint64_t)alarms_now(&processor->life->alarms));
    if (status == ZX_OK) {
        processor->packets++;
        trace_bytes(&processor->trace, &packet, sizeof packet);
        answer(processor, &packet);
    }
    if (status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_IO &&
        packet.guest_io.port == END_PORT) {
        return false;
    }
    return status == ZX_OK || status == ZX_ERR_CANCELED || choose_one_in(&processor->choices, 4);
}

void life_run(struct processor *processor) {
    struct life *life = processor->life;
    zx_vcpu_state_t state;
    running = processor;
    alarms_begin_run(processor->number);
    while (processor->entries < MOST_ENTRIES && enter(processor) &&
           !atomic_load(&life->alarms.over)) {
        processor->trapped |= host_act(&life->host, processor->handle, boot_bits(processor->mode),
                                       &processor->choices);
    }
    host_require(alarms_now(&life->alarms) <= life->budget + LATENESS,
                 "the guest outlived its time");
    if (zx_vcpu_read_state(processor->handle, ZX_VCPU_STATE, &state, sizeof state) == ZX_OK) {
        trace_bytes(&processor->trace, &state, sizeof state);
    }
    alarms_end_run(&life->alarms);
}

// When the time is over, the VCPU that was running has the other one, which waits, end first. So
// never do two threads run, of which each would count what it reaches, and counts would be lost.
static void end_other(struct processor *processor) {
    struct life *life = processor->life;
    if (life->count > 1 && atomic_load(&life->alarms.over) && !atomic_exchange(&life->ends, true)) {
        alarms_kick(&life->alarms);
        wait_for(&life->processors[1 - processor->number].done);
    }
}

static void end(struct processor *processor) {
    const struct life *life = processor->life;
    end_other(processor);
    if (!life->kept) {
        host_require(zx_handle_close(processor->handle) == ZX_OK, "the VCPU's handle is gone");
    } else if (life->count > 1) {
        rest_begin(processor->handle);
    }
    platform_semaphore_post(&processor->done);
}

// On the processors' threads.

static void make(void *processor) {
    life_make_vcpu(processor);
}

static void run(void *processor) {
    life_run(processor);
    end(processor);
}

// ---

// A guest's time. A few long lives take as long as all the others. An input that says more than a
// seed has none: a fuzzer keeps what reaches more, and before long nearly all would be long.
static uint32_t choose_blocks(struct choices *choices) {
    static const uint32_t blocks[] = {20, 30, 40, 50, 60, 80, 100, 150, 200};
    if (choose_one_in(choices, 32)) {
        const uint32_t many = choose_one_in(choices, 16) ? 4000 : 800;
        return choices->is_seed ? many : 200;
    }
    return CHOOSE_FROM(choices, blocks);
}

void life_set_alarms(struct life *life, struct choices *choices) {
    const zx_handle_t handles[ALARM_VCPUS] = {life->processors[0].handle,
                                              life->processors[1].handle};
    const uint32_t blocks = choose_blocks(choices);
    life->budget = (int64_t)blocks * BLOCK;
    alarms_init(&life->alarms, life->host.guest, handles);
    for (uint32_t count = choose(choices, ALARMS + 1); count > 0; count--) {
        const int64_t time = (int64_t)choose(choices, blocks) * BLOCK;
        // A VCPU that is kicked while another has the turn returns at a moment of the host's.
        const bool kick = life->count == 1 && choose_one_in(choices, 2);
        const int vector = kick ? VECTOR_KICK : (int)host_choose_vector(choices);
        alarms_add(&life->alarms, time, choose(choices, life->count), vector);
    }
    alarms_set_end(&life->alarms, life->budget);
}

void life_live(struct life *life, struct choices *choices) {
    struct processor *first = &life->processors[0];
    struct processor *second = life->count > 1 ? &life->processors[1] : NULL;
    for (unsigned i = 0; i < life->count; i++) {
        life->processors[i].life = life;
        life->processors[i].number = i;
        choices_fork(choices, &life->processors[i].choices);
        platform_semaphore_init(&life->processors[i].done);
    }
    make(first);
    if (second != NULL) {
        worker_do(life->second, make, second);
    }
    life_set_alarms(life, choices);
    if (second != NULL) {
        worker_begin(life->second, run, second);
        alarms_wait_for_line(&life->alarms);
    }
    run(first);
    if (second != NULL) {
        worker_wait(life->second);
    }
    for (unsigned i = 0; i < life->count; i++) {
        platform_semaphore_destroy(&life->processors[i].done);
    }
}

void life_trace_memory(const struct life *life, struct trace *trace) {
    static const uint32_t pages[] = {CHAOS, DATA, STACKS, STACK_0 - PAGE, WILD_TABLE};
    uint64_t words[PAGE / 8];
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        host_require(zx_vmo_read(life->host.memory, words, pages[i], sizeof words) == ZX_OK,
                     "the memory cannot be read");
        for (size_t j = 0; j < PAGE / 8; j++) {
            trace_word(trace, words[j]);
        }
    }
}

// Turns coverage on, and empties the record.
static void begin_record(struct life *life, struct random_guest_record *record) {
    struct trace *const traces[RANDOM_GUEST_PARTS] = {&life->processors[0].trace,
                                                      &life->processors[1].trace, &life->end};
    for (unsigned i = 0; i < RANDOM_GUEST_PARTS; i++) {
        record->parts[i].size = 0;
        traces[i]->part = &record->parts[i];
    }
    host_check(
        zirconia_guest_set_coverage(life->host.guest, 0, record->coverage, sizeof record->coverage),
        "zirconia_guest_set_coverage");
}

void life_tell(struct life *life, struct random_guest_result *result) {
    struct trace trace = life->end;
    *result = (struct random_guest_result){
        .vcpus = life->count,
        .time = alarms_now(&life->alarms),
    };
    alarms_destroy(&life->alarms);
    for (unsigned i = 0; i < life->count; i++) {
        trace_word(&trace, life->processors[i].trace.hash);
        result->entries += life->processors[i].entries;
        result->packets += life->processors[i].packets;
    }
    life_trace_memory(life, &trace);
    result->trace = trace.hash;
}

void life_open_guest(struct life *life, struct choices *choices) {
    const unsigned parts = choose(choices, HOST_PARTS);
    host_open(&life->host, parts);
    host_map(&life->host, image.bytes, parts);
    life_observe(&life->host);
}

void life_on_own_guest(struct life *life, struct choices *choices,
                       struct random_guest_record *record, struct random_guest_result *result) {
    static struct worker second;
    life->second = &second;
    life_open_guest(life, choices);
    if (record != NULL) {
        begin_record(life, record);
    }
    life_live(life, choices);
    life_tell(life, result);
    host_close(&life->host);
}
