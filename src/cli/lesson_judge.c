// SPDX-License-Identifier: MIT
//
// Compares deeds with steps, one by one, and puts the first difference into words.

#include <inttypes.h>

#include "cli/fields.h"
#include "cli/lesson.h"
#include "cli/vm.h"

static void append_place(struct text *text, const zirconia_exit_t *exit) {
    char instruction[96];
    instruction_text(exit, instruction, sizeof(instruction));
    text_append(text, " at 0x%" PRIx64, exit->rip);
    if (instruction[0])
        text_append(text, ": '%s'", instruction);
}

static bool has_two_vcpus(const struct lesson *lesson) {
    for (size_t i = 0; i < lesson->step_count; i++)
        if (lesson->steps[i].deed.vcpu != 0)
            return true;
    return false;
}

static void append_step(struct text *text, const char *when, const struct lesson *lesson,
                        const struct lesson_step *step) {
    if (has_two_vcpus(lesson))
        text_append(text, " VCPU %" PRIu64 " should %s ", step->deed.vcpu, when);
    else
        text_append(text, " It should %s ", when);
    deed_text(&step->deed, text);
    text_append(text, ".");
}

static void append_hint(struct text *text, const struct lesson_step *step) {
    if (step->hint)
        text_append(text, " %s", step->hint);
}

static bool ends(const struct deed *deed) {
    return deed->kind == DEED_OUT && deed->where == VM_EXIT_PORT;
}

// Whether a deed is another one than the step asks for, rather than the same one with a fault.
static bool is_another(const struct deed *done, const struct deed *wanted) {
    return done->kind != wanted->kind || (ends(done) && !ends(wanted)) ||
           done->vcpu != wanted->vcpu;
}

static bool is_right(const struct lesson *lesson, const struct lesson_deed *done,
                     const struct lesson_step *step, struct text *text) {
    struct text difference = {0};
    const bool differs = deed_difference(&done->deed, &step->deed, &difference);
    if (!differs && done->deed.vcpu == step->deed.vcpu)
        return true;
    if (has_two_vcpus(lesson))
        text_append(text, "VCPU %" PRIu64 " ", done->deed.vcpu);
    else
        text_append(text, "The guest ");
    if (ends(&done->deed) && !ends(&step->deed))
        text_append(text, "ended");
    else if (differs)
        text_append(text, "%s", difference.bytes);
    else
        text_append(text, "did what VCPU %" PRIu64 " should do", step->deed.vcpu);
    append_place(text, &done->exit);
    text_append(text, ".");
    if (is_another(&done->deed, &step->deed))
        append_step(text, "first", lesson, step);
    append_hint(text, step);
    return false;
}

static void append_end(const struct lesson_record *record, struct text *text) {
    switch (record->end) {
    case END_BY_GUEST:
        text_append(text, "The guest ended");
        append_place(text, &record->last);
        break;
    case END_ASLEEP:
        text_append(text, "The guest sleeps, and nothing wakes it,");
        append_place(text, &record->last);
        break;
    case END_ENDLESS:
        text_append(text, "The guest ran on and on without an end");
        break;
    case END_FAULT:
        text_append(text, "The guest stopped");
        append_place(text, &record->last);
        if (record->fault[0])
            text_append(text, ": %s", record->fault);
        break;
    }
    text_append(text, ".");
}

bool lesson_judge(const struct lesson *lesson, const struct lesson_record *record,
                  struct text *text) {
    for (size_t i = 0; i < lesson->step_count; i++) {
        const struct lesson_step *step = &lesson->steps[i];
        if (i == record->count) {
            append_end(record, text);
            append_step(text, "next", lesson, step);
            append_hint(text, step);
            return false;
        }
        if (!is_right(lesson, &record->deeds[i], step, text))
            return false;
    }
    if (record->end == END_BY_GUEST)
        return true;
    append_end(record, text);
    return false;
}
