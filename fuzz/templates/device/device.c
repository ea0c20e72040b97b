// SPDX-License-Identifier: MIT
//
// The device of the worked example: a transmitter, which collects the bytes of a message and sends
// it. It has a fault for the fuzzer to find. Your device's code takes the place of this file.

#include "device.h"

#include <string.h>

enum {
    CONTROL = 0x00, // Bit 0 turns the transmitter on.
    STATUS = 0x04,  // How many bytes are collected; cannot be written.
    DATA = 0x08,    // Each byte written is collected, as many as the access has.
    SEND = 0x10,    // Any write sends what is collected. Reads as the sum of the message's bytes.
};

static uint8_t message[16];
static uint32_t control, collected, sum;

void device_reset(void) {
    memset(message, 0, sizeof message);
    control = collected = sum = 0;
}

// The fault: this looks for room once, and not for each byte.
static void collect(uint64_t bytes, uint8_t count) {
    if (collected >= sizeof message) {
        return;
    }
    for (uint8_t i = 0; i < count; i++) {
        message[collected++] = (uint8_t)(bytes >> 8 * i);
    }
}

static void send_message(void) {
    sum = 0;
    for (uint32_t i = 0; i < collected; i++) {
        sum += message[i];
    }
    collected = 0;
}

uint64_t device_read(uint32_t offset, uint8_t size) {
    (void)size;
    switch (offset) {
    case CONTROL:
        return control;
    case STATUS:
        return collected;
    case SEND:
        return sum;
    default:
        return 0;
    }
}

void device_write(uint32_t offset, uint8_t size, uint64_t value) {
    if (offset == CONTROL) {
        control = value & 1;
    } else if (offset == DATA && control != 0) {
        collect(value, size);
    } else if (offset == SEND && control != 0) {
        send_message();
    }
}

// Port 0 tells the version; a write to port 1 resets the device.
uint32_t device_input(uint16_t offset, uint8_t size) {
    (void)size;
    return offset == 0 ? 1 : 0;
}

void device_output(uint16_t offset, uint8_t size, uint32_t value) {
    (void)size;
    (void)value;
    if (offset == 1) {
        device_reset();
    }
}
