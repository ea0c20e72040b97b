; Events that come while the handler of one is at work: R15 counts the handlers begun, RBX those that
; ended. Two runs end in each handler.
%include "common.inc"
    bits 64
    org 0x10000
    load_tables
    xor ebx, ebx
    xor r15d, r15d
    sti
.again:
    done
    jmp .again
on_vector:
    inc r15d
    done
    done
    inc ebx
    iretq
    tables
