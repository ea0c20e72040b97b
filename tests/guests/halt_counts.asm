; Halts with interrupts off, counts in RBX what woke it, and ends, for ever.
%include "common.inc"
    bits 64
    org 0x10000
again:
    hlt
    inc rbx
    done
    jmp again
