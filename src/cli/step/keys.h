// SPDX-License-Identifier: MIT
//
// Keys, clicks and sizes, from the bytes that a terminal sends.

#ifndef CLI_STEP_KEYS_H
#define CLI_STEP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum key_kind {
    KEY_BYTE, // A character, or a control character.
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_CLICK, // At `row` and `column`, from 0 on.
    KEY_WHEEL_UP,
    KEY_WHEEL_DOWN,
    KEY_SIZE, // The terminal has `row` rows and `column` columns.
};

struct key {
    enum key_kind kind;
    uint8_t byte;
    unsigned row;
    unsigned column;
};

enum { KEY_PARAMETERS = 4 };

struct key_reader {
    enum { KEYS_BETWEEN, KEYS_ESCAPED, KEYS_INSIDE } state;
    char first; // The first byte of a sequence: '<' for one of the mouse.
    unsigned parameters[KEY_PARAMETERS];
    unsigned count;
};

// How many keys the byte completes, which are at `keys`: two when one follows the key Escape.
// Sequences that are not known are left out.
unsigned keys_read(struct key_reader *reader, uint8_t byte, struct key keys[2]);

// No byte follows for now: what looked like the beginning of a sequence was the key Escape.
bool keys_pause(struct key_reader *reader, struct key *key);

#endif // CLI_STEP_KEYS_H
