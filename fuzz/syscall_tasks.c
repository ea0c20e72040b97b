// SPDX-License-Identifier: MIT
//
// Calls on threads, the process and the job, on exceptions and their channels. Calls that would
// stop or end the target itself, or take its last handler of exceptions away, are left out.

#include "syscall_state.h"

#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/debug.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/object.h>

// The process, the job, or the thread that makes the calls.
static bool is_ours(zx_handle_t handle) {
    const zx_koid_t koid = koid_of(handle);
    return koid != ZX_KOID_INVALID &&
           (koid == koid_of(zx_process_self()) || koid == koid_of(zx_job_default()) ||
            koid == koid_of(zx_thread_self()));
}

static void create_thread(struct state *state, bool old) {
    const bool any = input_byte(&state->input) % 4 == 0;
    const zx_handle_t process = any ? state_handle(state) : zx_process_self();
    const char *name = state_pointer(state, 64);
    const size_t size = (size_t)input_amount(&state->input);
    const uint32_t options = any ? input_byte(&state->input) : 0;
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_status_t status =
        old ? state->calls->sys_thread_create(process, name, size, options, &out)
            : zx_thread_create(process, name, size, options, &out);
    if (status == ZX_OK && !threads_keep(state, out)) {
        zx_handle_close(out);
        return;
    }
    state_keep(state, status, &out);
}

static void suspend(struct state *state, bool old, bool with_token) {
    const zx_handle_t handle = state_handle(state);
    zx_handle_t token = ZX_HANDLE_INVALID;
    zx_status_t status = ZX_ERR_BAD_STATE;
    const struct era_calls *calls = state->calls;
    if (old && is_ours(handle)) {
        return; // In July 2018 a thread may suspend itself.
    }
    if (old && with_token) {
        status = calls->sys_task_suspend_token(handle, &token);
    } else if (old) {
        status = calls->sys_task_suspend == NULL ? calls->sys_task_suspend_alone(handle)
                                                 : calls->sys_task_suspend(handle, &token);
    } else {
        status =
            with_token ? zx_task_suspend_token(handle, &token) : zx_task_suspend(handle, &token);
    }
    state_keep(state, token != ZX_HANDLE_INVALID ? status : ZX_ERR_BAD_STATE, &token);
}

// Whether the thread may be told to go on. One that is not ours is never in an exception. One of
// ours must wait for another handler than the last, which only an answer of ours would lead it to.
static bool may_be_passed_on(struct state *state, zx_handle_t handle) {
    const struct kept_thread *thread = threads_find(state, handle);
    zx_info_thread_t info = {0};
    return thread == NULL || (zx_object_get_info(thread->handle, ZX_INFO_THREAD, &info, sizeof info,
                                                 NULL, NULL) == ZX_OK &&
                              info.wait_exception_channel_type != ZX_EXCEPTION_CHANNEL_TYPE_NONE &&
                              info.wait_exception_channel_type != ZX_EXCEPTION_CHANNEL_TYPE_JOB);
}

// An exception that the last handler passes on would end the program.
static void resume(struct state *state, bool from_port) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t options = input_byte(&state->input);
    if (from_port) {
        zx_task_resume_from_exception(handle, state_handle(state), options);
    } else if ((options & ZX_RESUME_TRY_NEXT) == 0 || may_be_passed_on(state, handle)) {
        zx_task_resume(handle, options);
    }
}

static void kill_task(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    if (!is_ours(handle)) {
        zx_task_kill(handle);
    }
}

static void read_registers(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t kind = input_byte(&state->input) % 9;
    const size_t size = input_bytes(&state->input, 2);
    void *buffer = state_pointer(state, size);
    old ? state->calls->sys_thread_read_state(handle, kind, buffer, size)
        : zx_thread_read_state(handle, kind, buffer, size);
}

// A thread that may be inside the library is not given other registers: they would be the
// library's.
static void write_registers(struct state *state, bool old) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t kind = input_byte(&state->input) % 9;
    const size_t size = input_bytes(&state->input, 2);
    void *buffer = state_pointer(state, size);
    const struct kept_thread *thread = threads_find(state, handle);
    if (thread != NULL && (thread->program == PROGRAM_SLEEP || thread->program == PROGRAM_EXIT)) {
        return;
    }
    if (kind == ZX_THREAD_STATE_GENERAL_REGS) {
        threads_confine(state, thread, buffer);
    }
    old ? state->calls->sys_thread_write_state(handle, kind, buffer, size)
        : zx_thread_write_state(handle, kind, buffer, size);
}

