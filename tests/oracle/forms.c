// SPDX-License-Identifier: MIT
//
// The expansion; see the header. The table is in table.inc.

#include "oracle/forms.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct row rows[] = {
#include "oracle/table.inc"
};

enum { MAX_FORMS = 16384, LOCK = 0xf0, REX = 0x40, REX_W = 8, REX_R = 4, REX_B = 1 };

static struct form forms[MAX_FORMS];
static size_t form_count;

// One choice of operands.
struct choice {
    unsigned width; // in bytes
    unsigned reg;
    unsigned rm;
    unsigned mod;          // 3: register; 0, 1, 2: [RBX], [RBX + 16], [RBX] with a SIB byte
    unsigned displacement; // of mod 1
    unsigned immediate;    // which
    unsigned plus;         // added to the opcode
    bool lock;
};

struct encoder {
    uint8_t *bytes;
    size_t size;
    const struct choice *choice;
    bool rex_done;
};

static void emit(struct encoder *encoder, unsigned byte) {
    ck_assert_uint_lt(encoder->size, FORM_SIZE);
    encoder->bytes[encoder->size++] = (uint8_t)byte;
}

static bool is_prefix(unsigned byte) {
    return byte == 0x66 || byte == 0xf2 || byte == 0xf3;
}

static void emit_rex(struct encoder *encoder, const struct row *row) {
    const struct choice *choice = encoder->choice;
    const bool reg = strstr(row->encoding, "/r") != NULL;
    unsigned rex = choice->width == 8 ? REX_W : 0;
    rex |= reg && choice->reg >= 8 ? REX_R : 0;
    rex |= choice->rm >= 8 || choice->plus >= 8 ? REX_B : 0;
    // A byte register of 6 or 7 is SIL or DIL; 4 and 5 stay AH and CH.
    const bool low = choice->width == 1 && choice->mod == 3 && (choice->rm & 6) == 6;
    if (!row->legacy && (rex != 0 || low)) {
        emit(encoder, REX | rex);
    }
    encoder->rex_done = true;
}

static void emit_opcode(struct encoder *encoder, const struct row *row, const char *token) {
    const unsigned byte = (unsigned)strtoul(token, NULL, 16);
    if (!encoder->rex_done && !is_prefix(byte)) {
        if (encoder->choice->width == 2) {
            emit(encoder, 0x66);
        }
        emit_rex(encoder, row);
    }
    const bool plus = strchr(token, '+') != NULL;
    emit(encoder, byte + (plus ? encoder->choice->plus & 7 : 0));
}

static void emit_modrm(struct encoder *encoder, const char *token) {
    const struct choice *choice = encoder->choice;
    const unsigned reg = token[1] == 'r' ? choice->reg & 7 : (unsigned)(token[1] - '0');
    if (choice->mod == 2) {
        emit(encoder, reg << 3 | 4);
        emit(encoder, 0x23);
        return;
    }
    emit(encoder, choice->mod << 6 | reg << 3 | (choice->rm & 7));
    if (choice->mod == 1) {
        emit(encoder, choice->displacement);
    }
}

static const uint8_t immediates[] = {
    0x11, 0x83, 0x00, 0x01, 0x1b, 0xff, 0x4e, 0x07, 0x0c, 0x18, 0x2c, 0x3f, 0x40, 0x44, 0x55, 0x5d,
    0x6a, 0x72, 0x79, 0x02, 0x03, 0x04, 0x08, 0x09, 0x0a, 0x0d, 0x10, 0x20, 0x30, 0x38, 0x61, 0x7f};

static void emit_immediate(struct encoder *encoder, const char *token) {
    const unsigned first = immediates[encoder->choice->immediate];
    const size_t wide = encoder->choice->width == 2 ? 2 : 4;
    const size_t size = token[1] == 'b' ? 1 : token[1] == 'w' ? 2 : wide;
    for (size_t i = 0; i < size; i++) {
        emit(encoder, i == 0 ? first : first ^ (unsigned)(i * 0x35));
    }
}

static void emit_token(struct encoder *encoder, const struct row *row, const char *token) {
    if (token[0] == '/') {
        emit_modrm(encoder, token);
    } else if (token[0] == 'i') {
        emit_immediate(encoder, token);
    } else if (strcmp(token, "skip") == 0) {
        emit(encoder, 0xb5); // mov ch, 0x5a
        emit(encoder, 0x5a);
    } else {
        emit_opcode(encoder, row, token);
    }
}

