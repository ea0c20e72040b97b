// SPDX-License-Identifier: MIT
//
// Calls to the system, small questions, and the calls that are refused: whatever those are given,
// they say so and touch nothing.

#include "syscall_state.h"

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/refused.h>
#include <zirconia/coverage.h>
#include <zirconia/observe.h>
#include <zirconia/zirconia.h>

// --- The calls that are refused ---

struct refused_input {
    zx_handle_t handle;
    uint64_t amount;
    void *pointer;
};

typedef zx_status_t refused_fn(const struct refused_input *in);

// An argument for each parameter, whatever it is.
#define GIVE(parameter) GIVE_##parameter
#define GIVE_HANDLE(name, type, right) in->handle
#define GIVE_VALUE(type, name) (type) in->amount
#define GIVE_IGNORES(type, name) in->pointer
#define CALL(eras, name, body, blocks, section, parameters, errors)

#define REFUSE(name, parameters)                                                                   \
    static zx_status_t refuse_##name(const struct refused_input *in) {                             \
        return name(EACH(GIVE, parameters));                                                       \
    }
#define REFUSE_OF_ERA(prefix, era, name, parameters) REFUSE_IN_ERA(prefix##name, parameters)
#define REFUSE_IN_ERA(name, parameters) REFUSE(name, parameters)
#define REFUSED(eras, name, parameters) ERAS_##eras(REFUSE, REFUSE_OF_ERA, name, parameters)
#include "syscalls/calls.inc"
#undef REFUSED

static refused_fn *const refused[] = {
#define REFUSAL(name) refuse_##name,
#define REFUSAL_OF_ERA(prefix, era, name) REFUSAL_IN_ERA(prefix##name)
#define REFUSAL_IN_ERA(name) REFUSAL(name)
#define REFUSED(eras, name, parameters) ERAS_##eras(REFUSAL, REFUSAL_OF_ERA, name)
#include "syscalls/calls.inc"
#undef REFUSED
#undef CALL
};

static void call_refused(struct state *state) {
    const size_t which = input_byte(&state->input) % (sizeof refused / sizeof refused[0]);
    struct refused_input in; // One by one: an initialiser has no order.
    in.handle = state_handle(state);
    in.amount = input_amount(&state->input);
    in.pointer = state_pointer(state, 64);
    const zx_status_t status = refused[which](&in);
    state_require(status == ZX_ERR_NOT_SUPPORTED || status == ZX_ERR_BAD_HANDLE ||
                      status == ZX_ERR_WRONG_TYPE,
                  "a call was not refused");
}

// --- The system ---

static void ask_numbers(void) {
    const zx_ticks_t ticks = zx_ticks_get();
    const zx_time_t time = zx_clock_get(ZX_CLOCK_MONOTONIC);
    state_require(ticks <= zx_ticks_get() && time <= zx_clock_get_monotonic(), "time goes back");
    state_require(zx_ticks_per_second() > 0 && zx_system_get_page_size() > 0 &&
                      zx_system_get_dcache_line_size() > 0 && zx_system_get_num_cpus() > 0,
                  "a size is 0");
    zx_system_get_physmem();
    zx_system_get_version_string();
    zirconia_version();
    zirconia_engine_version();
    zirconia_engine_note();
}

static void ask_names(struct state *state) {
    const uint32_t number = input_word(&state->input);
    zirconia_thread_handle(number); // No thread of the host's.
    const size_t size = (size_t)1 << number % 32;
    state_require(zirconia_coverage_place(number >> 5, size, number, ~(uint64_t)number) < size,
                  "a place is outside of its map");
    state_require(zirconia_status_text((zx_status_t)number) != NULL &&
                      zx_status_get_string((zx_status_t)number) != NULL &&
                      zirconia_exit_kind_name((zirconia_exit_kind_t)(number % 64)) != NULL,
                  "something has no name");
}

static void flush_caches(struct state *state) {
    const uint32_t options = input_byte(&state->input) % 16;
    const bool known = (options & (ZX_CACHE_FLUSH_INSN | ZX_CACHE_FLUSH_DATA)) != 0 &&
                       options != (ZX_CACHE_FLUSH_INSN | ZX_CACHE_FLUSH_INVALIDATE) && options < 8;
    state_require((zx_cache_flush(&options, sizeof options, options) == ZX_OK) == known,
                  "caches are flushed with the wrong options");
}

static void ignore_log(void *context, zirconia_log_level_t level, const char *message) {
    (void)context;
    (void)level;
    (void)message;
}

void call_system(struct state *state, uint8_t which) {
    switch (which) {
    case 0:
        state->calls->sys_nanosleep(state_deadline(state));
        break;
    case 1: {
        void *pointer = state_pointer(state, 256);
        zx_cprng_draw(pointer, input_byte(&state->input));
        break;
    }
    case 2: {
        void *pointer = state_pointer(state, 64);
        zx_system_get_version(pointer, input_byte(&state->input));
        break;
    }
    case 3: {
        const zx_clock_t clock = input_byte(&state->input) % 4;
        zx_clock_get_new(clock, state_pointer(state, 8));
        break;
    }
    case 4:
        ask_numbers();
        break;
    case 5:
        ask_names(state);
        break;
    case 6:
        zirconia_set_log(ignore_log, NULL, ZIRCONIA_LOG_DEBUG);
        break;
    case 7:
        zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_DEBUG);
        break;
    case 8:
        flush_caches(state);
        break;
    default:
        call_refused(state);
        break;
    }
}
