// SPDX-License-Identifier: MIT
//
// Frames: $text#sum, with } before a byte that is then changed by 0x20.

#include "gdb/packet.h"

#include <string.h>

// --- Reading frames ---

int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

static void begin(struct packet_reader *reader) {
    reader->state = INSIDE;
    reader->escaped = false;
    reader->too_long = false;
    reader->sum = 0;
    reader->size = 0;
}

static void add(struct packet_reader *reader, uint8_t byte) {
    reader->sum = (uint8_t)(reader->sum + byte);
    if (byte == '}' && !reader->escaped) {
        reader->escaped = true;
        return;
    }
    if (reader->size == PACKET_MOST) {
        reader->too_long = true;
        return;
    }
    reader->text[reader->size++] = (char)(reader->escaped ? byte ^ 0x20 : byte);
    reader->escaped = false;
}

static enum packet_event end(struct packet_reader *reader, uint8_t byte) {
    const int high = hex_digit((char)reader->wanted);
    const int low = hex_digit((char)byte);
    reader->state = BETWEEN;
    reader->text[reader->size] = '\0';
    const bool right = high >= 0 && low >= 0 && (high << 4 | low) == reader->sum;
    return right && !reader->too_long ? PACKET_COMPLETE : PACKET_BROKEN;
}

enum packet_event packet_read(struct packet_reader *reader, uint8_t byte) {
    switch (reader->state) {
    case BETWEEN:
        if (byte == '$') {
            begin(reader);
        }
        return byte == 3 ? PACKET_INTERRUPT : PACKET_NOTHING;
    case INSIDE:
        if (byte == '#') {
            reader->state = FIRST_DIGIT;
        } else if (byte == '$') {
            begin(reader);
        } else {
            add(reader, byte);
        }
        return PACKET_NOTHING;
    case FIRST_DIGIT:
        reader->wanted = byte;
        reader->state = SECOND_DIGIT;
        return PACKET_NOTHING;
    case SECOND_DIGIT:
        return end(reader, byte);
    }
    return PACKET_NOTHING;
}

// --- Making packets ---

static const char digits[] = "0123456789abcdef";

static void put(struct packet *packet, char byte) {
    if (packet->size < PACKET_MOST) {
        packet->text[packet->size++] = byte;
        packet->text[packet->size] = '\0';
    }
}

void packet_put(struct packet *packet, const char *text) {
    for (; *text != '\0'; text++) {
        put(packet, *text);
    }
}

void packet_put_hex(struct packet *packet, const void *bytes, size_t size) {
    const uint8_t *next = bytes;
    for (size_t i = 0; i < size; i++) {
        put(packet, digits[next[i] >> 4]);
        put(packet, digits[next[i] & 15]);
    }
}

void packet_put_number(struct packet *packet, uint64_t number) {
    unsigned shift = 60;
    while (shift > 0 && number >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        put(packet, digits[number >> shift & 15]);
        if (shift == 0) {
            return;
        }
    }
}

static bool must_be_escaped(char byte) {
    return byte == '#' || byte == '$' || byte == '}' || byte == '*';
}

size_t packet_put_binary(struct packet *packet, const void *bytes, size_t size) {
    const char *next = bytes;
    for (size_t i = 0; i < size; i++) {
        const bool escaped = must_be_escaped(next[i]);
        if (packet->size + (escaped ? 2 : 1) > PACKET_MOST) {
            return i;
        }
        if (escaped) {
            put(packet, '}');
        }
        put(packet, (char)(escaped ? next[i] ^ 0x20 : next[i]));
    }
    return size;
}

size_t packet_frame(const struct packet *packet, char *frame) {
    uint8_t sum = 0;
    frame[0] = '$';
    for (size_t i = 0; i < packet->size; i++) {
        frame[i + 1] = packet->text[i];
        sum = (uint8_t)(sum + (uint8_t)packet->text[i]);
    }
    frame[packet->size + 1] = '#';
    frame[packet->size + 2] = digits[sum >> 4];
    frame[packet->size + 3] = digits[sum & 15];
    return packet->size + 4;
}

// --- Reading what is in one ---

bool take_number(const char **text, uint64_t *number) {
    const char *next = *text;
    *number = 0;
    for (int digit; (digit = hex_digit(*next)) >= 0; next++) {
        if (*number >> 60 != 0) {
            return false;
        }
        *number = *number << 4 | (unsigned)digit;
    }
    const bool any = next != *text;
    *text = next;
    return any;
}

bool take_word(const char **text, const char *word) {
    const size_t size = strlen(word);
    if (strncmp(*text, word, size) != 0) {
        return false;
    }
    *text += size;
    return true;
}

bool take_hex(const char **text, void *bytes, size_t size) {
    uint8_t *out = bytes;
    for (size_t i = 0; i < size; i++) {
        const int high = hex_digit((*text)[0]);
        const int low = high >= 0 ? hex_digit((*text)[1]) : -1;
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}
