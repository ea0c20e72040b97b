// SPDX-License-Identifier: MIT
//
// Turns any bytes into a sequence of calls over a few handles, with wild arguments and pointers.
// It looks for faults, for calls that do not come back, and at the end of each input for threads
// that live on, objects that are still alive, and packets that were lost or came twice.
// Left out are the calls that end the program by what they promise; fuzz/CMakeLists.txt lists them.

#include "fuzz_trace.h"
#include "syscall_state.h"

#include "objects/object.h"
#include "platform/lock_report.h"
#include "platform/platform.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

enum { MOST_CALLS = 200, LONGEST_INPUT_S = 20 };

uint64_t fuzz_trace;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void state_require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "fuzz_syscalls: %s\n", what);
        abort();
    }
}

zx_koid_t koid_of(zx_handle_t handle) {
    zx_info_handle_basic_t info;
    const zx_status_t status =
        zx_object_get_info(handle, ZX_INFO_HANDLE_BASIC, &info, sizeof info, NULL, NULL);
    return status == ZX_OK ? info.koid : ZX_KOID_INVALID;
}

zx_handle_t state_handle(struct state *state) {
    const uint8_t choice = input_byte(&state->input);
    if (choice >= 0xf8) {
        return input_word(&state->input);
    }
    return state->slots[choice % SLOTS];
}

void state_keep(struct state *state, zx_status_t status, const zx_handle_t *out) {
    fuzz_trace_word((uint64_t)(int64_t)status);
    if (status != ZX_OK) {
        return;
    }
    zx_handle_t *slot = &state->slots[input_byte(&state->input) % SLOTS];
    zx_handle_close(*slot);
    *slot = *out;
}

// No address that a program can have: what lies at any other might be a sanitizer's memory.
static void *nowhere(struct state *state) {
    return (void *)(uintptr_t)(input_bytes(&state->input, 8) | UINT64_C(1) << 63);
}

void *state_pointer(struct state *state, size_t size) {
    const uint8_t choice = input_byte(&state->input);
    const size_t room = size < MEMORY_SIZE ? MEMORY_SIZE - size : 0;
    switch (choice / 32) {
    case 6: // Cut off by the end.
        return state->memory + MEMORY_SIZE - choice % 32;
    case 7:
        return choice % 32 == 0   ? NULL
               : choice % 32 < 16 ? state->unmapped + choice % 32
                                  : nowhere(state);
    case 5: // Any alignment.
        return state->memory + input_bytes(&state->input, 2) % (room + 1);
    default:
        return state->memory + ((size_t)choice * 64 % (room + 1) & ~(size_t)7);
    }
}

// Never before 0, which is the far future to a client whose times have no sign.
zx_time_t state_deadline(struct state *state) {
    const uint8_t choice = input_byte(&state->input);
    const bool unsigned_times = state->calls == &era_calls[ERA_201807];
    if (choice < 16) {
        return unsigned_times ? zirconia_201807_deadline_after(choice * 2000)
                              : zx_deadline_after(choice * 2000);
    }
    if (unsigned_times) {
        return choice;
    }
    return choice < 128 ? ZX_TIME_INFINITE_PAST : (zx_time_t)choice - 192;
}

// --- A watch over the calls ---

static atomic_uint steps; // Calls begun and inputs ended: what must not stand still.
static atomic_uint call_in_progress;
static atomic_bool in_input;
static const uint8_t *input_begin; // The first byte of the input in progress.
static size_t input_size;

static void report_stuck(void) {
    fprintf(stderr, "fuzz_syscalls: call %#x does not come back, in the input",
            atomic_load(&call_in_progress));
    for (size_t i = 0; i < input_size; i++) {
        fprintf(stderr, " %02x", input_begin[i]);
    }
    fputc('\n', stderr);
    platform_report_locks(stderr);
}