static void bind_port(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const bool unbinds = input_byte(&state->input) % 4 == 0;
    const zx_handle_t port = unbinds ? ZX_HANDLE_INVALID : state_handle(state);
    const uint64_t key = input_byte(&state->input);
    const uint32_t options = input_byte(&state->input) % 8;
    const bool debugger = (options & ZX_EXCEPTION_PORT_DEBUGGER) != 0;
    if (port != ZX_HANDLE_INVALID || debugger || koid_of(handle) != koid_of(zx_job_default())) {
        state->calls->sys_task_bind_exception_port(handle, port, key, options);
    }
}

static void create_channel(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const uint32_t options = input_byte(&state->input) % 4;
    zx_handle_t out = ZX_HANDLE_INVALID;
    state_keep(state, zx_task_create_exception_channel(handle, options, &out), &out);
}

static void read_channel(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const uint8_t choice = input_byte(&state->input);
    void *bytes = state_pointer(state, 64);
    zx_handle_t out = ZX_HANDLE_INVALID;
    uint32_t *actual_bytes = choice % 4 == 0 ? state_pointer(state, 4) : NULL;
    uint32_t *actual_handles = choice % 4 == 0 ? state_pointer(state, 4) : NULL;
    const uint32_t size = choice % 8 == 1 ? input_word(&state->input) : 64;
    const uint32_t count = choice % 8 == 2 ? input_word(&state->input) : 1;
    zx_channel_read(handle, choice % 16 == 3 ? 1 : 0, bytes, &out, size, count, actual_bytes,
                    actual_handles);
    state_keep(state, out != ZX_HANDLE_INVALID ? ZX_OK : ZX_ERR_BAD_STATE, &out);
}

static void ask_exception(struct state *state, bool process) {
    const zx_handle_t handle = state_handle(state);
    zx_handle_t out = ZX_HANDLE_INVALID;
    state_keep(state,
               process ? zx_exception_get_process(handle, &out)
                       : zx_exception_get_thread(handle, &out),
               &out);
}

static void get_child(struct state *state) {
    const zx_handle_t handle = state_handle(state);
    const zx_handle_t other = state_handle(state);
    const bool any = input_byte(&state->input) % 4 == 0;
    const zx_koid_t koid = any ? input_bytes(&state->input, 8) : koid_of(other);
    const zx_rights_t rights = any ? input_word(&state->input) : ZX_RIGHT_SAME_RIGHTS;
    zx_handle_t out = ZX_HANDLE_INVALID;
    state_keep(state, zx_object_get_child(handle, koid, rights, &out), &out);
}

static void offer_ours(struct state *state) {
    const zx_handle_t ours[] = {zx_process_self(), zx_thread_self(), zx_job_default()};
    zx_handle_t out = ZX_HANDLE_INVALID;
    const zx_handle_t handle = ours[input_byte(&state->input) % 3];
    state_keep(state, zx_handle_duplicate(handle, ZX_RIGHT_SAME_RIGHTS, &out), &out);
}

// Gives a suspension, a fault or an end, which an earlier call began, the time to come about.
static void wait_a_moment(struct state *state) {
    const zx_signals_t something = ZX_THREAD_SUSPENDED | ZX_THREAD_TERMINATED | ZX_CHANNEL_READABLE;
    zx_object_wait_one(state_handle(state), something, zx_deadline_after(ZX_USEC(200)), NULL);
}

static void call_exception(struct state *state, uint8_t which) {
    switch (which) {
    case 16:
    case 17:
    case 18:
        bind_port(state);
        break;
    case 19:
    case 20:
        create_channel(state);
        break;
    case 21:
    case 22:
        read_channel(state);
        break;
    case 23:
    case 24:
        ask_exception(state, which == 24);
        break;
    case 25:
        get_child(state);
        break;
    case 26:
    case 27:
        offer_ours(state);
        break;
    default:
        wait_a_moment(state);
        break;
    }
}

void call_task(struct state *state, uint8_t which) {
    const bool old = (which & 1) != 0;
    switch (which / 2) {
    case 0:
        create_thread(state, old);
        break;
    case 1:
        threads_start(state, state_handle(state), old);
        break;
    case 2:
        suspend(state, old, false);
        break;
    case 3:
        suspend(state, old, true);
        break;
    case 4:
        resume(state, old);
        break;
    case 5:
        kill_task(state);
        break;
    case 6:
        read_registers(state, old);
        break;
    case 7:
        write_registers(state, old);
        break;
    default:
        call_exception(state, which);
        break;
    }
}
