// SPDX-License-Identifier: MIT
//
// Deeds in words.

#include "cli/deed.h"

#include <inttypes.h>

static const struct {
    const char *does;  // In what it should do.
    const char *did;   // In what it did.
    const char *place; // Before a number; "" when there is no place.
    bool carries;      // The deed carries a value.
} words[DEED_KIND_COUNT] = {
    [DEED_OUT] = {"write", "wrote", "port", true},
    [DEED_IN] = {"read", "read", "port", false},
    [DEED_STORE] = {"write", "wrote", "guest-physical", true},
    [DEED_LOAD] = {"read", "read", "guest-physical", false},
    [DEED_RING] = {"ring", "rang", "the bell at guest-physical", false},
    [DEED_MSR_WRITE] = {"write", "wrote", "MSR", true},
    [DEED_HALT] = {"halt", "halted", "", false},
    [DEED_WINDOW] = {"open its interrupt window", "opened its interrupt window", "", false},
    [DEED_INTERRUPT] = {"take interrupt", "took interrupt", "vector", false},
};

static bool is_memory(const struct deed *deed) {
    return deed->kind == DEED_STORE || deed->kind == DEED_LOAD;
}

bool deed_of_exit(const zirconia_exit_t *exit, struct deed *deed) {
    const uint64_t *qualification = exit->qualification;
    *deed = (struct deed){.where = qualification[0], .vcpu = exit->vcpu};
    switch (exit->kind) {
    case ZIRCONIA_EXIT_IO_INSTRUCTION:
        deed->kind = qualification[2] ? DEED_IN : DEED_OUT;
        deed->size = (uint8_t)qualification[1];
        return true;
    case ZIRCONIA_EXIT_EPT_VIOLATION:
        deed->kind = qualification[1] & 2 ? DEED_STORE : DEED_LOAD;
        return qualification[1] < 4;
    case ZIRCONIA_EXIT_WRMSR:
        deed->kind = DEED_MSR_WRITE;
        deed->value = qualification[1];
        return true;
    case ZIRCONIA_EXIT_HLT:
        deed->kind = DEED_HALT;
        return true;
    case ZIRCONIA_EXIT_INTERRUPT_WINDOW:
        deed->kind = DEED_WINDOW;
        return true;
    case ZIRCONIA_EXIT_INTERRUPT_INJECTED:
        deed->kind = DEED_INTERRUPT;
        return true;
    default:
        return false;
    }
}

static void append_bytes(struct text *text, unsigned size) {
    text_append(text, size == 1 ? "1 byte" : "%u bytes", size);
}

static void append_place(struct text *text, const struct deed *deed) {
    if (words[deed->kind].place[0])
        text_append(text, " %s 0x%" PRIx64, words[deed->kind].place, deed->where);
}

// The object of the verb: what, and where.
static void append_object(struct text *text, const struct deed *deed) {
    if (words[deed->kind].carries && !deed->any_value)
        text_append(text, " 0x%" PRIx64, deed->value);
    if (is_memory(deed) && deed->size != 0) {
        text_append(text, words[deed->kind].carries && !deed->any_value ? " as " : " ");
        append_bytes(text, deed->size);
    }
    if (words[deed->kind].carries)
        text_append(text, " to");
    else if (is_memory(deed) && deed->size != 0)
        text_append(text, " at");
    append_place(text, deed);
}

void deed_text(const struct deed *deed, struct text *text) {
    text_append(text, "%s", words[deed->kind].does);
    append_object(text, deed);
}

bool deed_difference(const struct deed *done, const struct deed *wanted, struct text *text) {
    const char *did = words[done->kind].did;
    const char *to = words[done->kind].carries ? " to" : "";
    if (done->kind != wanted->kind) {
        text_append(text, "%s", did);
        append_object(text, done);
        return true;
    }
    if (done->where != wanted->where) {
        text_append(text, "%s%s", did, to);
        append_place(text, done);
        text_append(text, ", not 0x%" PRIx64 ",", wanted->where);
        return true;
    }
    if (wanted->size != 0 && done->size != wanted->size) {
        text_append(text, "%s ", did);
        append_bytes(text, done->size);
        text_append(text, words[done->kind].carries ? " to" : " at");
        append_place(text, done);
        text_append(text, ", not %u,", wanted->size);
        return true;
    }
    if (words[done->kind].carries && !wanted->any_value && done->value != wanted->value) {
        text_append(text, "%s 0x%" PRIx64 "%s", did, done->value, to);
        append_place(text, done);
        text_append(text, ", not 0x%" PRIx64 ",", wanted->value);
        return true;
    }
    return false;
}
