// SPDX-License-Identifier: MIT
//
// Terms with signs between them. A function's name wins over a register's.

#include "cli/step/address.h"

#include <stdio.h>
#include <string.h>

#include "cli/numbers.h"

static bool register_named(const zirconia_registers_t *registers, const char *name, uint64_t *out) {
    static const char *const names[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                          "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    const struct {
        const char *name;
        uint64_t value;
    } others[] = {{"rip", registers->rip},        {"cr2", registers->cr2},
                  {"cr3", registers->cr3},        {"gdtr", registers->gdtr.base},
                  {"idtr", registers->idtr.base}, {"tr", registers->tr.base}};
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = registers->general[i];
            return true;
        }
    }
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i].name) == 0) {
            *out = others[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_term(const struct model *model, const char *text, size_t length, uint64_t *out) {
    char term[SYMBOL_TEXT_SIZE];
    const struct symbol *symbol = symbols_named(model->symbols, text, length);
    if (symbol) {
        *out = symbol->address;
        return true;
    }
    if (length == 0 || length >= sizeof(term))
        return false;
    snprintf(term, sizeof(term), "%.*s", (int)length, text);
    return parse_number(term, out) || register_named(&model->now, term, out);
}

bool address_parse(const struct model *model, const char *text, uint64_t *out) {
    uint64_t sum = 0;
    bool minus = false;
    for (;;) {
        const size_t length = strcspn(text, "+-");
        uint64_t term = 0;
        if (!parse_term(model, text, length, &term))
            return false;
        sum += minus ? 0 - term : term;
        text += length;
        if (!*text)
            break;
        minus = *text++ == '-';
    }
    *out = sum;
    return true;
}
