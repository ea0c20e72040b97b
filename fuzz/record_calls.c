// SPDX-License-Identifier: MIT
//
// Takes the place of the trace of calls (syscalls/trace.c) in a copy of a test: writes the calls
// that the test makes as an input of fuzz_syscalls. With ZIRCONIA_RECORD_CALLS=FOLDER in the
// environment each process has a file there with the input, and one whose name ends in .calls with
// a line for each call in it and what it returned. ZIRCONIA_RECORD_ERA=NUMBER says that the test is
// a client of another era than the newest, 0 for the first, and ZIRCONIA_RECORD_PROGRAM=NUMBER what
// threads run (enum program); they sleep else.
//
// What an input cannot say is left out: calls of other threads than the first, handles beyond the
// slots, deadlines (all are near), what is behind pointers to more than some 200 bytes, and what
// the target leaves out. recorded_calls.inc says how each call is written.

#include "record_calls.h"

#include "objects/era.h"
#include "syscalls/call_text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zircon/status.h>

atomic_int trace_state = TRACE_UNDECIDED;
struct recording record;

// --- The files ---

static int open_file(const char *suffix, int flags) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%ld%s", record.folder, record.process, suffix);
    return open(path, O_WRONLY | O_CREAT | flags, 0666);
}

// As long as it takes for the target to see which era's client it is. Zeros close slot 0, at the
// end.
static void write_input(void) {
    static const uint8_t zeros[ERA_COUNT];
    const size_t padding = (record.era + ERA_COUNT - record.size % ERA_COUNT) % ERA_COUNT;
    const int file = open_file("", O_TRUNC);
    require(file >= 0 && write(file, record.input, record.size) == (ssize_t)record.size &&
                write(file, zeros, padding) == (ssize_t)padding,
            "cannot write the input");
    close(file);
}

static void write_lines(const struct recorded *recorded) {
    char line[256];
    const int length = snprintf(line, sizeof line, "%s %s\n", recorded->made,
                                zx_status_get_string(recorded->status));
    const int file = open_file(".calls", O_APPEND);
    for (unsigned i = 0; i < recorded->bytes.calls; i++) {
        require(file >= 0 && write(file, line, (size_t)length) == length, "cannot write the calls");
    }
    close(file);
}

static void append(const struct input_bytes *bytes) {
    memcpy(record.input + record.size, bytes->at, bytes->count);
    record.size += bytes->count;
    record.calls += bytes->calls;
}

static void add(const struct recorded *recorded) {
    const size_t count = recorded->pokes.count + recorded->bytes.count;
    if (record.calls + recorded->pokes.calls + recorded->bytes.calls > MOST_CALLS ||
        record.size + count > sizeof record.input) {
        record.calls = MOST_CALLS; // The rest would meet other handles.
        return;
    }
    append(&recorded->pokes);
    append(&recorded->bytes);
    write_input();
    write_lines(recorded);
}

// --- The trace ---

bool trace_decide(void) {
    const char *era = getenv("ZIRCONIA_RECORD_ERA");
    const char *program = getenv("ZIRCONIA_RECORD_PROGRAM");
    record.folder = getenv("ZIRCONIA_RECORD_CALLS");
    record.process = getpid();
    record.thread = pthread_self();
    record.era = era != NULL ? (unsigned)strtoul(era, NULL, 10) : (unsigned)ERA_DEFAULT;
    record.program = program != NULL ? (unsigned)strtoul(program, NULL, 10) : PROGRAM_SLEEP;
    const bool on = record.folder != NULL;
    atomic_store(&trace_state, on ? TRACE_ON : TRACE_OFF);
    return on;
}

static bool is_recorded(void) {
    return record.process == getpid() && pthread_equal(record.thread, pthread_self()) &&
           !record.busy && record.calls < MOST_CALLS;
}

static void record_call(struct recorded *recorded) {
    const struct operation *operation = find_operation(recorded->call->name);
    if (operation == NULL) {
        return;
    }
    const bool of_era = operation->has_eras && record.era != ERA_DEFAULT;
    bool can_be_said = true;
    put_call(&recorded->bytes, operation->family,
             of_era ? operation->which + 1U : operation->which);
    for (size_t i = 0; i < MOST_OPERANDS && can_be_said; i++) {
        can_be_said = put_operand(recorded, &operation->operands[i]);
    }
    if (can_be_said) {
        add(recorded);
    }
}

void trace_begin(const struct traced_call *call, const uint64_t *arguments) {
    (void)call;
    (void)arguments;
}

void trace_end(const struct traced_call *call, const uint64_t *arguments, zx_status_t status) {
    static struct recorded recorded;
    if (is_recorded() && status != ZX_ERR_INTERNAL_INTR_RETRY) {
        record.busy = true;
        recorded = (struct recorded){
            .call = call, .arguments = arguments, .status = status, .made = call->name};
        record_call(&recorded);
        record.busy = false;
    }
}

void trace_result(const char *name, uint64_t result) {
    static const char *const names[] = {"zx_process_self", "zx_thread_self", "zx_job_default"};
    for (unsigned i = 0; i < 3 && is_recorded(); i++) {
        if (strcmp(name, names[i]) == 0) {
            record.ours[i] = (zx_handle_t)result;
        }
    }
    if (is_recorded() && strcmp(name, "zx_vmar_root_self") == 0) {
        record.slots[0] = (zx_handle_t)result;
    }
}

void trace_plain(const char *name) {
    (void)name;
}