static void watch(void *nothing) {
    unsigned last = 0;
    int64_t since = platform_monotonic();
    (void)nothing;
    for (;;) {
        const int64_t now = platform_monotonic();
        const unsigned current = atomic_load(&steps);
        if (current != last || !atomic_load(&in_input)) {
            last = current;
            since = now;
        } else if (now - since > ZX_SEC(LONGEST_INPUT_S)) {
            report_stuck();
            abort();
        }
        platform_sleep_until(now + ZX_MSEC(200));
    }
}

static void start_watch(void) {
    static bool started;
    if (!started) {
        started = platform_thread_start("watch", watch, NULL);
        state_require(started, "no thread to watch");
    }
}

static void call_any(struct state *state) {
    const uint8_t which = input_byte(&state->input);
    atomic_store(&call_in_progress, which);
    atomic_fetch_add(&steps, 1);
    void (*const families[])(struct state *, uint8_t) = {
        call_object, call_port, call_memory, call_region,
        call_guest,  call_task, call_memory, call_system,
    };
    families[which % 8](state, which / 8);
}

// --- The beginning and the end of an input ---

static void prepare_memory(struct state *state) {
    static uint8_t *pages;
    const size_t page = platform_page_size();
    if (pages == NULL) {
        pages = platform_reserve(MEMORY_SIZE + page);
        state_require(pages != NULL &&
                          platform_protect(pages, MEMORY_SIZE, PLATFORM_READ | PLATFORM_WRITE),
                      "no memory to begin with");
    }
    state->memory = pages;
    state->unmapped = pages + MEMORY_SIZE;
    for (size_t i = 0; i < MEMORY_SIZE; i++) {
        pages[i] = (uint8_t)(i * 7);
    }
}

// The process's own region, by a handle that may be closed.
static void offer_root(struct state *state) {
    zx_handle_duplicate(zx_vmar_root_self(), ZX_RIGHT_SAME_RIGHTS, &state->slots[0]);
}

static void empty_root(void) {
    zx_info_vmar_t info;
    state_require(zx_object_get_info(zx_vmar_root_self(), ZX_INFO_VMAR, &info, sizeof info, NULL,
                                     NULL) == ZX_OK,
                  "the process's region is gone");
    state_require(zx_vmar_unmap(zx_vmar_root_self(), info.base, info.len) == ZX_OK,
                  "the process's region cannot be emptied");
}

static void check_packets(struct counted_port *port) {
    zx_port_packet_t packet;
    zx_status_t status = zx_port_wait(port->handle, 0, &packet);
    while (status == ZX_OK) {
        port->received += packet.type == ZX_PKT_TYPE_USER ? 1 : 0;
        status = zx_port_wait(port->handle, 0, &packet);
    }
    state_require(status == ZX_ERR_TIMED_OUT, "a port cannot be emptied");
    state_require(port->received <= port->queued, "a packet came twice");
    state_require(port->received + port->lost >= port->queued, "a packet was lost");
    state_require(zx_handle_close(port->handle) == ZX_OK, "a port's handle is gone");
}

// Timers that are firing hold on to their object for a moment.
static void check_objects(uint64_t before) {
    const zx_time_t deadline = zx_deadline_after(ZX_SEC(5));
    while (object_count() != before && zx_clock_get_monotonic() < deadline) {
        zx_nanosleep(0);
    }
    state_require(object_count() == before, "an object outlived all handles");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct state state = {.input = {data, size}, .calls = &era_calls[size % ERA_COUNT]};
    fuzz_trace = 0;
    zx_vmar_root_self();
    threads_prepare();
    start_watch();
    input_begin = data;
    input_size = size;
    atomic_store(&in_input, true);
    const uint64_t before = object_count();
    prepare_memory(&state);
    offer_root(&state);
    for (int i = 0; i < MOST_CALLS && state.input.left > 0; i++) {
        call_any(&state);
    }
    threads_end(&state);
    for (unsigned i = 0; i < state.port_count; i++) {
        check_packets(&state.ports[i]);
    }
    zx_handle_close_many(state.slots, SLOTS);
    empty_root();
    check_objects(before);
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_DEBUG);
    atomic_store(&in_input, false);
    return 0;
}
