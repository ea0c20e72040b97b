; Spins without an exit until three vectors were taken, and ends with them in RCX, the last one in
; its lowest byte.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ebx, ebx
    xor ecx, ecx
    done
    sti
.wait:
    cmp ebx, 3
    jne .wait
    done
on_vector:
    shl rcx, 8
    mov cl, al
    inc ebx
    iretq
    tables
