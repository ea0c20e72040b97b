// SPDX-License-Identifier: MIT
//
// The frames of gdb's remote protocol, without a connection: bytes become packets, and packets
// bytes. Whatever comes in, nothing here fails in another way than by leaving something out.

#ifndef GDB_PACKET_H
#define GDB_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MOST = 0x4000 };

enum packet_event {
    PACKET_NOTHING,   // Nothing is complete yet.
    PACKET_COMPLETE,  // `text` has one, which ends in a zero that is not counted.
    PACKET_BROKEN,    // It is to be sent again.
    PACKET_INTERRUPT, // Ctrl-C
};

struct packet_reader {
    enum { BETWEEN, INSIDE, FIRST_DIGIT, SECOND_DIGIT } state;
    bool escaped;
    bool too_long;
    uint8_t sum;
    uint8_t wanted;
    size_t size;
    char text[PACKET_MOST + 1];
};

enum packet_event packet_read(struct packet_reader *reader, uint8_t byte);

// A packet under construction. What goes beyond its end is left out.
struct packet {
    size_t size;
    char text[PACKET_MOST + 1];
};

void packet_put(struct packet *packet, const char *text);
void packet_put_hex(struct packet *packet, const void *bytes, size_t size);
// Without leading zeros.
void packet_put_number(struct packet *packet, uint64_t number);
// Bytes, escaped where they must be. How many found room.
size_t packet_put_binary(struct packet *packet, const void *bytes, size_t size);

// The whole frame, of this size. The buffer has PACKET_FRAME bytes of room.
enum { PACKET_FRAME = PACKET_MOST + 8 };
size_t packet_frame(const struct packet *packet, char *frame);

// --- Reading what is in one ---

int hex_digit(char digit); // Negative for another.

// The number at *text, which then is behind it. False when there is none, or it has no room.
bool take_number(const char **text, uint64_t *number);
bool take_word(const char **text, const char *word);

// Bytes from pairs of digits. False when there are fewer.
bool take_hex(const char **text, void *bytes, size_t size);

#endif // GDB_PACKET_H
