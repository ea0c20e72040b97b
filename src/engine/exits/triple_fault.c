// SPDX-License-Identifier: MIT
//
// The story of an event that could not be delivered, for a person: each attempt and what it met.

#include "engine/exits/exits.h"
#include "objects/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <zircon/compiler.h>

struct story {
    size_t length;
    char text[512]; // Four attempts fit.
};

#if defined(__GNUC__)
__PRINTFLIKE(2, 3)
#endif
static void tell(struct story *story, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const size_t room = sizeof story->text - story->length;
    const int length = vsnprintf(story->text + story->length, room, format, arguments);
    va_end(arguments);
    story->length += (size_t)length < room ? (size_t)length : room - 1;
}

// SDM volume 3A, table 6-1.
static void tell_exception(struct story *story, uint8_t vector) {
    static const char *const names[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF",       "#BR", "#UD", "#NM", "#DF", "vector 9", "#TS",
        "#NP", "#SS", "#GP", "#PF", "vector 15", "#MF", "#AC", "#MC", "#XM", "#VE",      "#CP",
    };
    if (vector < sizeof names / sizeof names[0]) {
        tell(story, "%s", names[vector]);
    } else {
        tell(story, "vector %u", vector);
    }
}

// SDM volume 3A, section 4.7.
static void tell_page_fault(struct story *story, uint64_t address, uint32_t error_code) {
    const char *access = (error_code & PAGE_FAULT_FETCH) != 0   ? "fetch"
                         : (error_code & PAGE_FAULT_WRITE) != 0 ? "write"
                                                                : "read";
    const char *why = (error_code & PAGE_FAULT_RESERVED) != 0  ? "a reserved bit is set"
                      : (error_code & PAGE_FAULT_PRESENT) != 0 ? "not allowed"
                                                               : "not present";
    tell(story, "#PF at 0x%" PRIx64 " (%s, %s%s)", address, access, why,
         (error_code & PAGE_FAULT_USER) != 0 ? ", CPL 3" : "");
}

static void tell_event(struct story *story, const struct failed_delivery *failed) {
    const struct vectored_event *event = &failed->event;
    const bool exception = event->kind == VECTORED_EXCEPTION;
    if (exception && event->vector == VECTOR_PAGE_FAULT) {
        tell_page_fault(story, failed->address, event->error_code);
    } else if (exception || event->vector == VECTOR_NMI) {
        tell_exception(story, event->vector);
    } else {
        tell(story, "%s %u", event->kind == VECTORED_SOFTWARE ? "INT" : "interrupt", event->vector);
    }
    if (exception && event->vector != VECTOR_PAGE_FAULT && event->error_code != 0) {
        tell(story, "(0x%" PRIx32 ")", event->error_code);
    }
}

#define ERROR_CODE_IDT 2u

static void tell_gate(struct story *story, const struct cpu *cpu,
                      const struct failed_delivery *failed) {
    const struct segment idt = cpu_segment(cpu, SEGMENT_IDTR);
    const char *which = failed->fault == VECTOR_SEGMENT_NOT_PRESENT ? "present" : "usable";
    tell(story, " has no %s gate in the IDT (base 0x%" PRIx64 ", limit 0x%" PRIx32 ")", which,
         idt.base, idt.limit);
}

static void tell_fault(struct story *story, const struct cpu *cpu,
                       const struct failed_delivery *failed) {
    const bool gate =
        failed->fault == VECTOR_GENERAL_PROTECTION || failed->fault == VECTOR_SEGMENT_NOT_PRESENT;
    if (gate && (failed->fault_error_code & ERROR_CODE_IDT) != 0) {
        tell_gate(story, cpu, failed);
        return;
    }
    tell(story, " met ");
    if (failed->fault == VECTOR_PAGE_FAULT) {
        tell_page_fault(story, failed->fault_address, failed->fault_error_code);
    } else {
        tell_exception(story, failed->fault);
        tell(story, "(0x%" PRIx32 ")", failed->fault_error_code);
    }
}

void triple_fault_tell(const struct vcpu *vcpu) {
    if (!log_wants(ZIRCONIA_LOG_INFO)) {
        return;
    }
    struct story story = {0};
    const struct failed_delivery *failed;
    const size_t count = cpu_failed_deliveries(vcpu->cpu, &failed);
    for (size_t i = 0; i < count; i++) {
        tell_event(&story, &failed[i]);
        tell_fault(&story, vcpu->cpu, &failed[i]);
        tell(&story, "; ");
    }
    log_line(ZIRCONIA_LOG_INFO, "vcpu %u at 0x%" PRIx64 ": %striple fault", vcpu->seat.vpid - 1,
             cpu_get(vcpu->cpu, RIP), story.text);
}
