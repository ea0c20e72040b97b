// SPDX-License-Identifier: MIT
//
// Control sequences of ECMA-48: ESC [, parameters, a final byte. The mouse reports as xterm's mode
// 1006 has it, and sizes as xterm answers CSI 18 t.

#include "cli/step/keys.h"

static const uint8_t escape = 0x1b;

static bool plain(struct key *key, enum key_kind kind) {
    *key = (struct key){.kind = kind};
    return true;
}

// CSI < button ; column ; row M, with m when it is let go.
static bool read_mouse(const struct key_reader *reader, uint8_t last, struct key *key) {
    enum { LEFT = 0, WHEEL_UP = 64, WHEEL_DOWN = 65 };
    const unsigned button = reader->parameters[0];
    if (reader->count < 3 || last != 'M' || reader->parameters[1] == 0 ||
        reader->parameters[2] == 0)
        return false;
    *key = (struct key){.kind = button == WHEEL_UP     ? KEY_WHEEL_UP
                                : button == WHEEL_DOWN ? KEY_WHEEL_DOWN
                                                       : KEY_CLICK,
                        .row = reader->parameters[2] - 1,
                        .column = reader->parameters[1] - 1};
    return button == LEFT || button == WHEEL_UP || button == WHEEL_DOWN;
}

// CSI number ~
static bool read_numbered(unsigned number, struct key *key) {
    switch (number) {
    case 1:
    case 7:
        return plain(key, KEY_HOME);
    case 4:
    case 8:
        return plain(key, KEY_END);
    case 5:
        return plain(key, KEY_PAGE_UP);
    case 6:
        return plain(key, KEY_PAGE_DOWN);
    default:
        return false;
    }
}

static bool read_sequence(const struct key_reader *reader, uint8_t last, struct key *key) {
    enum { REPORT_OF_SIZE = 8 };
    if (reader->first == '<')
        return read_mouse(reader, last, key);
    switch (last) {
    case 'A':
        return plain(key, KEY_UP);
    case 'B':
        return plain(key, KEY_DOWN);
    case 'C':
        return plain(key, KEY_RIGHT);
    case 'D':
        return plain(key, KEY_LEFT);
    case 'H':
        return plain(key, KEY_HOME);
    case 'F':
        return plain(key, KEY_END);
    case '~':
        return read_numbered(reader->parameters[0], key);
    case 't':
        *key = (struct key){
            .kind = KEY_SIZE, .row = reader->parameters[1], .column = reader->parameters[2]};
        return reader->count >= 3 && reader->parameters[0] == REPORT_OF_SIZE;
    default:
        return false;
    }
}

static void add_digit(struct key_reader *reader, uint8_t digit) {
    unsigned *parameter = &reader->parameters[reader->count - 1];
    if (*parameter < 10000)
        *parameter = *parameter * 10 + (digit - '0');
}

// A byte inside of a sequence.
static bool read_inside(struct key_reader *reader, uint8_t byte, struct key *key) {
    if (byte >= '0' && byte <= '9') {
        add_digit(reader, byte);
        return false;
    }
    if (byte == ';') {
        reader->count += reader->count < KEY_PARAMETERS;
        return false;
    }
    if (byte >= '<' && byte <= '?') {
        reader->first = (char)byte;
        return false;
    }
    reader->state = KEYS_BETWEEN;
    return read_sequence(reader, byte, key);
}

unsigned keys_read(struct key_reader *reader, uint8_t byte, struct key keys[2]) {
    unsigned count = 0;
    if (reader->state == KEYS_INSIDE)
        return read_inside(reader, byte, keys);
    if (reader->state == KEYS_ESCAPED) {
        // ESC O comes from terminals whose arrows are in the application's mode.
        if (byte == '[' || byte == 'O') {
            *reader = (struct key_reader){.state = KEYS_INSIDE, .count = 1};
            return 0;
        }
        reader->state = KEYS_BETWEEN;
        count += plain(&keys[count], KEY_ESCAPE);
    }
    if (byte == escape) {
        reader->state = KEYS_ESCAPED;
        return count;
    }
    keys[count++] = (struct key){.kind = KEY_BYTE, .byte = byte};
    return count;
}

bool keys_pause(struct key_reader *reader, struct key *key) {
    if (reader->state != KEYS_ESCAPED)
        return false;
    reader->state = KEYS_BETWEEN;
    return plain(key, KEY_ESCAPE);
}