static size_t encode(const struct row *row, const char *encoding, const struct choice *choice,
                     uint8_t *bytes) {
    struct encoder encoder = {.bytes = bytes, .choice = choice};
    char text[64];
    char *rest = NULL;
    ck_assert_uint_lt(strlen(encoding), sizeof text);
    memcpy(text, encoding, strlen(encoding) + 1);
    if (choice->lock) {
        emit(&encoder, LOCK);
    }
    for (char *token = strtok_r(text, " ", &rest); token; token = strtok_r(NULL, " ", &rest)) {
        emit_token(&encoder, row, token);
    }
    return encoder.size;
}

static void add_form(const struct row *row, const struct choice *choice) {
    ck_assert_uint_lt(form_count, MAX_FORMS);
    struct form *form = &forms[form_count++];
    const char *host_encoding = row->means != NULL ? row->means : row->encoding;
    form->row = row;
    form->size = (uint8_t)encode(row, row->encoding, choice, form->bytes);
    form->host_size = (uint8_t)encode(row, host_encoding, choice, form->host_bytes);
    form->width = (uint8_t)choice->width;
    form->immediate = immediates[choice->immediate];
    form->memory = choice->mod != 3;
    form->beyond = row->file == MMX && choice->reg >= 8 && strstr(row->encoding, "0F 3") != NULL;
    form->displacement = (uint8_t)(choice->mod == 1 ? choice->displacement : 0);
}

static void add_immediates(const struct row *row, struct choice choice) {
    const bool immediate = strstr(row->encoding, " i") != NULL;
    const unsigned count = !immediate ? 1 : row->immediates != 0 ? row->immediates : 2;
    for (choice.immediate = 0; choice.immediate < count; choice.immediate++) {
        add_form(row, &choice);
    }
}

static void add_locked(const struct row *row, struct choice choice) {
    choice.lock = true;
    add_form(row, &choice);
}

static void add_registers(const struct row *row, struct choice choice) {
    static const unsigned pairs[][2] = {{1, 2}, {0, 0}, {9, 10}, {4, 5}, {8, 7}};
    const unsigned registers = row->legacy || row->file == MMX ? 2 : row->file == XMM ? 3 : 5;
    choice.mod = 3;
    for (unsigned i = 0; i < registers; i++) {
        choice.reg = pairs[i][0];
        choice.rm = pairs[i][1];
        add_immediates(row, choice);
    }
    choice.reg = pairs[0][0];
    choice.rm = pairs[0][1];
    add_locked(row, choice);
}

static void add_memory(const struct row *row, struct choice choice) {
    choice.rm = 3;
    for (choice.mod = 0; choice.mod < 3; choice.mod++) {
        choice.displacement = 16;
        choice.reg = choice.mod == 1 && !row->legacy ? 10 : 1;
        add_immediates(row, choice);
    }
    choice.mod = 0;
    choice.reg = 1;
    add_locked(row, choice);
    if (row->file == XMM) {
        choice.mod = 1;
        choice.displacement = 4;
        add_form(row, &choice);
    }
}

// Without ModRM; a register may be in the opcode.
static void add_plain(const struct row *row, struct choice choice) {
    const bool general = strstr(row->encoding, "+r") != NULL;
    const bool stack = strstr(row->encoding, "+i") != NULL;
    const unsigned count = stack || (general && row->legacy) ? 8 : general ? 16 : 1;
    choice.mod = 3;
    for (choice.plus = 0; choice.plus < count; choice.plus++) {
        add_immediates(row, choice);
    }
    choice.plus = 0;
    add_locked(row, choice);
}

static void add_row(const struct row *row) {
    static const uint8_t sizes[] = {0, 1, 2, 4, 8};
    for (unsigned i = 0; i < sizeof sizes; i++) {
        const struct choice choice = {.width = sizes[i]};
        if ((row->widths >> i & 1) == 0) {
            continue;
        }
        if ((row->operands & REG) != 0) {
            add_registers(row, choice);
        }
        if ((row->operands & MEM) != 0) {
            add_memory(row, choice);
        }
        if (row->operands == 0) {
            add_plain(row, choice);
        }
    }
}

struct form *forms_make(size_t *count) {
    form_count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        add_row(&rows[i]);
    }
    *count = form_count;
    return forms;
}
