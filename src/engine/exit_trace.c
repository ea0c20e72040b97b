// SPDX-License-Identifier: MIT
//
// The lines of ZIRCONIA_TRACE=exits. Each is one write, because those of several threads would mix.

#include "engine/exit_trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/compiler.h>

static atomic_bool held;

void exit_trace_hold(bool hold) {
    atomic_store(&held, hold);
}

bool exit_trace_is_on(void) {
    static atomic_int state; // 0: the environment has not been read, 1: off, 2: on.
    if (atomic_load_explicit(&state, memory_order_relaxed) == 0) {
        const char *wish = getenv("ZIRCONIA_TRACE");
        atomic_store(&state, wish != NULL && strcmp(wish, "exits") == 0 ? 2 : 1);
    }
    return atomic_load_explicit(&state, memory_order_relaxed) == 2 && !atomic_load(&held);
}

struct line {
    size_t length;
    char text[1024]; // Longer than any line.
};

__PRINTFLIKE(2, 3) static void append(struct line *line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    line->length += (size_t)vsnprintf(line->text + line->length, sizeof line->text - line->length,
                                      format, arguments);
    va_end(arguments);
}

static void put(const struct line *line) {
    platform_write_error(line->text, line->length);
}

void exit_trace_exit(const zirconia_exit_t *exit) {
    struct line line = {0};
    append(&line,
           "zirconia-exit %s vcpu=%" PRIu64 " mode=%d rip=0x%" PRIx64 " cr3=0x%" PRIx64
           " qualification=0x%" PRIx64 ",0x%" PRIx64 ",0x%" PRIx64 " code=0x",
           zirconia_exit_kind_name(exit->kind), exit->vcpu, (int)exit->mode, exit->rip, exit->cr3,
           exit->qualification[0], exit->qualification[1], exit->qualification[2]);
    for (unsigned i = 0; i < exit->instruction_size; i++) {
        append(&line, "%02x", exit->instruction[i]);
    }
    append(&line, "\n");
    put(&line);
}

static void append_registers(struct line *line, const struct vcpu *vcpu) {
    static const struct {
        const char *name;
        enum cpu_register place;
    } registers[] = {
        {"rax", RAX}, {"rcx", RCX}, {"rdx", RDX}, {"rbx", RBX}, {"rsp", RSP},   {"rbp", RBP},
        {"rsi", RSI}, {"rdi", RDI}, {"r8", R8},   {"r9", R9},   {"r10", R10},   {"r11", R11},
        {"r12", R12}, {"r13", R13}, {"r14", R14}, {"r15", R15}, {"rip", RIP},   {"rflags", RFLAGS},
        {"cr0", CR0}, {"cr2", CR2}, {"cr3", CR3}, {"cr4", CR4}, {"efer", EFER},
    };
    cpu_lock_registers(vcpu->cpu);
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        append(line, " %s=0x%" PRIx64, registers[i].name, cpu_get(vcpu->cpu, registers[i].place));
    }
    cpu_unlock_registers(vcpu->cpu);
}

void exit_trace_return(struct vcpu *vcpu, zx_status_t status, const zx_port_packet_t *packet) {
    struct line line = {0};
    uint64_t words[4] = {0};
    const bool has_packet = status == ZX_OK;
    if (has_packet) {
        memcpy(words, &packet->user, sizeof words);
    }
    append(&line,
           "zirconia-return status=%d key=0x%" PRIx64 " type=%u packet=0x%" PRIx64 ",0x%" PRIx64
           ",0x%" PRIx64 ",0x%" PRIx64 "\n",
           status, has_packet ? packet->key : 0, has_packet ? packet->type : 0, words[0], words[1],
           words[2], words[3]);
    put(&line);
    line.length = 0;
    append(&line, "zirconia-registers vcpu=%u", vcpu->seat.vpid - 1);
    append_registers(&line, vcpu);
    append(&line, "\n");
    put(&line);
}
