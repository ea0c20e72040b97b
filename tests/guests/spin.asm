; Counts in RBX and at 0x20000 until the client stores something at 0x20008.
%include "common.inc"
    bits 64
    org 0x10000
again:
    inc rbx
    mov [0x20000], rbx
    cmp qword [0x20008], 0
    je again
    done
