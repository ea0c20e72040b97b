; OUT to port 0x11 again and again: each run ends in a packet.
%include "common.inc"
    bits 64
    org 0x10000
.again:
    out 0x11, al
    jmp .again
